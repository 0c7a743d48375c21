#include "agent/twins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/test_trees.h"

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kHalf = "\u00e9te\u0301";

TEST(TwinsTest, AreFilesThatDifferInFormOnly) {
    EXPECT_THAT(find_twins(tree({"a", "b", kComposed, "e", "\xe9"}), {}), IsEmpty());
    EXPECT_THAT(find_twins(tree({kComposed, kHalf, kDecomposed}), {}),
                ElementsAre(Pair(kDecomposed, kComposed), Pair(kHalf, kComposed)));
    EXPECT_THAT(find_twins(tree({kHalf, kDecomposed}), {}), ElementsAre(Pair(kHalf, kDecomposed)));
    EXPECT_THAT(find_twins(tree({kComposed, kDecomposed}, ftp::EntryType::kDirectory), {}),
                IsEmpty());
}

TEST(TwinsTest, LieInFoldersOfOtherFormsToo) {
    const std::string one = std::string(kComposed) + "/menu";
    const std::string other = std::string(kDecomposed) + "/menu";
    EXPECT_THAT(find_twins(tree({one, other}), {}), ElementsAre(Pair(other, one)));
}

TEST(TwinsTest, StandBehindWhatTheTargetHas) {
    EXPECT_THAT(find_twins(tree({kComposed, kDecomposed}), tree({kDecomposed})),
                ElementsAre(Pair(kComposed, kDecomposed)));
    EXPECT_THAT(find_twins(tree({kComposed, kDecomposed}), tree({kComposed, kDecomposed})),
                IsEmpty());
}

TEST(TwinsTest, OfWhatWasSent) {
    SentNames sent;
    EXPECT_EQ(sent.take("a"), "");
    EXPECT_EQ(sent.take("a"), "");
    EXPECT_EQ(sent.take(kDecomposed), "");
    EXPECT_EQ(sent.take(kDecomposed), "");
    EXPECT_EQ(sent.take(kComposed), kDecomposed);
    EXPECT_EQ(sent.take(kHalf), kDecomposed);
    EXPECT_EQ(sent.other_source("x", "a/x"), "");
    sent.note("x", "a/x");
    EXPECT_EQ(sent.other_source("x", "a/x"), "");
    EXPECT_EQ(sent.other_source("x", "b/x"), "a/x");
}

}  // namespace
}  // namespace agent
