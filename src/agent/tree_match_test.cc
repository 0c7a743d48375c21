#include "agent/tree_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/test_trees.h"

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(TreeMatch, FindsWhatHasAnotherForm) {
    EXPECT_THAT(match_forms(tree({"a", kDecomposed}), tree({"a", kComposed})),
                ElementsAre(Pair(kDecomposed, kComposed)));
    EXPECT_THAT(match_forms(tree({kComposed}), tree({kDecomposed})),
                ElementsAre(Pair(kComposed, kDecomposed)));
}

TEST(TreeMatch, LeadsIntoFoldersOfAnotherForm) {
    const std::string here = kDecomposed;
    const std::string there = kComposed;
    EXPECT_THAT(match_forms(tree({here, here + "/b", here + "/c", here + "/c/d"}),
                            tree({there, there + "/b"})),
                ElementsAre(Pair(here, there),
                            Pair(here + "/b", there + "/b"),
                            Pair(here + "/c", there + "/c"),
                            Pair(here + "/c/d", there + "/c/d")));
}

TEST(TreeMatch, LeavesAloneWhatBothHave) {
    EXPECT_THAT(match_forms(tree({kComposed, kDecomposed}), tree({kComposed, kDecomposed})),
                IsEmpty());
    EXPECT_THAT(match_forms(tree({kComposed, kDecomposed}), tree({kComposed})), IsEmpty());
    EXPECT_THAT(match_forms(tree({"\xe9t\xe9"}), tree({kComposed, "\xe8"})), IsEmpty());
}

}  // namespace
}  // namespace agent
