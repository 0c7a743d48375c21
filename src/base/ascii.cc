#include "base/ascii.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace base {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

// How many continuation octets follow a lead octet, and the range of the first of them (RFC 3629 4);
// zero length marks an octet that cannot lead.
struct Utf8Lead {
    int following = -1;
    unsigned char first_min = 0x80;
    unsigned char first_max = 0xbf;
};

Utf8Lead utf8_lead(unsigned char lead) {
    if (lead < 0x80) return {0, 0, 0};
    if (lead >= 0xc2 && lead <= 0xdf) return {1, 0x80, 0xbf};
    if (lead == 0xe0) return {2, 0xa0, 0xbf};
    if (lead == 0xed) return {2, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef) return {2, 0x80, 0xbf};
    if (lead == 0xf0) return {3, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3) return {3, 0x80, 0xbf};
    if (lead == 0xf4) return {3, 0x80, 0x8f};
    return {};
}

// The octets at the begin of `text` that are US-ASCII, eight at a time.
std::size_t ascii_words(std::string_view text) {
    std::size_t octets = 0;
    std::uint64_t word = 0;
    for (; text.size() - octets >= sizeof word; octets += sizeof word) {
        std::memcpy(&word, text.data() + octets, sizeof word);
        if ((word & kHighBits) != 0) {
            break;
        }
    }
    return octets;
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return to_lower(c); });
    return lower;
}

std::string to_upper(std::string_view text) {
    std::string upper(text);
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return to_upper(c); });
    return upper;
}

bool iequals(std::string_view a, std::string_view b) {
    return a.size() == b.size() && istarts_with(a, b);
}

bool istarts_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](char x, char y) {
               return to_lower(x) == to_lower(y);
           });
}

bool iends_with(std::string_view text, std::string_view suffix) {
    return text.size() >= suffix.size() &&
           iequals(text.substr(text.size() - suffix.size()), suffix);
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_ascii(std::string_view text) {
    text.remove_prefix(ascii_words(text));
    return std::none_of(text.begin(), text.end(), is_8bit);
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = ascii_words(text); i < text.size();) {
        const Utf8Lead lead = utf8_lead(static_cast<unsigned char>(text[i++]));
        if (lead.following < 0 || text.size() - i < static_cast<std::size_t>(lead.following)) {
            return false;
        }
        for (int k = 0; k < lead.following; ++k, ++i) {
            const auto octet = static_cast<unsigned char>(text[i]);
            const unsigned char low = k == 0 ? lead.first_min : 0x80;
            const unsigned char high = k == 0 ? lead.first_max : 0xbf;
            if (octet < low || octet > high) {
                return false;
            }
        }
    }
    return true;
}

std::optional<std::uint64_t> parse_u64(std::string_view text, std::uint64_t max) {
    if (text.empty()) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (max - digit) / 10 || digit > max) {
            return std::nullopt;
        }
        value = value * 10 + digit;
    }
    return value;
}

std::string_view split_front(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view front = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return front;
}

}  // namespace base
