// Quoted-printable, RFC 2045 section 6.7: the part of transfer.h that reads and writes it.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "mime/transfer.h"

namespace mime {
namespace {

// White space at the end of a line is dropped, this much of it: so much is held back at most.
constexpr std::size_t kTrailingMax = 998;
constexpr std::size_t kLineMax = 76;

int hex_value(char c) {
    if (base::is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// How many octets at the end of `text` are white space, counted up to the limit.
std::size_t trailing_space(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && count < kTrailingMax &&
           base::is_space(text[text.size() - 1 - count])) {
        ++count;
    }
    return count;
}

// How many octets at the end of `text` a later piece may turn into the end of a line.
std::size_t undecided_tail(std::string_view text) {
    const std::size_t cr = text.ends_with('\r') ? 1 : 0;
    return cr + trailing_space(text.substr(0, text.size() - cr));
}

}  // namespace

// What stands behind "=" in `text`: a soft line break, an octet or damage. Returns how many octets are
// used up, "=" included; none when `text` ends too early to tell and more may come.
std::size_t TransferDecoder::quoted_printable_escape(std::string_view text,
                                                     bool last,
                                                     std::string& out) {
    std::size_t at = 1;
    while (at < text.size() && at <= kTrailingMax && base::is_space(text[at])) {
        ++at;
    }
    const std::size_t line_end = at + (at < text.size() && text[at] == '\r' ? 1 : 0);
    if (line_end < text.size() && text[line_end] == '\n') {
        return line_end + 1;
    }
    if (line_end == text.size()) {
        return last ? text.size() : 0;  // "=" ends the text: a soft line break, cut short
    }
    if (text.size() >= 2 && hex_value(text[1]) >= 0) {
        if (text.size() == 2 && !last) {
            return 0;
        }
        if (text.size() > 2 && hex_value(text[2]) >= 0) {
            out += static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]));
            return 3;
        }
    }
    ++damage_;
    out += '=';
    return 1;
}

// quoted-printable := qp-line *(CRLF qp-line)      RFC 2045 6.7
// Returns how much of `text` was decoded; the rest waits for what follows it.
std::size_t TransferDecoder::decode_quoted_printable(std::string_view text,
                                                     bool last,
                                                     std::string& out) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t lf = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, lf - at);
        while (true) {
            const std::size_t equals = line.find('=');
            if (equals == std::string_view::npos) {
                break;
            }
            out += line.substr(0, equals);
            at += equals;
            const std::size_t used = quoted_printable_escape(text.substr(at), last, out);
            if (used == 0) {
                return at;
            }
            at += used;
            if (at > lf) {
                break;
            }
            line = text.substr(at, lf - at);
        }
        if (at > lf) {
            continue;  // behind a soft line break
        }
        if (lf == text.size()) {
            const std::size_t tail = undecided_tail(line);
            out += line.substr(0, line.size() - tail);
            return lf - tail;
        }
        const bool crlf = line.ends_with('\r');
        line.remove_suffix(crlf ? 1 : 0);
        line.remove_suffix(trailing_space(line));
        out += line;
        out += crlf ? "\r\n" : "\n";
        at = lf + 1;
    }
    return at;
}

void TransferDecoder::feed_quoted_printable(std::string_view text, std::string& out) {
    if (held_.empty()) {
        held_ = text.substr(decode_quoted_printable(text, false, out));
        return;
    }
    held_ += text;
    held_.erase(0, decode_quoted_printable(held_, false, out));
}

void TransferDecoder::finish_quoted_printable(std::string& out) {
    std::string_view rest = held_;
    rest.remove_prefix(decode_quoted_printable(rest, true, out));
    if (rest.ends_with('\r')) {
        out += rest;  // no line end after all
    }
    held_.clear();
}

void TransferEncoder::quoted_printable_put(std::string_view characters, std::string& out) {
    // The last place of a line is kept for "=", and two more for "From " at its begin.
    if (line_.size() + characters.size() > kLineMax - 1 - (line_.starts_with('F') ? 2 : 0)) {
        line_ += '=';
        quoted_printable_end_line(out);
    }
    line_ += characters;
}

// A dot alone ends a message in SMTP and "From " begins one in an mbox; both are written otherwise.
void TransferEncoder::quoted_printable_end_line(std::string& out) {
    std::string_view line = line_;
    if (line.starts_with("From ")) {
        out += "=46";
        line.remove_prefix(1);
    } else if (line == ".") {
        out += "=2E";
        line.remove_prefix(1);
    }
    out += line;
    out += "\r\n";
    line_.clear();
}

void TransferEncoder::quoted_printable_octet(char octet, std::string& out) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(octet);
    if (value > 0x20 && value < 0x7f && octet != '=') {
        quoted_printable_put({&octet, 1}, out);
    } else {
        const std::array<char, 3> escape = {'=', kHex[value >> 4U], kHex[value & 15U]};
        quoted_printable_put({escape.data(), escape.size()}, out);
    }
}

void TransferEncoder::feed_quoted_printable(std::string_view octets, std::string& out) {
    for (const char octet : octets) {
        if (octet == '\n' && held_ == "\r") {
            held_.clear();
            quoted_printable_flush_space(true, out);
            quoted_printable_end_line(out);
            continue;
        }
        if (!held_.empty()) {
            held_.clear();
            quoted_printable_flush_space(false, out);
            quoted_printable_octet('\r', out);
        }
        if (octet == '\r') {
            held_ = "\r";
        } else if (base::is_space(octet)) {
            quoted_printable_flush_space(false, out);
            space_ = octet;
        } else {
            quoted_printable_flush_space(false, out);
            quoted_printable_octet(octet, out);
        }
    }
}

// White space stands for itself, except at the end of a line.
void TransferEncoder::quoted_printable_flush_space(bool at_line_end, std::string& out) {
    if (space_ == '\0') {
        return;
    }
    if (at_line_end) {
        quoted_printable_octet(space_, out);
    } else {
        quoted_printable_put({&space_, 1}, out);
    }
    space_ = '\0';
}

void TransferEncoder::finish_quoted_printable(std::string& out) {
    if (!held_.empty()) {
        held_.clear();
        quoted_printable_flush_space(false, out);
        quoted_printable_octet('\r', out);
    }
    quoted_printable_flush_space(true, out);
    if (!line_.empty()) {
        quoted_printable_end_line(out);
        out.resize(out.size() - 2);
    }
}

}  // namespace mime
