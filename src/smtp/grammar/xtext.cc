#include "smtp/grammar/xtext.h"

#include "base/ascii.h"

namespace smtp {
namespace {

// The hexadecimal digits of hexchar are upper case (RFC 3461 4).
int hex_value(char c) {
    if (base::is_digit(c)) {
        return c - '0';
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// xchar = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
bool is_xchar(char c) {
    return c >= '!' && c <= '~' && c != '+' && c != '=';
}

}  // namespace

// xtext   = *( xchar / hexchar )
// hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
std::optional<std::string> decode_xtext(std::string_view text) {
    std::string octets;
    octets.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '+') {
            if (!is_xchar(text[i])) {
                return std::nullopt;
            }
            octets += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        octets += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return octets;
}

std::string encode_xtext(std::string_view octets) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string text;
    text.reserve(octets.size());
    for (const char c : octets) {
        if (is_xchar(c)) {
            text += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            text += '+';
            text += kDigits[octet >> 4U];
            text += kDigits[octet & 15U];
        }
    }
    return text;
}

}  // namespace smtp
