#include "imap/grammar/mailbox_name.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/writer.h"
#include "mime/utf8.h"

namespace imap {
namespace {

using base::Errc;
using base::Result;

// Base64 with "," for "/" (RFC 3501 5.1.3).
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool is_printable(char c) {
    return c >= 0x20 && c <= 0x7e;
}

std::optional<unsigned> value_of(char c) {
    const std::size_t at = kAlphabet.find(c);
    return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(at));
}

// UTF-16 units, one after another, into characters.
class Utf16Reader {
  public:
    // False: a surrogate without its other half.
    bool add(std::uint32_t unit, std::string& out) {
        const bool is_low = unit >= 0xdc00 && unit < 0xe000;
        if (is_low != (high_ != 0)) {
            return false;
        }
        if (unit >= 0xd800 && unit < 0xdc00) {
            high_ = unit;
            return true;
        }
        const std::uint32_t character =
            is_low ? 0x10000 + ((high_ - 0xd800) << 10U) + (unit - 0xdc00) : unit;
        high_ = 0;
        mime::append_utf8(out, character);
        return true;
    }

    [[nodiscard]] bool is_whole() const { return high_ == 0; }

  private:
    std::uint32_t high_ = 0;
};

// The base64 between "&" and "-". What is left behind the last unit must be fewer than six bits, all
// zero: another spelling of the same name would make two mailboxes of one.
bool decode_shifted(std::string_view text, std::string& out) {
    Utf16Reader units;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto value = value_of(c);
        if (!value) {
            return false;
        }
        bits = (bits << 6U) | *value;
        held += 6;
        if (held >= 16) {
            held -= 16;
            if (!units.add((bits >> held) & 0xffffU, out)) {
                return false;
            }
            bits &= (1U << held) - 1;
        }
    }
    return units.is_whole() && held < 6 && bits == 0;
}

void append_shifted(std::string& out, std::string_view utf8) {
    std::uint32_t bits = 0;
    unsigned held = 0;
    const auto put = [&](std::uint32_t unit) {
        bits = (bits << 16U) | unit;
        for (held += 16; held >= 6;) {
            held -= 6;
            out += kAlphabet[(bits >> held) & 0x3fU];
        }
        bits &= (1U << held) - 1;
    };
    out += '&';
    while (!utf8.empty()) {
        const std::uint32_t character = mime::take_utf8(utf8);
        if (character < 0x10000) {
            put(character);
        } else {
            put(0xd800 + ((character - 0x10000) >> 10U));
            put(0xdc00 + ((character - 0x10000) & 0x3ffU));
        }
    }
    if (held > 0) {
        out += kAlphabet[(bits << (6 - held)) & 0x3fU];
    }
    out += '-';
}

constexpr std::size_t kWordBits = 64;

void set_bit(std::vector<std::uint64_t>& bits, std::size_t index) {
    bits[index / kWordBits] |= std::uint64_t{1} << (index % kWordBits);
}

// RFC 9051 5.1: INBOX in any case is one mailbox; so it is as the parent of others, and in a pattern where
// one of `ends` follows it.
void fold_inbox(std::string& name, std::string_view ends) {
    constexpr std::string_view kInbox = "INBOX";
    if (base::istarts_with(name, kInbox) &&
        (name.size() == kInbox.size() ||
         ends.find(name[kInbox.size()]) != std::string_view::npos)) {
        name.replace(0, kInbox.size(), kInbox);
    }
}

}  // namespace

Result<std::string> decode_utf7(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find('&'), text.size());
        if (!std::all_of(
                text.begin(), text.begin() + static_cast<std::ptrdiff_t>(plain), is_printable)) {
            return base::fail(Errc::kInvalid, "not US-ASCII outside of modified base64");
        }
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const std::size_t end = text.find('-');
        if (end == std::string_view::npos) {
            return base::fail(Errc::kInvalid, "modified base64 without its end");
        }
        if (end == 1) {
            out += '&';
        } else if (!decode_shifted(text.substr(1, end - 1), out)) {
            return base::fail(Errc::kInvalid, "bad modified base64");
        }
        text.remove_prefix(end + 1);
    }
    return out;
}

std::string encode_utf7(std::string_view utf8) {
    std::string out;
    while (!utf8.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if_not(utf8.begin(), utf8.end(), is_printable) - utf8.begin());
        for (const char c : utf8.substr(0, plain)) {
            out += c;
            if (c == '&') {
                out += '-';
            }
        }
        utf8.remove_prefix(plain);
        const auto shifted = static_cast<std::size_t>(
            std::find_if(utf8.begin(), utf8.end(), is_printable) - utf8.begin());
        if (shifted > 0) {
            append_shifted(out, utf8.substr(0, shifted));
            utf8.remove_prefix(shifted);
        }
    }
    return out;
}

Result<std::string> decode_mailbox(std::string_view wire, NameForm form) {
    std::string name(wire);
    if (form == NameForm::kUtf7 && base::is_ascii(wire)) {
        TRY(name, decode_utf7(wire));
        // Printable characters in base64, or two runs that could be one.
        if (encode_utf7(name) != wire) {
            return base::fail(Errc::kInvalid, "not how modified UTF-7 writes this name");
        }
    }
    if (!base::is_utf8(name)) {
        return base::fail(Errc::kInvalid, "the name is not UTF-8");
    }
    if (std::any_of(name.begin(), name.end(), base::is_control)) {
        return base::fail(Errc::kInvalid, "a control character in the name");
    }
    if (name.size() > kMailboxNameOctetsMax) {
        return base::fail(Errc::kTooLong, "a name has at most 1000 octets");
    }
    fold_inbox(name, "/");
    return name;
}

void append_mailbox(std::string& out, std::string_view name, NameForm form) {
    if (form == NameForm::kUtf8) {
        append_astring(out, name, mime::HeaderForm::kUtf8);
    } else {
        append_astring(out, encode_utf7(name), mime::HeaderForm::kAscii);
    }
}

// The pattern is an automaton whose states are the numbers of literals matched; all that it may be in are run
// at once, 64 in a word (Baeza-Yates and Gonnet's shift-and).

MailboxPattern::MailboxPattern(std::string_view pattern) {
    std::string text(pattern);
    fold_inbox(text, "/*%");
    const std::size_t words = text.size() / kWordBits + 1;
    any_.resize(words);
    within_level_.resize(words);
    for (const char c : text) {
        if (c == '*') {
            set_bit(any_, literals_);
        } else if (c == '%') {
            set_bit(within_level_, literals_);
        } else {
            Bits& after = after_.try_emplace(c, words).first->second;
            set_bit(after, ++literals_);
        }
    }
}

bool MailboxPattern::matches(std::string_view name) const {
    Bits states(any_.size());
    states[0] = 1;
    for (const char c : name) {
        const auto after = after_.find(c);
        std::uint64_t carried = 0;
        bool alive = false;
        for (std::size_t i = 0; i < states.size(); ++i) {
            const std::uint64_t before = states[i];
            const std::uint64_t shifted =
                before << 1U | std::exchange(carried, before >> (kWordBits - 1));
            const std::uint64_t stays = any_[i] | (c == kSeparator ? 0 : within_level_[i]);
            states[i] = (before & stays) | (after == after_.end() ? 0 : shifted & after->second[i]);
            alive |= states[i] != 0;
        }
        if (!alive) {
            return false;
        }
    }
    return (states[literals_ / kWordBits] >> (literals_ % kWordBits) & 1U) != 0;
}

}  // namespace imap
