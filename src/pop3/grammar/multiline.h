// Multi-line responses (RFC 1939 3): dot-stuffing as octets stream by, and where TOP's n lines end.
//
// Both work on chunks as they come from the store, at the speed of memchr, and copy nothing.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pop3 {

// Doubles each dot at the beginning of a line. A line begins behind every LF, a bare one included: a
// client that ends lines there must not take ".", CR, LF out of a message for its end.
class DotStuffer {
  public:
    // Calls put(view) for pieces of `octets` and for dots, in their order.
    template <class Put>
    void feed(std::string_view octets, Put&& put) {
        if (octets.empty()) {
            return;
        }
        if (line_start_ && octets.front() == '.') {
            put(std::string_view("."));
        }
        std::size_t written = 0;
        // Dots are rarer than line ends: base64 has none.
        for (std::size_t dot = octets.find('.', 1); dot != std::string_view::npos;
             dot = octets.find('.', dot + 1)) {
            if (octets[dot - 1] == '\n') {
                put(octets.substr(written, dot - written));
                put(std::string_view("."));
                written = dot;
            }
        }
        put(octets.substr(written));
        remember_end(octets);
    }

    // What ends the response: the final dot on a line of its own, also behind a message without a last
    // line end.
    [[nodiscard]] std::string_view end() const { return line_ended_ ? ".\r\n" : "\r\n.\r\n"; }

  private:
    void remember_end(std::string_view octets) {
        line_start_ = octets.back() == '\n';
        const bool cr_before = octets.size() > 1 ? octets[octets.size() - 2] == '\r' : last_was_cr_;
        line_ended_ = line_start_ && cr_before;
        last_was_cr_ = octets.back() == '\r';
    }

    bool line_start_ = true;
    bool line_ended_ = true;  // by CRLF, or nothing came yet
    bool last_was_cr_ = false;
};

// Finds the end of what TOP sends: the header, the empty line, and so many lines of the body.
class TopCutter {
  public:
    explicit TopCutter(std::uint32_t body_lines) : lines_left_(body_lines) {}

    // How many of these octets, which follow those of the calls before, belong to it. Fewer than all:
    // it is complete.
    [[nodiscard]] std::size_t feed(std::string_view octets);

    [[nodiscard]] bool done() const { return in_body_ && lines_left_ == 0; }

  private:
    // What stands between line ends: nothing, nothing but a CR, or more.
    enum class LineSoFar { kEmpty, kCr, kText };

    void end_line();
    void add_to_line(std::string_view text);

    std::uint32_t lines_left_;
    bool in_body_ = false;
    LineSoFar line_ = LineSoFar::kEmpty;
};

}  // namespace pop3
