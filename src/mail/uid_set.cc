#include "mail/uid_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace mail {
namespace {

constexpr Uid kUidMax = std::numeric_limits<Uid>::max();

// Is `uid` behind `range` with at least one UID between?
bool lies_apart_behind(Uid uid, const UidSet::Range& range) {
    return uid > range.last && uid - range.last > 1;
}

// Appends to sorted ranges one that begins at or behind the last one's begin.
void append(std::vector<UidSet::Range>& ranges, UidSet::Range next) {
    if (ranges.empty() || lies_apart_behind(next.first, ranges.back())) {
        ranges.push_back(next);
        return;
    }
    ranges.back().last = std::max(ranges.back().last, next.last);
}

}  // namespace

UidSet UidSet::from_ranges(std::vector<Range> ranges) {
    for (Range& range : ranges) {
        if (range.first > range.last) {
            std::swap(range.first, range.last);
        }
        range.first = std::max<Uid>(range.first, 1);
    }
    std::erase_if(ranges, [](const Range& range) { return range.last == 0; });
    std::sort(ranges.begin(), ranges.end(), [](const Range& left, const Range& right) {
        return left.first < right.first;
    });
    UidSet set;
    for (const Range& range : ranges) {
        append(set.ranges_, range);
    }
    return set;
}

UidSet UidSet::all() {
    return {1, kUidMax};
}

void UidSet::add(Uid first, Uid last) {
    CHECK(first != 0 && first <= last);
    if (ranges_.empty() || first >= ranges_.back().first) {
        append(ranges_, {first, last});
        return;
    }
    // The ranges that the new one touches or overlaps are [begin, end).
    const auto begin = std::find_if(ranges_.begin(), ranges_.end(), [first](const Range& range) {
        return !lies_apart_behind(first, range);
    });
    auto end = begin;
    Range merged{first, last};
    while (end != ranges_.end() && (end->first <= last || end->first - last <= 1)) {
        merged.first = std::min(merged.first, end->first);
        merged.last = std::max(merged.last, end->last);
        ++end;
    }
    const auto at = ranges_.erase(begin, end);
    ranges_.insert(at, merged);
}

bool UidSet::contains(Uid first, Uid last) const {
    const auto behind =
        std::upper_bound(ranges_.begin(), ranges_.end(), first, [](Uid value, const Range& range) {
            return value < range.first;
        });
    return behind != ranges_.begin() && last <= std::prev(behind)->last;
}

std::uint64_t UidSet::size() const {
    std::uint64_t size = 0;
    for (const Range& range : ranges_) {
        size += std::uint64_t{range.last} - range.first + 1;
    }
    return size;
}

UidSet UidSet::unite(const UidSet& other) const {
    std::vector<Range> both;
    both.reserve(ranges_.size() + other.ranges_.size());
    std::merge(ranges_.begin(),
               ranges_.end(),
               other.ranges_.begin(),
               other.ranges_.end(),
               std::back_inserter(both),
               [](const Range& left, const Range& right) { return left.first < right.first; });
    UidSet set;
    for (const Range& range : both) {
        append(set.ranges_, range);
    }
    return set;
}

UidSet UidSet::intersect(const UidSet& other) const {
    UidSet set;
    auto left = ranges_.begin();
    auto right = other.ranges_.begin();
    while (left != ranges_.end() && right != other.ranges_.end()) {
        const Uid first = std::max(left->first, right->first);
        const Uid last = std::min(left->last, right->last);
        if (first <= last) {
            append(set.ranges_, {first, last});
        }
        if (left->last < right->last) {
            ++left;
        } else {
            ++right;
        }
    }
    return set;
}

UidSet UidSet::subtract(const UidSet& other) const {
    UidSet set;
    auto hole = other.ranges_.begin();
    for (const Range& range : ranges_) {
        std::uint64_t first = range.first;
        while (hole != other.ranges_.end() && hole->last < range.first) {
            ++hole;
        }
        // A hole may reach into the next range, so it is not passed for good.
        for (auto at = hole; at != other.ranges_.end() && at->first <= range.last; ++at) {
            if (at->first > first) {
                set.ranges_.push_back({static_cast<Uid>(first), at->first - 1});
            }
            first = std::uint64_t{at->last} + 1;
            hole = at;
        }
        if (first <= range.last) {
            set.ranges_.push_back({static_cast<Uid>(first), range.last});
        }
    }
    return set;
}

std::string UidSet::to_text() const {
    fmt::memory_buffer text;
    for (const Range& range : ranges_) {
        const char* const comma = text.size() == 0 ? "" : ",";
        if (range.first == range.last) {
            fmt::format_to(std::back_inserter(text), "{}{}", comma, range.first);
        } else {
            fmt::format_to(std::back_inserter(text), "{}{}:{}", comma, range.first, range.last);
        }
    }
    return fmt::to_string(text);
}

}  // namespace mail
