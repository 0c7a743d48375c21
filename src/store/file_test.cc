// Tests of the kernel's file system behind its interface, and of the one that forgets.
#include "store/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "fakes/power_cut_file_system.h"
#include "fakes/temp_folder.h"
#include "store/forgetful_file_system.h"

namespace store {
namespace {

using base::Errc;
using testing::UnorderedElementsAre;

std::string read_all(const File& file) {
    std::string octets(100'000, '\0');
    octets.resize(file.read_at(0, octets).value());
    return octets;
}

class FileTest : public testing::Test {
  protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return folder_.path() + "/" + name;
    }

    fakes::TempFolder folder_;
    FileSystem& kernel_ = posix_file_system();
};

TEST_F(FileTest, WritesManyPartsAndReadsThemBack) {
    const auto file = kernel_.open(path("a"), OpenMode::kCreate).value();
    std::vector<std::string> texts;
    std::string whole = "..";
    for (int i = 0; i < 1000; ++i) {  // more than one system call takes
        texts.push_back(std::to_string(i));
        whole += texts.back();
    }
    const std::vector<std::string_view> parts(texts.begin(), texts.end());
    ASSERT_TRUE(file->write_at(2, parts));
    const std::string_view dots[] = {".", "."};
    ASSERT_TRUE(file->write_at(0, dots));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(read_all(*file), whole);
    EXPECT_EQ(file->size().value(), whole.size());
    std::string part(4, '\0');
    EXPECT_EQ(file->read_at(whole.size() - 2, part).value(), 2U);
    EXPECT_EQ(file->read_at(whole.size() + 5, part).value(), 0U);
    EXPECT_EQ(file->read_cached(whole.size() - 2, part), std::nullopt);
    ASSERT_TRUE(file->truncate(3));
    EXPECT_EQ(read_all(*file), "..0");
    ASSERT_TRUE(file->allocate(10));
    EXPECT_EQ(read_all(*file), std::string("..0\0\0\0\0\0\0\0", 10));
}

TEST_F(FileTest, NamesWhatWentWrong) {
    const auto missing = kernel_.open(path("missing"), OpenMode::kRead);
    EXPECT_EQ(missing.error().code, Errc::kNotFound);
    EXPECT_THAT(missing.error().text, testing::HasSubstr(path("missing")));
    ASSERT_TRUE(kernel_.open(path("a"), OpenMode::kCreate));
    EXPECT_EQ(kernel_.open(path("a"), OpenMode::kCreate).error().code, Errc::kExists);
    EXPECT_EQ(kernel_.list(path("missing")).error().code, Errc::kNotFound);
    EXPECT_EQ(kernel_.remove(path("missing")).error().code, Errc::kNotFound);
    EXPECT_EQ(kernel_.sync_directory(path("missing")).error().code, Errc::kNotFound);
    EXPECT_FALSE(kernel_.create_directory(path("a") + "/below a file"));
    const auto full = kernel_.open("/dev/full", OpenMode::kReadWrite).value();
    const std::string_view parts[] = {"octets"};
    EXPECT_EQ(full->write_at(0, parts).error().code, Errc::kNoSpace);
}

TEST_F(FileTest, MakesListsAndRemoves) {
    ASSERT_TRUE(kernel_.create_directory(path("x/y/z")));
    ASSERT_TRUE(kernel_.create_directory(path("x/y/z")));
    ASSERT_TRUE(kernel_.open(path("x/y/a"), OpenMode::kCreate));
    EXPECT_THAT(kernel_.list(path("x/y")).value(), UnorderedElementsAre("z", "a"));
    ASSERT_TRUE(kernel_.remove(path("x/y/a")));
    EXPECT_THAT(kernel_.list(path("x/y")).value(), UnorderedElementsAre("z"));
    EXPECT_GT(kernel_.free_octets(path("x")).value(), 0U);
}

TEST_F(FileTest, WhatIsNotSyncedGoesWithThePower) {
    fakes::PowerCutFileSystem power;
    ASSERT_TRUE(power.create_directory(path("kept/below/")));
    ASSERT_TRUE(power.make_directory(path("lost")));
    ASSERT_TRUE(power.open(path("kept/lost"), OpenMode::kCreate));
    EXPECT_THAT(power.cut(), UnorderedElementsAre(path("kept/lost"), path("lost")));
    EXPECT_THAT(kernel_.list(folder_.path()).value(), UnorderedElementsAre("kept"));
    EXPECT_THAT(kernel_.list(path("kept")).value(), UnorderedElementsAre("below"));
}

TEST_F(FileTest, ClonesAndClosesToOthers) {
    ASSERT_TRUE(kernel_.open(path("a"), OpenMode::kCreate));
    // Where the file system cannot, nothing is left.
    EXPECT_EQ(kernel_.clone(path("a"), path("b")).has_value(), std::filesystem::exists(path("b")));
    EXPECT_FALSE(kernel_.clone(path("none"), path("c")));
    EXPECT_EQ(kernel_.clone(path("a"), path("a")).error().code, Errc::kExists);
    EXPECT_EQ(std::filesystem::hard_link_count(path("a")), 1U);
    EXPECT_FALSE(std::filesystem::exists(path("c")));
    ASSERT_TRUE(kernel_.make_directory(path("c")));
    EXPECT_EQ(kernel_.make_directory(path("c")).error().code, Errc::kExists);
    std::filesystem::permissions(path("c"), std::filesystem::perms::all);
    ASSERT_TRUE(kernel_.close_to_others(path("c")));
    EXPECT_EQ(std::filesystem::status(path("c")).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(FileTest, LocksOnce) {
    auto lock = kernel_.lock(path("LOCK"));
    ASSERT_TRUE(lock);
    EXPECT_EQ(kernel_.lock(path("LOCK")).error().code, Errc::kInUse);
    lock->reset();
    EXPECT_TRUE(kernel_.lock(path("LOCK")));
}

TEST_F(FileTest, TheForgetfulOneKeepsWhatIsSyncedAndNothingElse) {
    FileSystem& forgetful = forgetful_file_system();
    const std::string_view synced[] = {"syn", "ced"};
    const std::string_view lost[] = {"lost"};
    {
        const auto file = forgetful.open(path("a"), OpenMode::kCreate).value();
        ASSERT_TRUE(file->write_at(0, synced));
        EXPECT_EQ(read_all(*kernel_.open(path("a"), OpenMode::kRead).value()), "");
        ASSERT_TRUE(file->sync());
        ASSERT_TRUE(file->write_at(0, lost));
    }
    EXPECT_EQ(read_all(*kernel_.open(path("a"), OpenMode::kRead).value()), "synced");
}

}  // namespace
}  // namespace store
