#include "app/plain_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fakes/temp_folder.h"

namespace app {
namespace {

namespace fs = std::filesystem;

using base::Errc;
using ::testing::UnorderedElementsAre;

class PlainTreeTest : public ::testing::Test {
  protected:
    static void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

    static std::string get(const fs::path& path) {
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void SetUp() override {
        fs::create_directories(inside_ / "sub");
        put(outside_, "secret");
    }

    fakes::TempFolder folder_;
    const fs::path inside_ = fs::path(folder_.path()) / "inside";
    const fs::path outside_ = fs::path(folder_.path()) / "outside";
};

TEST_F(PlainTreeTest, ReadsFilesAndNothingElse) {
    const PlainTree tree = PlainTree::open(inside_).value();
    put(inside_ / "sub" / "file", "ketchup");
    fs::create_symlink(outside_, inside_ / "link");
    fs::create_directory_symlink(folder_.path(), inside_ / "up");
    ASSERT_EQ(::mkfifo((inside_ / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(tree.read("sub/file", 7)->octets, "ketchup");
    EXPECT_EQ(tree.read("sub/file", 6).error().code, Errc::kTooLong);
    for (const char* const other : {"link", "fifo", "sub", "absent"}) {
        EXPECT_EQ(tree.read(other, 100).error().code, Errc::kNotFound) << other;
    }
    EXPECT_FALSE(tree.read("up/outside", 100));
    EXPECT_FALSE(tree.read("../outside", 100));
    EXPECT_FALSE(tree.read(outside_, 100));
    EXPECT_THAT(tree.names(".").value(), UnorderedElementsAre("sub", "link", "up", "fifo"));
    EXPECT_EQ(tree.names("up").error().code, Errc::kInvalid);
    EXPECT_EQ(tree.names("sub/file").error().code, Errc::kInvalid);
    EXPECT_TRUE(tree.is_folder("sub"));
    EXPECT_FALSE(tree.is_folder("up"));
    EXPECT_EQ(tree.read("absent", 1).error().text.find(inside_.string() + "/absent: "), 0U);
}

TEST_F(PlainTreeTest, WritesThroughNoLink) {
    const PlainTree tree = PlainTree::open(inside_).value();
    fs::create_symlink(outside_, inside_ / "draft");
    fs::create_hard_link(outside_, inside_ / "hard");
    fs::create_symlink(outside_, inside_ / "target");
    fs::create_directory_symlink(folder_.path(), inside_ / "up");
    const base::WallTime moment(std::chrono::seconds(1'000'000'000));
    ASSERT_TRUE(tree.write("target", "draft", "mail", moment));
    ASSERT_TRUE(tree.write("sub/other", "hard", "mail"));
    EXPECT_EQ(get(outside_), "secret");
    EXPECT_FALSE(fs::is_symlink(inside_ / "target"));
    EXPECT_EQ(tree.read("target", 100)->octets, "mail");
    EXPECT_EQ(tree.read("target", 100)->modified, moment);
    EXPECT_EQ(fs::status(inside_ / "target").permissions(), fs::perms(0600));
    EXPECT_EQ(tree.write("up/new", "draft", "x").error().code, Errc::kInvalid);
    EXPECT_EQ(tree.make_folders("up/a/b").error().code, Errc::kInvalid);
    EXPECT_EQ(tree.make_folders("target/a").error().code, Errc::kInvalid);
    EXPECT_EQ(tree.make_folders("../a").error().code, Errc::kInvalid);
    ASSERT_TRUE(tree.make_folders("a/b/c"));
    ASSERT_TRUE(tree.make_folders("a/b/c"));
    EXPECT_TRUE(fs::is_directory(inside_ / "a" / "b" / "c"));
    EXPECT_EQ(tree.make_folders(std::string(300, 'n')).error().code, Errc::kTooLong);
    EXPECT_THAT(tree.names("sub").value(), UnorderedElementsAre("other"));
}

TEST_F(PlainTreeTest, ReadsLargeFilesAndThoseThatAreNone) {
    const PlainTree tree = PlainTree::open(inside_).value();
    const std::string large(700'001, 'x');
    put(inside_ / "large", large);
    put(inside_ / "empty", "");
    EXPECT_EQ(tree.read("large", 1'000'000)->octets, large);
    EXPECT_EQ(tree.read("empty", 0)->octets, "");
    EXPECT_EQ(PlainTree::open(folder_.path() + std::string("/absent")).error().code,
              Errc::kNotFound);
    EXPECT_FALSE(PlainTree::open(outside_));
}

}  // namespace
}  // namespace app
