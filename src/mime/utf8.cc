#include "mime/utf8.h"

#include <algorithm>

#include "base/ascii.h"

namespace mime {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

// What the lead octet promises; 0 for an octet that cannot lead.
std::size_t sequence_octets(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) return 3;
    return lead < 0xf5 ? 4 : 0;
}

}  // namespace

void append_utf8(std::string& out, char32_t character) {
    const bool is_scalar = character < 0xd800 || (character > 0xdfff && character < 0x110000);
    const char32_t c = is_scalar ? character : kReplacement;
    const auto put = [&out](char32_t octet) { out += static_cast<char>(octet); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0U | (c >> 6U));
        put(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        put(0xe0U | (c >> 12U));
        put(0x80U | ((c >> 6U) & 0x3fU));
        put(0x80U | (c & 0x3fU));
    } else {
        put(0xf0U | (c >> 18U));
        put(0x80U | ((c >> 12U) & 0x3fU));
        put(0x80U | ((c >> 6U) & 0x3fU));
        put(0x80U | (c & 0x3fU));
    }
}

char32_t take_utf8(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t octets = sequence_octets(lead);
    if (octets == 0 || octets > text.size() || !base::is_utf8(text.substr(0, octets))) {
        text.remove_prefix(1);
        return kReplacement;
    }
    char32_t character = octets == 1 ? lead : lead & (0x7fU >> octets);
    for (std::size_t i = 1; i < octets; ++i) {
        character = (character << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    text.remove_prefix(octets);
    return character;
}

std::string_view utf8_prefix(std::string_view text, std::size_t characters_max) {
    std::string_view rest = text;
    for (; characters_max > 0 && !rest.empty(); --characters_max) {
        static_cast<void>(take_utf8(rest));
    }
    return text.substr(0, text.size() - rest.size());
}

std::string_view utf8_octets_prefix(std::string_view text, std::size_t octets_max) {
    if (text.size() <= octets_max) {
        return text;
    }
    std::size_t end = octets_max;
    for (int back = 0; back < 3 && end > 0 && is_continuation(text[end]); ++back) {
        --end;
    }
    return text.substr(0, is_continuation(text[end]) ? octets_max : end);
}

void Utf8Check::feed(std::string_view octets) {
    held_ += octets;
    std::size_t end = held_.size();
    for (int back = 0; back < 4 && end > 0 && base::is_8bit(held_[end - 1]); ++back) {
        const bool is_lead = (static_cast<unsigned char>(held_[--end]) & 0x40U) != 0;
        if (is_lead) {
            break;
        }
    }
    is_utf8_ = is_utf8_ && base::is_utf8(std::string_view(held_).substr(0, end));
    held_.erase(0, end);
}

bool Utf8Check::holds() const {
    return is_utf8_ && base::is_utf8(held_);
}

}  // namespace mime
