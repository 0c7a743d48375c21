#include "mime/base64_codec.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace mime::base64 {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t kPad = 64;
constexpr std::uint8_t kSpace = 65;
constexpr std::uint8_t kBad = 66;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(kBad);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    }
    for (const char c : {' ', '\t', '\r', '\n'}) {
        values[static_cast<unsigned char>(c)] = kSpace;
    }
    values['='] = kPad;
    return values;
}

constexpr auto kValues = make_values();

void put(std::uint32_t bits, int octets, std::string& out) {
    for (int i = 0; i < octets; ++i) {
        out += static_cast<char>((bits >> (16U - 8U * static_cast<unsigned>(i))) & 0xffU);
    }
}

void encode_group(std::string_view octets, std::string& out) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        bits <<= 8U;
        bits |= i < octets.size() ? static_cast<unsigned char>(octets[i]) : 0U;
    }
    for (unsigned i = 0; i < 4; ++i) {
        out += i <= octets.size() ? kAlphabet[(bits >> (18U - 6U * i)) & 63U] : '=';
    }
}

}  // namespace

void decode_simple(std::string_view text, Group& group, std::string& out) {
    for (const char c : text) {
        const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
        if (value < kPad) {
            group.bits = (group.bits << 6U) | value;
            if (++group.characters == 4) {
                put(group.bits, 3, out);
                group.bits = group.characters = 0;
            }
        } else if (value == kPad) {
            finish(group, out);
        } else if (value == kBad) {
            ++group.damage;
        }
    }
}

void finish(Group& group, std::string& out) {
    if (group.characters == 1) {
        ++group.damage;  // six bits are no octet
    } else if (group.characters > 1) {
        put(group.bits << (6U * (4 - group.characters)),
            static_cast<int>(group.characters) - 1,
            out);
    }
    group.bits = group.characters = 0;
}

void encode_lines_simple(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const std::string_view line = octets.substr(0, kLineOctets);
        for (std::size_t i = 0; i < line.size(); i += 3) {
            encode_group(line.substr(i, 3), out);
        }
        out += "\r\n";
        octets.remove_prefix(line.size());
    }
}

#if defined(__x86_64__)
bool is_fast() {
    static const bool kFast = __builtin_cpu_supports("avx2") != 0;
    return kFast;
}
#else
bool is_fast() {
    return false;
}
#endif

void decode(std::string_view text, Group& group, std::string& out) {
    decode_simple(text, group, out);
}

void encode_lines(std::string_view octets, std::string& out) {
    encode_lines_simple(octets, out);
}

}  // namespace mime::base64
