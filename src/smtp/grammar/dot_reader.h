// The message as it crosses the wire: RFC 5321 4.5.2 transparency and 4.1.1.4's end of data, and the
// line discipline of both DATA and BDAT. Streaming: input may be cut anywhere.
//
// Only CRLF.CRLF ends the data. A bare CR or LF never ends a line, so nothing behind one is ever taken
// for a command ("SMTP smuggling").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace smtp {

// Where the message ends: at the dot (DATA), or where the counted octets do (BDAT).
enum class Framing { kDot, kCounted };

enum class BareNewlines {
    kReport,  // pass them on and say so: the message is going to be refused
    kMend,    // a bare LF becomes CRLF, a bare CR a space
    kKeep,    // BINARYMIME: octets are octets
};

class DotReader {
  public:
    DotReader(Framing framing, BareNewlines bare) : framing_(framing), bare_(bare) {}

    // Takes octets off the wire and appends the message's own to `output`. Returns how many it took:
    // all of them, except behind the final dot.
    std::size_t feed(std::string_view input, std::string& output);
    // With counted framing: no more octets come. Ends the last line with CRLF where the sender did not
    // (never with kKeep), so that what is stored consists of lines.
    void finish(std::string& output);

    // The final dot has come.
    [[nodiscard]] bool done() const { return state_ == State::kDone; }

    [[nodiscard]] bool saw_bare_newline() const { return saw_bare_newline_; }

    // Octets of the longest line so far, its end not counted.
    [[nodiscard]] std::uint64_t longest_line() const { return longest_line_; }

  private:
    enum class State {
        kLineStart,  // behind CRLF, or at the very beginning
        kDot,        // behind a dot at the start of a line: it is never part of the message
        kDotCr,      // ... and CR
        kText,       // within a line
        kCr,         // within a line, behind CR
        kDone,
    };

    void take_text(std::string_view input,
                   std::size_t& at,
                   std::size_t& newline,
                   std::string& output);
    void take_bare(char c, std::string& output);
    void end_line();

    void count(std::size_t octets) { line_octets_ += octets; }

    Framing framing_;
    BareNewlines bare_;
    State state_ = State::kLineStart;
    bool saw_bare_newline_ = false;
    std::uint64_t line_octets_ = 0;
    std::uint64_t longest_line_ = 0;
};

}  // namespace smtp
