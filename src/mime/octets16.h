// Sixteen octets at a time: the compiler's vector types, which clang turns into SSE2 on x86-64, into
// NEON on AArch64 and into plain code elsewhere. Arithmetic and comparison are the language's own
// operators; only what these cannot say is written here, for each processor.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace mime {

using Octets16 = std::uint8_t __attribute__((vector_size(16)));
using Words4 = std::uint32_t __attribute__((vector_size(16)));

inline constexpr std::size_t kOctets16 = 16;

inline Octets16 load16(const char* from) {
    Octets16 octets;
    std::memcpy(&octets, from, sizeof octets);
    return octets;
}

inline void store16(char* to, Octets16 octets) {
    std::memcpy(to, &octets, sizeof octets);
}

// The same octet sixteen times.
inline Octets16 all16(char octet) {
    return Octets16{} + static_cast<std::uint8_t>(octet);
}

// A comparison's outcome: 0xff where it holds, 0 elsewhere.
inline Octets16 mask16(auto comparison) {
    return std::bit_cast<Octets16>(comparison);
}

inline Octets16 equal16(Octets16 octets, char wanted) {
    return mask16(octets == all16(wanted));
}

// The octets of `now` one place later, behind the last one of `before`.
inline Octets16 behind16(Octets16 before, Octets16 now) {
    return __builtin_shufflevector(
        before, now, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

// Whether an octet of a mask is set.
inline bool any16(Octets16 mask) {
#if defined(__SSE2__)
    return _mm_movemask_epi8(std::bit_cast<__m128i>(mask)) != 0;
#elif defined(__aarch64__)
    return vmaxvq_u32(std::bit_cast<uint32x4_t>(mask)) != 0;
#else
    const auto halves = std::bit_cast<std::uint64_t __attribute__((vector_size(16)))>(mask);
    return (halves[0] | halves[1]) != 0;
#endif
}

// Where the first set octet of a mask is; 16 when none is.
inline std::size_t first16(Octets16 mask) {
#if defined(__SSE2__)
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(std::bit_cast<__m128i>(mask)));
    return static_cast<std::size_t>(std::countr_zero(bits | 0x10000U));
#elif defined(__aarch64__)
    // Four bits an octet: NEON has no movemask, and this narrowing shift comes nearest.
    const uint8x8_t nibbles = vshrn_n_u16(std::bit_cast<uint16x8_t>(mask), 4);
    const std::uint64_t bits = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
    return static_cast<std::size_t>(std::countr_zero(bits)) / 4;
#else
    std::size_t at = 0;
    while (at < kOctets16 && mask[at] == 0) {
        ++at;
    }
    return at;
#endif
}

}  // namespace mime
