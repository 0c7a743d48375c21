#include "store/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace store {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0);
        }
        table[i] = value;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_instruction(std::string_view octets,
                                                                   std::uint32_t seed) {
    std::uint64_t crc = ~seed;
    while (octets.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, octets.data(), sizeof word);
        crc = _mm_crc32_u64(crc, word);
        octets.remove_prefix(sizeof word);
    }
    auto low = static_cast<std::uint32_t>(crc);
    for (const char octet : octets) {
        low = _mm_crc32_u8(low, static_cast<unsigned char>(octet));
    }
    return ~low;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(std::string_view octets, std::uint32_t seed) {
    std::uint32_t crc = ~seed;
    for (const char octet : octets) {
        crc = (crc >> 8U) ^ kTable[(crc ^ static_cast<unsigned char>(octet)) & 0xffU];
    }
    return ~crc;
}

std::uint32_t crc32c(std::string_view octets, std::uint32_t seed) {
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) {
        return crc32c_instruction(octets, seed);
    }
#endif
    return crc32c_portable(octets, seed);
}

}  // namespace store
