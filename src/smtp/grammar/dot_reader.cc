#include "smtp/grammar/dot_reader.h"

#include <algorithm>

namespace smtp {

std::size_t DotReader::feed(std::string_view input, std::string& output) {
    if (bare_ == BareNewlines::kKeep && framing_ == Framing::kCounted) {
        output += input;
        return input.size();
    }
    std::size_t at = 0;
    std::size_t newline = input.find('\n');
    while (at < input.size() && state_ != State::kDone) {
        const char c = input[at];
        switch (state_) {
            case State::kLineStart:
                if (c == '.' && framing_ == Framing::kDot) {
                    state_ = State::kDot;
                    ++at;
                } else {
                    state_ = State::kText;
                }
                break;
            case State::kDot:
                state_ = c == '\r' ? State::kDotCr : State::kText;
                at += c == '\r' ? 1 : 0;
                break;
            case State::kDotCr:
                if (c == '\n') {
                    state_ = State::kDone;
                    ++at;
                } else {
                    take_bare('\r', output);
                }
                break;
            case State::kCr:
                if (c == '\n') {
                    output += "\r\n";
                    end_line();
                    ++at;
                } else {
                    take_bare('\r', output);
                }
                break;
            case State::kText:
                take_text(input, at, newline, output);
                break;
            case State::kDone:
                break;
        }
    }
    return at;
}

// Copies whole runs of well-formed lines at once and stops where something else than text has to be
// decided. `newline` is the place of the next LF, looked for once a line even when CRs abound: else a
// stranger's line of CRs would cost quadratic time.
void DotReader::take_text(std::string_view input,
                          std::size_t& at,
                          std::size_t& newline,
                          std::string& output) {
    const std::size_t run = at;
    while (true) {
        if (newline < at) {
            newline = input.find('\n', at);
        }
        newline = std::min(newline, input.size());
        const std::size_t cr = input.substr(0, newline).find('\r', at);
        if (cr != std::string_view::npos && cr + 1 == newline && newline < input.size()) {
            count(cr - at);
            end_line();
            at = newline + 1;
            if (at < input.size() && input[at] != '.') {
                continue;
            }
            output += input.substr(run, at - run);
            return;
        }
        const std::size_t stop = std::min(cr, newline);
        count(stop - at);
        output += input.substr(run, stop - run);
        at = stop;
        if (stop == input.size()) {
            state_ = State::kText;
        } else if (cr == std::string_view::npos) {
            take_bare('\n', output);
            ++at;
        } else {
            state_ = State::kCr;
            ++at;
        }
        return;
    }
}

// A CR or LF that stands alone: text, whatever the policy makes of it. What follows is not the start of
// a line, or "LF . CRLF" would end the data.
void DotReader::take_bare(char c, std::string& output) {
    saw_bare_newline_ = true;
    state_ = State::kText;
    if (bare_ == BareNewlines::kMend && c == '\r') {
        c = ' ';
    }
    if (bare_ == BareNewlines::kMend && c == '\n') {
        output += "\r\n";
        end_line();
        state_ = State::kText;
        return;
    }
    output += c;
    count(1);
}

void DotReader::end_line() {
    longest_line_ = std::max(longest_line_, line_octets_);
    line_octets_ = 0;
    state_ = State::kLineStart;
}

void DotReader::finish(std::string& output) {
    if (bare_ == BareNewlines::kKeep) {
        return;
    }
    if (state_ == State::kCr) {
        take_bare('\r', output);
    }
    if (state_ == State::kText && line_octets_ > 0) {
        output += "\r\n";
        end_line();
    }
    longest_line_ = std::max(longest_line_, line_octets_);
}

}  // namespace smtp
