#include "mime/line_scan.h"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mime {
namespace {

// Whether the octets behind an LF, as far as they are there, could begin a delimiter line.
bool may_be_dash_line(std::string_view rest) {
    return rest.empty() || (rest[0] == '-' && (rest.size() == 1 || rest[1] == '-'));
}

#if defined(__x86_64__)

constexpr std::size_t kStep = sizeof(__m256i);

__attribute__((target("avx2"))) inline __m256i load(const char* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

__attribute__((target("avx2"))) inline std::uint32_t equal_mask(__m256i octets, char wanted) {
    return static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(octets, _mm256_set1_epi8(wanted))));
}

// Whole steps only, and two octets stay behind each step so that "\n--" can be seen: the plain scan
// does the rest. Stops before the step in which a candidate stands.
__attribute__((target("avx2,popcnt"))) std::size_t scan_steps_avx2(std::string_view octets,
                                                                   char before,
                                                                   OctetTotals& totals) {
    __m256i high = _mm256_setzero_si256();
    __m256i zero = _mm256_setzero_si256();
    std::uint32_t carry_cr = before == '\r' ? 1U : 0U;
    std::uint32_t bare_lf = 0;
    std::uint32_t bare_cr = 0;
    std::uint64_t newlines = 0;
    std::size_t at = 0;
    for (; at + kStep + 2 <= octets.size(); at += kStep) {
        const char* const step = octets.data() + at;
        const __m256i now = load(step);
        const std::uint32_t lf = equal_mask(now, '\n');
        const std::uint32_t cr = equal_mask(now, '\r');
        // Most steps hold no line end at all, and a line that begins with '-' is rarer still.
        if (lf != 0 &&
            (lf & equal_mask(load(step + 1), '-') & equal_mask(load(step + 2), '-')) != 0) {
            break;
        }
        const std::uint32_t behind_cr = (cr << 1U) | carry_cr;
        bare_lf |= lf & ~behind_cr;
        bare_cr |= behind_cr & ~lf;
        carry_cr = cr >> 31U;
        newlines += static_cast<std::uint64_t>(std::popcount(lf));
        high = _mm256_or_si256(high, now);
        zero = _mm256_or_si256(zero, _mm256_cmpeq_epi8(now, _mm256_setzero_si256()));
    }
    totals.newlines += newlines;
    totals.has_8bit = totals.has_8bit || _mm256_movemask_epi8(high) != 0;
    totals.has_nul = totals.has_nul || _mm256_movemask_epi8(zero) != 0;
    totals.has_bare_lf = totals.has_bare_lf || bare_lf != 0;
    totals.has_bare_cr = totals.has_bare_cr || bare_cr != 0;
    return at;
}

bool have_avx2() {
    static const bool have =
        __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0;
    return have;
}

#endif

}  // namespace

std::size_t scan_to_dash_line_plain(std::string_view octets, char before, OctetTotals& totals) {
    for (std::size_t at = 0; at < octets.size(); ++at) {
        const char octet = octets[at];
        totals.has_8bit = totals.has_8bit || (static_cast<unsigned char>(octet) & 0x80U) != 0;
        totals.has_nul = totals.has_nul || octet == '\0';
        totals.has_bare_cr = totals.has_bare_cr || (before == '\r' && octet != '\n');
        if (octet == '\n') {
            ++totals.newlines;
            totals.has_bare_lf = totals.has_bare_lf || before != '\r';
            if (may_be_dash_line(octets.substr(at + 1))) {
                return at + 1;
            }
        }
        before = octet;
    }
    return octets.size();
}

std::size_t scan_to_dash_line(std::string_view octets, char before, OctetTotals& totals) {
    std::size_t done = 0;
#if defined(__x86_64__)
    if (octets.size() >= 2 * kStep && have_avx2()) {
        done = scan_steps_avx2(octets, before, totals);
        before = done == 0 ? before : octets[done - 1];
    }
#endif
    return done + scan_to_dash_line_plain(octets.substr(done), before, totals);
}

}  // namespace mime
