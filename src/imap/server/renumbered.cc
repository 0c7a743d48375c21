#include "imap/server/renumbered.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "base/ascii.h"

namespace imap {

Renumbered::Renumbered(const std::vector<std::string>& from, const std::vector<std::string>& to) {
    const std::size_t count = std::min(from.size(), bits_.size());
    for (std::size_t bit = 0; bit < count; ++bit) {
        const std::string& name = from[bit];
        const auto is_it = [&](const std::string& other) { return base::iequals(name, other); };
        // Where it was, most often.
        const auto found = bit < to.size() && is_it(to[bit])
                               ? to.begin() + static_cast<std::ptrdiff_t>(bit)
                               : std::find_if(to.begin(), to.end(), is_it);
        if (name.empty() || found == to.end()) {
            continue;
        }
        bits_[bit] = static_cast<std::uint8_t>(found - to.begin());
        kept_ |= std::uint64_t{1} << bit;
        moved_ |= bits_[bit] == bit ? 0 : std::uint64_t{1} << bit;
    }
}

std::uint64_t Renumbered::of(std::uint64_t keywords) const {
    std::uint64_t bits = keywords & kept_ & ~moved_;
    for (std::uint64_t left = keywords & moved_; left != 0; left &= left - 1) {
        bits |= std::uint64_t{1} << bits_[static_cast<std::size_t>(std::countr_zero(left))];
    }
    return bits;
}

}  // namespace imap
