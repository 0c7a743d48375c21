#include "mime/quoted_printable.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.h"
#include "mime/octets16.h"

namespace mime::quoted_printable {
namespace {

constexpr std::uint8_t kNoHex = 0xff;

constexpr std::array<std::uint8_t, 256> make_hex_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNoHex);
    for (std::uint8_t i = 0; i < 16; ++i) {
        values[static_cast<unsigned char>("0123456789ABCDEF"[i])] = i;
        values[static_cast<unsigned char>("0123456789abcdef"[i])] = i;
    }
    return values;
}

constexpr auto kHexValues = make_hex_values();

std::uint8_t hex(char c) {
    return kHexValues[static_cast<unsigned char>(c)];
}

// Octets that stand for themselves wherever they stand in a line; space does, except at its end.
bool is_plain(char c) {
    return c >= ' ' && c <= '~' && c != '=';
}

Octets16 equals_or_lf(Octets16 octets) {
    return equal16(octets, '=') | equal16(octets, '\n');
}

Octets16 not_plain(Octets16 octets) {
    return mask16(octets < ' ') | mask16(octets > '~') | equal16(octets, '=');
}

// How far a function came, in its input and in its output. By value: a pointer to octets that is
// reached through a reference might point to itself, for all the compiler knows.
struct Progress {
    std::size_t at;
    char* to;
};

// Copies octets of `text` from `at` on up to the next "=" or LF. `to` has room for sixteen more.
Progress copy_literal(std::string_view text, std::size_t at, char* to) {
    while (text.size() - at >= kOctets16) {
        const Octets16 octets = load16(text.data() + at);
        store16(to, octets);
        const Octets16 stops = equals_or_lf(octets);
        if (any16(stops)) {
            const std::size_t clean = first16(stops);
            return {at + clean, to + clean};
        }
        at += kOctets16;
        to += kOctets16;
    }
    while (at < text.size() && text[at] != '=' && text[at] != '\n') {
        *to++ = text[at++];
    }
    return {at, to};
}

// How many octets from `at` on, at most `limit`, stand for themselves.
std::size_t plain_run(std::string_view text, std::size_t at, std::size_t limit) {
    const std::size_t end = std::min(text.size(), at + limit);
    std::size_t i = at;
    while (end - i >= kOctets16) {
        const Octets16 stops = not_plain(load16(text.data() + i));
        if (any16(stops)) {
            return i + first16(stops) - at;
        }
        i += kOctets16;
    }
    while (i < end && is_plain(text[i])) {
        ++i;
    }
    return i - at;
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

// What stands behind "=" at `at`: a soft line break, an octet or damage. No progress when `text`
// ends too early to tell and more may come.
Progress escape(std::string_view text, std::size_t at, char* to, bool last, std::uint64_t& damage) {
    const std::string_view behind = text.substr(at + 1);
    std::size_t space = 0;
    while (space < behind.size() && space < kTrailingMax && base::is_space(behind[space])) {
        ++space;
    }
    const std::size_t cr = space < behind.size() && behind[space] == '\r' ? 1 : 0;
    if (space + cr == behind.size()) {
        return {last ? text.size() : at, to};  // a soft line break, cut short
    }
    if (behind[space + cr] == '\n') {
        return {at + 1 + space + cr + 1, to};
    }
    if (behind.size() == 1 && hex(behind[0]) != kNoHex && !last) {
        return {at, to};
    }
    ++damage;
    *to++ = '=';
    return {at + 1, to};
}

// Escapes one behind the other: most of what text outside of Latin scripts is.
Progress hex_pairs(std::string_view text, std::size_t at, char* to) {
    while (text.size() - at >= 3 && text[at] == '=') {
        const std::uint8_t high = hex(text[at + 1]);
        const std::uint8_t low = hex(text[at + 2]);
        if ((high | low) == kNoHex) {
            break;
        }
        *to++ = static_cast<char>(high << 4U | low);
        at += 3;
    }
    return {at, to};
}

// The LF at `lf` ends a line whose last literal octets stand in `run`; all of them are at `to`
// already.
char* end_line(std::string_view run, char* to) {
    const bool crlf = run.ends_with('\r');
    run.remove_suffix(crlf ? 1 : 0);
    to -= (crlf ? 1U : 0U) + trailing_space(run);
    if (crlf) {
        *to++ = '\r';
    }
    *to++ = '\n';
    return to;
}

// quoted-printable := qp-line *(CRLF qp-line)      RFC 2045 6.7
Progress decode_to(std::string_view text, char* to, bool last, std::uint64_t& damage) {
    Progress now{0, to};
    std::size_t run = 0;  // where the literal octets before now.at begin
    while (true) {
        now = copy_literal(text, now.at, now.to);
        if (now.at == text.size()) {
            break;
        }
        if (text[now.at] == '\n') {
            now.to = end_line(text.substr(run, now.at - run), now.to);
            run = ++now.at;
            continue;
        }
        const std::size_t equals = now.at;
        now = hex_pairs(text, equals, now.to);
        if (now.at == equals) {
            now = escape(text, equals, now.to, last, damage);
        }
        if (now.at == equals) {
            return now;
        }
        run = now.at;
    }
    const std::string_view literal = text.substr(run);
    const std::size_t cr = literal.ends_with('\r') ? 1 : 0;
    const std::size_t space = trailing_space(literal.substr(0, literal.size() - cr));
    if (last) {
        // At the very end white space is dropped, and a CR is no part of a line end.
        return {now.at, now.to - (cr == 0 ? space : 0)};
    }
    return {now.at - space - cr, now.to - space - cr};
}

// The characters of one line after the other.
class LineWriter {
  public:
    LineWriter(char* to, std::size_t column) : to_(to), column_(column) {}

    [[nodiscard]] char* end() const { return to_; }

    [[nodiscard]] std::size_t column() const { return column_; }

    // One place is kept for the "=" of a soft line break.
    [[nodiscard]] std::size_t room() const { return kLineMax - 1 - column_; }

    void literal(const char* from, std::size_t count) {
        std::memcpy(to_, from, count);
        to_ += count;
        column_ += count;
    }

    void escaped(char octet) {
        constexpr const char* kHex = "0123456789ABCDEF";
        const auto value = static_cast<unsigned char>(octet);
        if (room() < 3) {
            soft_break();
        }
        char* const to = to_;
        to[0] = '=';
        to[1] = kHex[value >> 4U];
        to[2] = kHex[value & 15U];
        to_ = to + 3;
        column_ += 3;
    }

    void soft_break() {
        *to_++ = '=';
        hard_break();
    }

    void hard_break() {
        *to_++ = '\r';
        *to_++ = '\n';
        column_ = 0;
    }

  private:
    char* to_;
    std::size_t column_;
};

// True whatever stands before and behind `c`.
bool must_escape(char c) {
    return !is_plain(c) && c != '\t' && c != '\r';
}

// What may not begin a line: a dot ends a message in SMTP, "From " begins one in an mbox.
bool is_bad_start(std::string_view rest) {
    return rest.starts_with('.') || rest.starts_with("From ");
}

// True when `text` ends before it is known what its first octets are: the end of a line or not,
// "From " or not.
bool is_open(std::string_view rest, bool line_start) {
    constexpr std::string_view kFrom = "From ";
    const std::string_view behind = rest.substr(base::is_space(rest.front()) ? 1 : 0);
    return behind.empty() || behind == "\r" ||
           (line_start && rest.size() < kFrom.size() && kFrom.starts_with(rest));
}

std::size_t encode_to(std::string_view octets, bool last, LineWriter& line) {
    std::size_t at = 0;
    while (at < octets.size()) {
        const std::string_view rest = octets.substr(at);
        const char c = rest.front();
        if (must_escape(c)) {
            line.escaped(c);
            ++at;
            continue;
        }
        if (rest.size() < 5 && !last && is_open(rest, line.column() == 0 || line.room() == 0)) {
            break;
        }
        if (rest.starts_with("\r\n")) {
            line.hard_break();
            at += 2;
            continue;
        }
        if (line.room() == 0) {
            line.soft_break();
        }
        if (line.column() == 0 && is_bad_start(rest)) {
            line.escaped(c);
            ++at;
            continue;
        }
        std::size_t run = plain_run(octets, at, line.room());
        // White space is decided upon by what stands behind it.
        const std::size_t next = at + run;
        if (run > 0 && octets[next - 1] == ' ' && (next == octets.size() || octets[next] == '\r')) {
            --run;
        }
        if (run > 0) {
            line.literal(octets.data() + at, run);
        } else if (base::is_space(c) && rest.size() > 1 && rest.substr(1, 2) != "\r\n") {
            line.literal(&c, 1);
            run = 1;
        } else {
            line.escaped(c);
            run = 1;
        }
        at += run;
    }
    return at;
}

}  // namespace

std::size_t decode(std::string_view text, bool last, std::uint64_t& damage, std::string& out) {
    const std::size_t before = out.size();
    std::size_t done = 0;
    out.resize_and_overwrite(before + text.size() + kOctets16, [&](char* to, std::size_t /*size*/) {
        const Progress end = decode_to(text, to + before, last, damage);
        done = end.at;
        return static_cast<std::size_t>(end.to - to);
    });
    return done;
}

std::size_t encode(std::string_view octets, bool last, std::size_t& column, std::string& out) {
    // In blocks: at worst each octet becomes three characters, and each line three more.
    constexpr std::size_t kBlock = 16UL * 1024;
    std::size_t done = 0;
    while (done < octets.size()) {
        const std::string_view block = octets.substr(done, kBlock);
        const bool is_last = last && done + block.size() == octets.size();
        const std::size_t before = out.size();
        const std::size_t room = before + block.size() * 3 + block.size() / 8 + kOctets16;
        std::size_t used = 0;
        out.resize_and_overwrite(room, [&](char* to, std::size_t /*size*/) {
            LineWriter line(to + before, column);
            used = encode_to(block, is_last, line);
            column = line.column();
            return static_cast<std::size_t>(line.end() - to);
        });
        done += used;
        if (used == 0) {
            break;
        }
    }
    return done;
}

}  // namespace mime::quoted_printable
