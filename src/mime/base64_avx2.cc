#include "mime/base64_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "mime/base64_codec.h"

#define TARGET_AVX2 __attribute__((target("avx2")))

namespace mime::base64 {
namespace {

TARGET_AVX2 __m256i both_lanes(__m128i lane) {
    return _mm256_broadcastsi128_si256(lane);
}

TARGET_AVX2 __m256i table(const std::uint8_t (&octets)[16]) {
    return both_lanes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(octets)));
}

TARGET_AVX2 __m256i load(const char* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

TARGET_AVX2 __m128i load_half(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

// A bit for each character that is not of the alphabet.
TARGET_AVX2 unsigned foreign(__m256i text, __m256i high_half) {
    const __m256i low_half = _mm256_and_si256(text, _mm256_set1_epi8(0x0f));
    const __m256i clash = _mm256_and_si256(_mm256_shuffle_epi8(table(kOutsideByLow), low_half),
                                           _mm256_shuffle_epi8(table(kRangeOfHigh), high_half));
    const __m256i fine = _mm256_cmpeq_epi8(clash, _mm256_setzero_si256());
    return ~static_cast<unsigned>(_mm256_movemask_epi8(fine));
}

// Thirty-two characters of the alphabet as twenty-four octets, and eight that mean nothing.
TARGET_AVX2 __m256i pack(__m256i text, __m256i high_half) {
    const __m256i slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/'));
    const __m256i values = _mm256_add_epi8(
        text, _mm256_shuffle_epi8(table(kToValue), _mm256_add_epi8(slash, high_half)));
    const __m256i twelve = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    const __m256i twenty_four = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
    const __m256i big_endian =
        both_lanes(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(twenty_four, big_endian),
                                       _mm256_setr_epi32(0, 1, 2, 4, 5, 6, -1, -1));
}

// Two lanes of twelve octets each, spread to six bits an octet.
TARGET_AVX2 __m256i spread(__m256i octets) {
    const __m256i ac = _mm256_mulhi_epu16(_mm256_and_si256(octets, _mm256_set1_epi32(0x0fc0fc00)),
                                          _mm256_set1_epi32(0x04000040));
    const __m256i bd = _mm256_mullo_epi16(_mm256_and_si256(octets, _mm256_set1_epi32(0x003f03f0)),
                                          _mm256_set1_epi32(0x01000010));
    return _mm256_or_si256(ac, bd);
}

// Six-bit values as characters: each of the alphabet's ranges has its own distance.
TARGET_AVX2 __m256i characters(__m256i values) {
    const __m256i above_51 = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    const __m256i above_25 = _mm256_cmpgt_epi8(values, _mm256_set1_epi8(25));
    return _mm256_add_epi8(
        values, _mm256_shuffle_epi8(table(kToCharacter), _mm256_sub_epi8(above_51, above_25)));
}

// Twelve octets at `low` and twelve at `high`, each lane's octets in the order that spread() takes.
TARGET_AVX2 __m256i gather(__m128i low, __m128i high, __m256i order) {
    return _mm256_shuffle_epi8(_mm256_set_m128i(high, low), order);
}

TARGET_AVX2 __m256i high_half_of(__m256i text) {
    return _mm256_and_si256(_mm256_srli_epi32(text, 4), _mm256_set1_epi8(0x0f));
}

TARGET_AVX2 void store(char* to, __m256i octets) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), octets);
}

// A line of 76 characters as 57 octets, when all of them are of the alphabet. The last step begins
// where it ends with the line, and does some characters a second time: no branch, and no step waits
// for what the one before it found.
TARGET_AVX2 bool decode_line(const char* text, char* to) {
    const __m256i first = load(text);
    const __m256i second = load(text + 32);
    const __m256i last = load(text + kLineCharacters - 32);
    const __m256i first_high = high_half_of(first);
    const __m256i second_high = high_half_of(second);
    const __m256i last_high = high_half_of(last);
    store(to, pack(first, first_high));
    store(to + 24, pack(second, second_high));
    store(to + kLineOctets - 24, pack(last, last_high));
    return (foreign(first, first_high) | foreign(second, second_high) | foreign(last, last_high)) ==
           0;
}

}  // namespace

TARGET_AVX2 Progress decode_avx2(const char* text, std::size_t size, char* to) {
    std::size_t at = 0;
    while (size - at >= 32) {
        if (is_line(text + at, size - at) && decode_line(text + at, to)) {
            at += kLineCharacters + 2;
            to += kLineOctets;
            continue;
        }
        const __m256i block = load(text + at);
        const __m256i high_half = high_half_of(block);
        const unsigned stops = foreign(block, high_half);
        store(to, pack(block, high_half));
        if (stops == 0) {
            to += 24;
            at += 32;
            continue;
        }
        const auto clean = static_cast<std::size_t>(__builtin_ctz(stops));
        to += clean / 4 * 3;
        at += clean & ~std::size_t{3};
        const std::size_t line_end = clean % 4 == 0 ? line_end_octets(text + at, size - at) : 0;
        if (line_end == 0) {
            break;
        }
        at += line_end;
    }
    return {at, to};
}

TARGET_AVX2 char* encode_lines_avx2(const char* octets, std::size_t size, char* to) {
    const __m256i order =
        both_lanes(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    // The last nine octets are the last of the sixteen before the line's end.
    const __m256i last_order =
        both_lanes(_mm_setr_epi8(8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14, -1, -1, -1, -1));
    for (const char* const end = octets + size; octets != end; octets += kLineOctets) {
        const __m256i first = gather(load_half(octets), load_half(octets + 12), order);
        const __m256i second = gather(load_half(octets + 24), load_half(octets + 36), order);
        const __m256i third = gather(load_half(octets + 41), _mm_setzero_si128(), last_order);
        auto* const out = reinterpret_cast<__m256i*>(to);
        _mm256_storeu_si256(out, characters(spread(first)));
        _mm256_storeu_si256(out + 1, characters(spread(second)));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 64),
                         _mm256_castsi256_si128(characters(spread(third))));
        to[kLineCharacters] = '\r';
        to[kLineCharacters + 1] = '\n';
        to += kLineCharacters + 2;
    }
    return to;
}

}  // namespace mime::base64

#else

namespace mime::base64 {

Progress decode_avx2(const char* /*text*/, std::size_t /*size*/, char* to) {
    return {0, to};
}

char* encode_lines_avx2(const char* /*octets*/, std::size_t /*size*/, char* to) {
    return to;
}

}  // namespace mime::base64

#endif
