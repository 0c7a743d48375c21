#include "mail/uid_set.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace mail {
namespace {

constexpr Uid kMax = std::numeric_limits<Uid>::max();

TEST(UidSet, PrintsSortedDisjointRanges) {
    struct Row {
        std::vector<UidSet::Range> ranges;
        const char* text;
    };

    const Row rows[] = {
        {{}, ""},
        {{{7, 7}}, "7"},
        {{{1, 5}, {7, 7}}, "1:5,7"},
        {{{7, 7}, {1, 5}}, "1:5,7"},
        {{{5, 1}}, "1:5"},
        {{{1, 5}, {6, 9}}, "1:9"},
        {{{1, 5}, {3, 4}, {5, 8}}, "1:8"},
        {{{0, 0}}, ""},
        {{{0, 3}}, "1:3"},
        {{{kMax, kMax}, {1, kMax}}, "1:4294967295"},
        {{{kMax, kMax}, {kMax - 1, kMax - 1}}, "4294967294:4294967295"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(UidSet::from_ranges(row.ranges).to_text(), row.text);
        UidSet added;
        for (const UidSet::Range& range : row.ranges) {
            const Uid first = std::max<Uid>(1, std::min(range.first, range.last));
            if (std::max(range.first, range.last) != 0) {
                added.add(first, std::max(range.first, range.last));
            }
        }
        EXPECT_EQ(added.to_text(), row.text);
    }
}

TEST(UidSet, AllIsOneRange) {
    EXPECT_EQ(UidSet::all().to_text(), "1:4294967295");
    EXPECT_EQ(UidSet::all().size(), 4294967295U);
    EXPECT_TRUE(UidSet::all().contains(kMax));
    EXPECT_FALSE(UidSet::all().contains(0));
}

TEST(UidSet, AgreesWithASetOfNumbers) {
    base::SeededRandom random(5);
    for (int round = 0; round < 300; ++round) {
        std::set<Uid> numbers[2];
        UidSet sets[2];
        for (int which = 0; which < 2; ++which) {
            for (int i = 0; i < 8; ++i) {
                const auto first = static_cast<Uid>(1 + random.below(40));
                const auto last = static_cast<Uid>(first + random.below(4));
                sets[which].add(first, last);
                for (Uid uid = first; uid <= last; ++uid) {
                    numbers[which].insert(uid);
                }
            }
        }
        const UidSet both = sets[0].intersect(sets[1]);
        const UidSet either = sets[0].unite(sets[1]);
        const UidSet first_only = sets[0].subtract(sets[1]);
        std::size_t in_both = 0;
        for (Uid uid = 1; uid < 60; ++uid) {
            const bool left = numbers[0].contains(uid);
            const bool right = numbers[1].contains(uid);
            EXPECT_EQ(sets[0].contains(uid), left);
            EXPECT_EQ(sets[0].contains(uid, uid + 1), left && numbers[0].contains(uid + 1));
            EXPECT_EQ(both.contains(uid), left && right);
            EXPECT_EQ(either.contains(uid), left || right);
            EXPECT_EQ(first_only.contains(uid), left && !right);
            in_both += left && right ? 1 : 0;
        }
        EXPECT_EQ(both.size(), in_both);
        // One set has one form, however it came about.
        EXPECT_EQ(first_only.unite(both), sets[0]);
    }
}

TEST(UidSet, VisitsEachUidOnceAscending) {
    const UidSet set = UidSet::from_ranges({{9, 9}, {kMax - 1, kMax}, {2, 4}});
    std::vector<Uid> seen;
    set.for_each([&seen](Uid uid) { seen.push_back(uid); });
    EXPECT_EQ(seen, (std::vector<Uid>{2, 3, 4, 9, kMax - 1, kMax}));
    EXPECT_EQ(set.first(), 2U);
    EXPECT_EQ(set.last(), kMax);
}

}  // namespace
}  // namespace mail
