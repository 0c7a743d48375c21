#include "mime/line_scan.h"

#include <algorithm>
#include <bit>

#include "mime/octets16.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mime {
namespace {

// Whether the octets behind an LF, as far as they are there, could begin a delimiter line.
bool may_be_dash_line(std::string_view rest) {
    return rest.empty() || (rest[0] == '-' && (rest.size() == 1 || rest[1] == '-'));
}

// Whole steps only, and two octets stay behind each step so that "\n--" can be seen: the plain scan
// does the rest. Stops before the step in which a candidate stands. So do all scans in steps.
class Scan16 {
  public:
    Scan16(char before, OctetTotals& totals) : before_(all16(before)), totals_(totals) {}

    std::size_t run(std::string_view octets) {
        if (octets.size() < kOctets16 + 2) {
            return 0;
        }
        bare_cr_ = equal16(before_, '\r') & ~equal16(all16(octets[0]), '\n');
        std::size_t at = 0;
        while (at + kOctets16 + 2 <= octets.size()) {
            const std::size_t end = std::min(octets.size() - 2, at + kRun * kOctets16);
            const std::size_t stop = run_of_steps(octets.data(), at, end);
            count();
            if (stop == at) {
                break;
            }
            at = stop;
        }
        totals_.has_8bit = totals_.has_8bit || any16(high_ & 0x80);
        totals_.has_nul = totals_.has_nul || any16(zero_);
        totals_.has_bare_lf = totals_.has_bare_lf || any16(bare_lf_);
        totals_.has_bare_cr = totals_.has_bare_cr || any16(bare_cr_);
        return at;
    }

  private:
    // An octet counts the line ends at its place in the steps: so many steps, and it is full.
    static constexpr std::size_t kRun = 255;

    std::size_t run_of_steps(const char* octets, std::size_t at, std::size_t end) {
        for (; at + kOctets16 <= end; at += kOctets16) {
            const Octets16 now = load16(octets + at);
            const Octets16 lf = equal16(now, '\n');
            const Octets16 cr = equal16(now, '\r');
            if (any16(lf | cr)) {
                const Octets16 next = load16(octets + at + 1);
                const Octets16 dashes = equal16(next, '-') & equal16(load16(octets + at + 2), '-');
                if (any16(lf & dashes)) {
                    break;
                }
                bare_lf_ |= lf & ~equal16(behind16(before_, now), '\r');
                bare_cr_ |= cr & ~equal16(next, '\n');
                newlines_ += lf & 1;
            }
            high_ |= now;
            zero_ |= equal16(now, '\0');
            before_ = now;
        }
        return at;
    }

    void count() {
        for (std::size_t i = 0; i < kOctets16; ++i) {
            totals_.newlines += newlines_[i];
        }
        newlines_ = Octets16{};
    }

    Octets16 before_;
    OctetTotals& totals_;
    Octets16 newlines_{};
    Octets16 bare_lf_{};
    Octets16 bare_cr_{};
    Octets16 high_{};
    Octets16 zero_{};
};

#if defined(__x86_64__)

constexpr std::size_t kStep = sizeof(__m256i);

__attribute__((target("avx2"))) inline __m256i load(const char* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

__attribute__((target("avx2"))) inline std::uint32_t equal_mask(__m256i octets, char wanted) {
    return static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(octets, _mm256_set1_epi8(wanted))));
}

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

std::size_t scan_to_dash_line_octets16(std::string_view octets, char before, OctetTotals& totals) {
    const std::size_t done = Scan16(before, totals).run(octets);
    before = done == 0 ? before : octets[done - 1];
    return done + scan_to_dash_line_plain(octets.substr(done), before, totals);
}

std::size_t scan_to_dash_line(std::string_view octets, char before, OctetTotals& totals) {
#if defined(__x86_64__)
    if (octets.size() >= 2 * kStep && have_avx2()) {
        const std::size_t done = scan_steps_avx2(octets, before, totals);
        before = done == 0 ? before : octets[done - 1];
        return done + scan_to_dash_line_plain(octets.substr(done), before, totals);
    }
#endif
    return scan_to_dash_line_octets16(octets, before, totals);
}

}  // namespace mime
