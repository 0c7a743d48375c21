// base64_loops.h: encoding with AVX-512 VBMI, whose permutations of single octets do a line of 57 octets in
// two steps. Decoding has no such loop: that of AVX2 is as fast as the memory.
//
// After Wojciech Mula and Daniel Lemire, "Base64 encoding and decoding at almost the speed of a memory
// copy" (Software: Practice and Experience 50, 2020).
#include "mime/base64_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

namespace mime::base64 {
namespace {

constexpr char kAlphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Where each octet that makes four characters comes from: 1, 0, 2, 1 of its group of three.
struct Order {
    alignas(64) std::uint8_t octets[64];
};

constexpr Order order_from(unsigned first) {
    Order order{};
    for (unsigned i = 0; i < 64; ++i) {
        constexpr unsigned kOfGroup[4] = {1, 0, 2, 1};
        order.octets[i] = static_cast<std::uint8_t>((first + i / 4 * 3 + kOfGroup[i % 4]) % 64);
    }
    return order;
}

constexpr Order kFirst48 = order_from(0);
constexpr Order kLast9 = order_from(48);

TARGET_AVX512 __m512i load(const void* from) {
    return _mm512_loadu_si512(from);
}

// A line's octets, of the vector the first 57. Only where the input ends is what follows masked, so that no
// octet behind it is read: a masked load that misses the cache is waited for, which halves the rate.
TARGET_AVX512 __m512i load_line(const char* octets, const char* end) {
    constexpr __mmask64 kLine = (1ULL << kLineOctets) - 1;
    return end - octets >= 64 ? load(octets) : _mm512_maskz_loadu_epi8(kLine, octets);
}

// Sixty-four characters of the octets that `order` picks.
TARGET_AVX512 __m512i characters(__m512i octets, __m512i order, __m512i alphabet) {
    // The bit where each six begin, in the eight octets that hold two groups.
    const __m512i begins = _mm512_set1_epi64(0x3036242a1016040a);
    const __m512i values =
        _mm512_multishift_epi64_epi8(begins, _mm512_permutexvar_epi8(order, octets));
    return _mm512_permutexvar_epi8(values, alphabet);  // which looks at six bits only
}

}  // namespace

TARGET_AVX512 char* encode_lines_avx512(const char* octets, std::size_t size, char* to) {
    const __m512i alphabet = load(kAlphabet);
    const __m512i first_order = load(kFirst48.octets);
    const __m512i last_order = load(kLast9.octets);
    for (const char* const end = octets + size; octets != end; octets += kLineOctets) {
        const __m512i line = load_line(octets, end);
        const __m128i last = _mm512_castsi512_si128(characters(line, last_order, alphabet));
        _mm512_storeu_si512(to, characters(line, first_order, alphabet));
        // CRLF behind the last twelve characters; the two octets behind it are the next line's.
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 64), _mm_insert_epi16(last, 0x0a0d, 6));
        to += kLineCharacters + 2;
    }
    return to;
}

}  // namespace mime::base64

#else

namespace mime::base64 {

char* encode_lines_avx512(const char* /*octets*/, std::size_t /*size*/, char* to) {
    return to;
}

}  // namespace mime::base64

#endif
