#include <bit>
#include <cstring>

#include "mime/base64_codec.h"
#include "mime/base64_loops.h"
#include "mime/octets16.h"

#if defined(__x86_64__) || defined(__aarch64__)

#if defined(__x86_64__)
#include <tmmintrin.h>
#define TARGET_SHUFFLE __attribute__((target("ssse3")))
#else
#define TARGET_SHUFFLE  // NEON is part of AArch64
#endif

namespace mime::base64 {
namespace {

constexpr std::uint8_t kNone = 0x80;  // chooses no octet

// table[index] sixteen times; 0 for kNone.
TARGET_SHUFFLE Octets16 choose(Octets16 table, Octets16 index) {
#if defined(__x86_64__)
    return std::bit_cast<Octets16>(
        _mm_shuffle_epi8(std::bit_cast<__m128i>(table), std::bit_cast<__m128i>(index)));
#else
    return std::bit_cast<Octets16>(
        vqtbl1q_u8(std::bit_cast<uint8x16_t>(table), std::bit_cast<uint8x16_t>(index)));
#endif
}

TARGET_SHUFFLE Octets16 table16(const std::uint8_t (&table)[16]) {
    return load16(reinterpret_cast<const char*>(table));
}

// Set where a character is not of the alphabet.
TARGET_SHUFFLE Octets16 foreign(Octets16 text) {
    const Octets16 clash =
        choose(table16(kOutsideByLow), text & 0x0f) & choose(table16(kRangeOfHigh), text >> 4);
    return mask16(clash != 0);
}

// Sixteen characters of the alphabet as twelve octets, and four that mean nothing.
TARGET_SHUFFLE Octets16 pack(Octets16 text) {
    const Octets16 range = (text >> 4) + mask16(text == '/');
    const auto values = std::bit_cast<Words4>(text + choose(table16(kToValue), range));
    // The first of four is the lowest octet of a word, and the highest six bits of the result.
    const Words4 bits = ((values & 0x3f) << 18) | ((values & 0x3f00) << 4) |
                        ((values & 0x3f0000) >> 10) | (values >> 24);
    constexpr Octets16 kBigEndian = {
        2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, kNone, kNone, kNone, kNone};
    return choose(std::bit_cast<Octets16>(bits), kBigEndian);
}

// Twelve octets as sixteen characters. `order` puts each three of them, a b c, as b a c b.
TARGET_SHUFFLE Octets16 characters(Octets16 octets, Octets16 order) {
    const auto bits = std::bit_cast<Words4>(choose(octets, order));
    const auto values =
        std::bit_cast<Octets16>(((bits >> 10) & 0x3f) | ((bits << 4) & 0x3f00) |
                                ((bits >> 6) & 0x3f0000) | ((bits << 8) & 0x3f000000));
    const Octets16 above_51 = mask16(values > 51) & (values - 51);
    const Octets16 above_25 = mask16(values > 25) & 1;
    return values + choose(table16(kToCharacter), above_51 + above_25);
}

// A line of 76 characters as 57 octets, when all of them are of the alphabet. The last step begins
// where it ends with the line, and does some characters a second time.
TARGET_SHUFFLE bool decode_line(const char* text, char* to) {
    const Octets16 last = load16(text + kLineCharacters - 16);
    Octets16 stops = foreign(last);
    for (std::size_t step = 0; step < 4; ++step) {
        const Octets16 block = load16(text + 16 * step);
        stops |= foreign(block);
        store16(to + 12 * step, pack(block));
    }
    store16(to + kLineOctets - 12, pack(last));
    return !any16(stops);
}

}  // namespace

TARGET_SHUFFLE Progress decode_octets16(const char* text, std::size_t size, char* to) {
    std::size_t at = 0;
    while (size - at >= kOctets16) {
        if (is_line(text + at, size - at) && decode_line(text + at, to)) {
            at += kLineCharacters + 2;
            to += kLineOctets;
            continue;
        }
        const Octets16 block = load16(text + at);
        const Octets16 stops = foreign(block);
        store16(to, pack(block));
        if (!any16(stops)) {
            to += 12;
            at += 16;
            continue;
        }
        const std::size_t clean = first16(stops);
        to += clean / 4 * 3;
        at += clean / 4 * 4;
        const std::size_t line_end = clean % 4 == 0 ? line_end_octets(text + at, size - at) : 0;
        if (line_end == 0) {
            break;
        }
        at += line_end;
    }
    return {at, to};
}

TARGET_SHUFFLE char* encode_lines_octets16(const char* octets, std::size_t size, char* to) {
    constexpr Octets16 kOrder = {1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10};
    // The last nine octets are the last of the sixteen before the line's end.
    constexpr Octets16 kLastOrder = {
        8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14, kNone, kNone, kNone, kNone};
    for (const char* const end = octets + size; octets != end; octets += kLineOctets) {
        for (std::size_t group = 0; group < 4; ++group) {
            store16(to + 16 * group, characters(load16(octets + 12 * group), kOrder));
        }
        store16(to + 64, characters(load16(octets + 41), kLastOrder));
        to[kLineCharacters] = '\r';
        to[kLineCharacters + 1] = '\n';
        to += kLineCharacters + 2;
    }
    return to;
}

}  // namespace mime::base64

#else

namespace mime::base64 {

Progress decode_octets16(const char* /*text*/, std::size_t /*size*/, char* to) {
    return {0, to};
}

char* encode_lines_octets16(const char* /*octets*/, std::size_t /*size*/, char* to) {
    return to;
}

}  // namespace mime::base64

#endif
