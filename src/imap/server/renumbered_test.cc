#include "imap/server/renumbered.h"

#include <gtest/gtest.h>

namespace imap {
namespace {

TEST(Renumbered, GoesByNames) {
    const Renumbered bits({"a", "b", "", "d", "gone"}, {"d", "B", "", "new", "a"});
    EXPECT_EQ(bits.of(0b00001), 0b10000U);
    EXPECT_EQ(bits.of(0b00010), 0b00010U);
    EXPECT_EQ(bits.of(0b01001), 0b10001U);
    EXPECT_TRUE(bits.has_all(0b01011));
}

TEST(Renumbered, LeavesOutWhatHasNoNameThere) {
    const Renumbered bits({"a", "", "gone"}, {"a", "", "new"});
    EXPECT_EQ(bits.of(0b111), 0b001U);
    EXPECT_FALSE(bits.has_all(0b100));
    EXPECT_FALSE(bits.has_all(0b010));
    EXPECT_FALSE(bits.has_all(std::uint64_t{1} << 63));
}

TEST(Renumbered, KnowsTheLastBit) {
    std::vector<std::string> from(mail::kKeywordsMax);
    from.back() = "last";
    const std::uint64_t last = std::uint64_t{1} << (mail::kKeywordsMax - 1);
    EXPECT_EQ(Renumbered(from, {"last"}).of(last), 1U);
    EXPECT_EQ(Renumbered({"last"}, from).of(1), last);
}

}  // namespace
}  // namespace imap
