#include "mime/base64_codec.h"

#include <algorithm>
#include <array>

#include "mime/base64_loops.h"

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

// The first `octets` of the three that `bits` hold.
char* put(std::uint32_t bits, unsigned octets, char* to) {
    for (unsigned i = 0; i < octets; ++i) {
        *to++ = static_cast<char>((bits >> (16U - 8U * i)) & 0xffU);
    }
    return to;
}

// The octets of an incomplete group, which begins anew.
char* put_rest(Group& group, char* to) {
    if (group.characters == 1) {
        ++group.damage;  // six bits are no octet
    } else if (group.characters > 1) {
        to = put(group.bits << (6U * (4 - group.characters)), group.characters - 1, to);
    }
    group.bits = group.characters = 0;
    return to;
}

char* encode_group(std::string_view octets, char* to) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        bits <<= 8U;
        bits |= i < octets.size() ? static_cast<unsigned char>(octets[i]) : 0U;
    }
    for (unsigned i = 0; i < 4; ++i) {
        *to++ = i <= octets.size() ? kAlphabet[(bits >> (18U - 6U * i)) & 63U] : '=';
    }
    return to;
}

// Three octets out of four characters, when there are four.
void take_whole(Group& group, std::string& out) {
    if (group.characters < 4) {
        return;
    }
    for (const unsigned shift : {16U, 8U, 0U}) {
        out += static_cast<char>((group.bits >> shift) & 0xffU);
    }
    group.bits = group.characters = 0;
}

}  // namespace

void decode_simple(std::string_view text, Group& group, std::string& out) {
    for (const char c : text) {
        const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
        if (value < kPad) {
            group.bits = (group.bits << 6U) | value;
            ++group.characters;
            take_whole(group, out);
        } else if (value == kPad) {
            finish(group, out);
        } else if (value == kBad) {
            ++group.damage;
        }
    }
}

void finish(Group& group, std::string& out) {
    std::array<char, 3> rest{};
    const char* const end = put_rest(group, rest.data());
    out.append(rest.data(), static_cast<std::size_t>(end - rest.data()));
}

void encode_lines_simple(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const std::string_view line = octets.substr(0, kLineOctets);
        std::array<char, kLineCharacters> characters{};
        char* to = characters.data();
        for (std::size_t i = 0; i < line.size(); i += 3) {
            to = encode_group(line.substr(i, 3), to);
        }
        out.append(characters.data(), static_cast<std::size_t>(to - characters.data()))
            .append("\r\n");
        octets.remove_prefix(line.size());
    }
}

std::string_view loop_name(Loop loop) {
    switch (loop) {
        case Loop::kGroups:
            return "4 octets";
        case Loop::kOctets16:
            return "16 octets";
        case Loop::kAvx2:
            return "32 octets";
        case Loop::kAvx512:
            return "64 octets";
    }
    return "";
}

#if defined(__x86_64__)
bool has_loop(Loop loop) {
    switch (loop) {
        case Loop::kAvx512:
            return __builtin_cpu_supports("avx512vbmi") != 0 &&
                   __builtin_cpu_supports("avx512bw") != 0 &&
                   __builtin_cpu_supports("avx512vl") != 0 && has_loop(Loop::kAvx2);
        case Loop::kAvx2:
            return __builtin_cpu_supports("avx2") != 0;
        case Loop::kOctets16:
            return __builtin_cpu_supports("ssse3") != 0;
        case Loop::kGroups:
            break;
    }
    return true;
}
#elif defined(__aarch64__)
bool has_loop(Loop loop) {
    return loop == Loop::kGroups || loop == Loop::kOctets16;
}
#else
bool has_loop(Loop loop) {
    return loop == Loop::kGroups;
}
#endif

Loop best_loop() {
    static const Loop best = has_loop(Loop::kAvx512)     ? Loop::kAvx512
                             : has_loop(Loop::kAvx2)     ? Loop::kAvx2
                             : has_loop(Loop::kOctets16) ? Loop::kOctets16
                                                         : Loop::kGroups;
    return best;
}

namespace {

// One character, the way decode_simple takes it.
char* take(char c, Group& group, char* to) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < kPad) {
        group.bits = (group.bits << 6U) | value;
        if (++group.characters == 4) {
            to = put(group.bits, 3, to);
            group.bits = group.characters = 0;
        }
    } else if (value == kPad) {
        to = put_rest(group, to);
    } else if (value == kBad) {
        ++group.damage;
    }
    return to;
}

// Groups of four, as long as they are whole: what any processor can run.
Progress decode_groups(std::string_view text, char* to) {
    std::size_t at = 0;
    for (; text.size() - at >= 4; at += 4) {
        std::uint32_t bits = 0;
        std::uint8_t odd = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint8_t value = kValues[static_cast<unsigned char>(text[at + i])];
            odd |= value;
            bits = (bits << 6U) | (value & 63U);
        }
        if (odd >= kPad) {
            break;
        }
        to = put(bits, 3, to);
    }
    return {at, to};
}

Progress decode_whole(std::string_view text, char* to, Loop loop) {
    switch (loop) {
        case Loop::kAvx512:
        case Loop::kAvx2:
            return decode_avx2(text.data(), text.size(), to);
        case Loop::kOctets16:
            return decode_octets16(text.data(), text.size(), to);
        case Loop::kGroups:
            break;
    }
    return decode_groups(text, to);
}

// Decodes all of `text` to `to`, which has room for three octets a group and kSlack more.
char* decode_to(std::string_view text, Group& group, char* to, Loop loop) {
    while (!text.empty()) {
        if (group.characters == 0) {
            const Progress whole = decode_whole(text, to, loop);
            text.remove_prefix(whole.at);
            to = whole.to;
        }
        // What these loops leave: up to the end of the next group, character by character.
        std::size_t at = 0;
        while (at < text.size() && (at == 0 || group.characters != 0)) {
            to = take(text[at++], group, to);
        }
        text.remove_prefix(at);
    }
    return to;
}

}  // namespace

void decode(std::string_view text, Group& group, std::string& out, Loop loop) {
    const std::size_t before = out.size();
    const std::size_t room = before + (text.size() + group.characters) / 4 * 3 + 3 + kSlack;
    out.resize_and_overwrite(room, [&](char* to, std::size_t /*size*/) {
        return static_cast<std::size_t>(decode_to(text, group, to + before, loop) - to);
    });
}

void encode_lines(std::string_view octets, std::string& out, Loop loop) {
    if (loop == Loop::kGroups) {
        encode_lines_simple(octets, out);
        return;
    }
    const auto encode = loop == Loop::kAvx512 ? encode_lines_avx512
                        : loop == Loop::kAvx2 ? encode_lines_avx2
                                              : encode_lines_octets16;
    const std::size_t lines = octets.size() / kLineOctets;
    const std::size_t whole = lines * kLineOctets;
    const std::size_t before = out.size();
    const std::size_t room = before + lines * (kLineCharacters + 2) + kSlack;
    out.resize_and_overwrite(room, [&](char* to, std::size_t /*size*/) {
        return static_cast<std::size_t>(encode(octets.data(), whole, to + before) - to);
    });
    encode_lines_simple(octets.substr(whole), out);
}

}  // namespace mime::base64
