// Dates of creation that users set: what goes along with the file, and what of an attribute is believed.
#include "files/creation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <chrono>

#include "base/unique_fd.h"
#include "fakes/files_fixture.h"

namespace files {
namespace {

using base::Errc;
using base::WallTime;
using std::chrono::milliseconds;

constexpr const char* kAttribute = "user.staffetta.created";
const WallTime kDate(milliseconds(951'786'123'004));

class CreationTest : public fakes::FilesFixture {
  protected:
    // Where the disk of the test has no attributes, the refusal is all that there is to see.
    void SetUp() override {
        tree_ = open("alice@crepes.example");
        store(*tree_, "/a", "abc");
        const auto set = run(tree_->set_created(loop_, "/a", kDate));
        if (!set) {
            ASSERT_EQ(set.error().code, Errc::kUnsupported) << set.error().text;
            GTEST_SKIP() << "the file system below " << root_ << " has no extended attributes";
        }
    }

    WallTime created(const std::string& path, Creation creation = Creation::kAsSet) {
        const auto entry = run(tree_->stat(loop_, path, creation));
        EXPECT_TRUE(entry) << path;
        return entry ? entry->created : WallTime();
    }

    std::string on_disk(const std::string& path) const { return root_ + "/accounts/1" + path; }

    std::shared_ptr<Tree> tree_;
};

TEST_F(CreationTest, IsToldWhereItIsAskedFor) {
    EXPECT_EQ(created("/a"), kDate);
    EXPECT_NE(created("/a", Creation::kOfDisk), kDate);
    const auto first_of = [this](Creation creation) {
        const auto listing = run(tree_->list(loop_, "/", creation)).value();
        return run(listing->next(loop_)).value().at(0).created;
    };
    EXPECT_EQ(first_of(Creation::kAsSet), kDate);
    EXPECT_EQ(first_of(Creation::kOfDisk), created("/a", Creation::kOfDisk));
}

TEST_F(CreationTest, FallsBackToTheFileSystems) {
    store(*tree_, "/b", "");
    EXPECT_EQ(created("/b"), created("/b", Creation::kOfDisk));
}

TEST_F(CreationTest, FoldersHaveOneToo) {
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/d")));
    ASSERT_TRUE(run(tree_->set_created(loop_, "/d", kDate)));
    EXPECT_EQ(created("/d"), kDate);
    // The top is as old as the account.
    EXPECT_EQ(run(tree_->set_created(loop_, "/", kDate)).error().code, base::Errc::kDenied);
}

TEST_F(CreationTest, GoesAlong) {
    ASSERT_TRUE(run(tree_->copy(loop_, "/a", "/copy")));
    EXPECT_EQ(created("/copy"), kDate);
    ASSERT_TRUE(run(tree_->rename(loop_, "/a", "/b")));
    EXPECT_EQ(created("/b"), kDate);
    const auto upload =
        run(tree_->upload(loop_, "/b", {.mode = UploadOptions::Mode::kAppend})).value();
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_EQ(created("/b"), kDate);
    const std::string elsewhere = root_ + "/backup";
    ASSERT_TRUE(files_->backup(elsewhere));
    const base::UniqueFd kept(::open((elsewhere + "/accounts/1/b").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read_creation(kept.get()), kDate);
}

TEST_F(CreationTest, AFileThatIsStoredAnewIsNew) {
    store(*tree_, "/a", "abc");
    EXPECT_NE(created("/a"), kDate);
}

TEST_F(CreationTest, HoldsEveryYearOfFourDigits) {
    const base::UniqueFd fd(::open(on_disk("/a").c_str(), O_RDONLY | O_CLOEXEC));
    for (const auto since : {milliseconds(-62'167'219'200'000),
                             milliseconds(-1),
                             milliseconds(0),
                             milliseconds(253'402'300'799'999)}) {
        ASSERT_TRUE(write_creation(fd.get(), WallTime(since)));
        EXPECT_EQ(read_creation(fd.get()), WallTime(since));
    }
    for (const auto since :
         {milliseconds(-62'167'219'200'001), milliseconds(253'402'300'800'000)}) {
        EXPECT_EQ(write_creation(fd.get(), WallTime(since)).error().code, Errc::kInvalid);
    }
}

TEST_F(CreationTest, WhatIsNoDateIsNothing) {
    const base::UniqueFd fd(::open(on_disk("/a").c_str(), O_RDONLY | O_CLOEXEC));
    for (const std::string& junk : {std::string(),
                                    std::string("-"),
                                    std::string("+1"),
                                    std::string(" 1"),
                                    std::string("1\0", 2),
                                    std::string("1.5"),
                                    std::string("253402300800000"),
                                    std::string("-62167219200001"),
                                    std::string("0000000000000001"),
                                    std::string(3000, '1')}) {
        ASSERT_EQ(::fsetxattr(fd.get(), kAttribute, junk.data(), junk.size(), 0), 0);
        EXPECT_EQ(read_creation(fd.get()), std::nullopt) << junk;
    }
}

TEST_F(CreationTest, ALinkHasNoneOfItsOwn) {
    ASSERT_EQ(::symlink("a", on_disk("/link").c_str()), 0);
    EXPECT_EQ(created("/link"), created("/link", Creation::kOfDisk));
    EXPECT_EQ(run(tree_->set_created(loop_, "/link", kDate)).error().code, Errc::kDenied);
}

TEST(CreationAttributeTest, AFileSystemWithoutAttributesSaysSo) {
    const base::UniqueFd fd(::open("/proc/self/comm", O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(fd);
    EXPECT_EQ(write_creation(fd.get(), kDate).error().code, Errc::kUnsupported);
    EXPECT_EQ(read_creation(fd.get()), std::nullopt);
}

}  // namespace
}  // namespace files
