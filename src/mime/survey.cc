#include "mime/survey.h"

namespace mime {
namespace {

constexpr std::uint64_t kLineOctetsMax = 998;  // RFC 5322 2.1.1

// Octets that do not stand for themselves in quoted-printable; line ends are among them.
std::uint64_t count_escaped(std::string_view octets) {
    std::uint64_t count = 0;
    for (const char c : octets) {
        const bool is_plain = (c >= ' ' && c <= '~' && c != '=') || c == '\t';
        count += is_plain ? 0 : 1;
    }
    return count;
}

}  // namespace

void Survey::feed(std::string_view octets) {
    if (octets.empty()) {
        return;
    }
    for (std::string_view left = octets; !left.empty();) {
        const char before = left.data() == octets.data() ? last_ : left.data()[-1];
        left.remove_prefix(scan_to_dash_line(left, before, totals_));
    }
    octets_ += octets.size();
    escaped_ += count_escaped(octets);
    measure_lines(octets);
    last_ = octets.back();
}

void Survey::measure_lines(std::string_view octets) {
    std::size_t begin = 0;
    for (std::size_t at = octets.find('\n'); at != std::string_view::npos;
         at = octets.find('\n', begin)) {
        const bool has_cr = (at == 0 ? last_ : octets[at - 1]) == '\r';
        column_ += at - begin;
        crlfs_ += has_cr ? 1 : 0;
        has_long_line_ = has_long_line_ || column_ > kLineOctetsMax + (has_cr ? 1 : 0);
        column_ = 0;
        begin = at + 1;
    }
    column_ += octets.size() - begin;
}

bool Survey::is_lines() const {
    return !has_long_line_ && column_ <= kLineOctetsMax && !totals_.has_nul &&
           !totals_.has_bare_lf && !totals_.has_bare_cr && last_ != '\r';
}

Encoding Survey::smallest(bool allow_8bit) const {
    if (is_lines() && !totals_.has_8bit) {
        return Encoding::k7bit;
    }
    if (is_lines() && allow_8bit) {
        return Encoding::k8bit;
    }
    // Without soft line breaks; then one of three characters for each line of 75.
    const std::uint64_t quoted = octets_ + 2 * escaped_ - 4 * crlfs_;
    const std::uint64_t base64 = (octets_ + 2) / 3 * 4 + octets_ / 57 * 2;
    return quoted + quoted / 75 * 3 <= base64 ? Encoding::kQuotedPrintable : Encoding::kBase64;
}

Encoding Survey::identity() const {
    return !is_lines() ? Encoding::kBinary : has_8bit() ? Encoding::k8bit : Encoding::k7bit;
}

Survey survey(std::string_view octets) {
    Survey seen;
    seen.feed(octets);
    return seen;
}

}  // namespace mime
