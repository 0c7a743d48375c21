// Uploads into the middle of a file (RANG + STOR): what changes, and that nothing else does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/files_fixture.h"

namespace files {
namespace {

using base::Errc;
using testing::IsEmpty;

class PatchTest : public fakes::FilesFixture {
  protected:
    PatchTest() { tree_ = open("alice@crepes.example"); }

    base::Result<std::unique_ptr<Upload>> begin(std::uint64_t offset, std::uint64_t length) {
        return run(tree_->upload(
            loop_,
            "/a",
            {.mode = UploadOptions::Mode::kPatch, .offset = offset, .length = length}));
    }

    base::Result<> patch(std::uint64_t offset, std::uint64_t length, std::string_view octets) {
        TRY(const auto upload, begin(offset, length));
        TRY_VOID(run(upload->write(loop_, octets)));
        return run(upload->commit(loop_));
    }

    std::shared_ptr<Tree> tree_;
};

TEST_F(PatchTest, ChangesItsOctetsAndNoOthers) {
    struct Row {
        std::uint64_t offset;
        std::string_view octets;
        std::string_view becomes;
    };

    for (const Row& row : {Row{0, "AB", "ABcdef"},
                           Row{2, "CD", "abCDef"},
                           Row{4, "EFG", "abcdEFG"},
                           Row{6, "GH", "abcdefGH"}}) {
        store(*tree_, "/a", "abcdef");
        ASSERT_TRUE(run(tree_->set_mode(loop_, "/a", 0640)));
        ASSERT_TRUE(patch(row.offset, row.octets.size(), row.octets));
        EXPECT_EQ(read(*tree_, "/a"), row.becomes);
        EXPECT_EQ(run(tree_->stat(loop_, "/a"))->mode, 0640U);
        EXPECT_EQ(run(tree_->usage(loop_))->octets, row.becomes.size());
    }
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
}

TEST_F(PatchTest, MakesAFileFromItsStart) {
    ASSERT_TRUE(patch(0, 3, "abc"));
    EXPECT_EQ(read(*tree_, "/a"), "abc");
    EXPECT_EQ(run(tree_->usage(loop_))->files, 1U);
}

TEST_F(PatchTest, BeginsNowhereBehindTheFile) {
    EXPECT_EQ(begin(1, 1).error().code, Errc::kNotFound);
    store(*tree_, "/a", "abc");
    EXPECT_EQ(begin(4, 1).error().code, Errc::kInvalid);
}

TEST_F(PatchTest, WantsAllOctetsOfTheRangeAndNoMore) {
    store(*tree_, "/a", "abcdef");
    EXPECT_EQ(patch(1, 3, "BC").error().code, Errc::kInvalid);
    EXPECT_EQ(patch(1, 3, "BCDE").error().code, Errc::kInvalid);
    EXPECT_EQ(read(*tree_, "/a"), "abcdef");
    EXPECT_THAT(names_on_disk("uploads"), IsEmpty());
}

// Two halves at once, as clients with several connections store them.
TEST_F(PatchTest, PiecesMayComeTogether) {
    store(*tree_, "/a", "abcdef");
    const auto first = begin(0, 3).value();
    const auto second = begin(3, 3).value();
    ASSERT_TRUE(run(second->write(loop_, "DEF")));
    ASSERT_TRUE(run(first->write(loop_, "ABC")));
    ASSERT_TRUE(run(second->commit(loop_)));
    ASSERT_TRUE(run(first->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "ABCDEF");
}

TEST_F(PatchTest, AFileThatBecameShorterIsNotFilledUp) {
    store(*tree_, "/a", "abcdef");
    const auto upload = begin(4, 2).value();
    ASSERT_TRUE(run(upload->write(loop_, "EF")));
    store(*tree_, "/a", "ab");
    EXPECT_EQ(run(upload->commit(loop_)).error().code, Errc::kInvalid);
    EXPECT_EQ(read(*tree_, "/a"), "ab");
}

}  // namespace
}  // namespace files
