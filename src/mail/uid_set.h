// A set of UIDs as sorted ranges that neither touch nor overlap: RFC 9051's sequence-set once "*" and
// sequence numbers are resolved. Its cost is that of its ranges, however wide they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "mail/types.h"

namespace mail {

class UidSet {
  public:
    // Both ends are in it; first <= last, first is not zero.
    struct Range {
        Uid first = 0;
        Uid last = 0;

        friend bool operator==(const Range&, const Range&) = default;
    };

    UidSet() = default;

    UidSet(Uid first, Uid last) { add(first, last); }

    // Any order, overlaps and reversed ends allowed (RFC 9051: 4:2 is 2:4); zeroes are left out.
    // O(n log n), so this is for what strangers send.
    [[nodiscard]] static UidSet from_ranges(std::vector<Range> ranges);
    [[nodiscard]] static UidSet all();

    void add(Uid uid) {
        if (uid > 1 && !ranges_.empty() && ranges_.back().last == uid - 1) {
            ranges_.back().last = uid;
        } else {
            add(uid, uid);
        }
    }

    // Amortised O(1) when it lies behind all others, else as long as the set has ranges.
    void add(Uid first, Uid last);

    [[nodiscard]] bool contains(Uid uid) const { return contains(uid, uid); }

    // All of them.
    [[nodiscard]] bool contains(Uid first, Uid last) const;

    [[nodiscard]] bool empty() const { return ranges_.empty(); }

    // UIDs, not ranges.
    [[nodiscard]] std::uint64_t size() const;

    [[nodiscard]] std::span<const Range> ranges() const { return ranges_; }

    // Zero when empty.
    [[nodiscard]] Uid first() const { return ranges_.empty() ? 0 : ranges_.front().first; }

    [[nodiscard]] Uid last() const { return ranges_.empty() ? 0 : ranges_.back().last; }

    // Linear in the ranges of both.
    [[nodiscard]] UidSet unite(const UidSet& other) const;
    [[nodiscard]] UidSet intersect(const UidSet& other) const;
    [[nodiscard]] UidSet subtract(const UidSet& other) const;

    // "1:5,7"; empty for the empty set.
    [[nodiscard]] std::string to_text() const;

    // Calls visit(uid) for each, ascending. Mind sets like 1:4294967295: intersect first.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Range& range : ranges_) {
            for (std::uint64_t uid = range.first; uid <= range.last; ++uid) {
                visit(static_cast<Uid>(uid));
            }
        }
    }

    friend bool operator==(const UidSet&, const UidSet&) = default;

  private:
    std::vector<Range> ranges_;
};

}  // namespace mail
