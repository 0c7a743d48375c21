// Uploads whose first octets stand in memory: nothing is made before it must be, and all that they were to be they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "fakes/files_fixture.h"
#include "files/upload_state.h"

namespace files {
namespace {

using base::Errc;

class EarlyTest : public fakes::FilesFixture {
  protected:
    EarlyTest() { start({}); }

    void start(Options options) {
        tree_.reset();
        restart(std::move(options));
        tree_ = open("alice@crepes.example");
    }

    std::unique_ptr<Upload> begin(const std::string& path, UploadOptions options = {}) {
        auto upload = run(tree_->upload(loop_, path, options));
        EXPECT_TRUE(upload) << upload.error().text;
        return std::move(*upload);
    }

    // As a stream does it: into room() as long as there is some, then by write().
    void receive(Upload& upload, std::string_view octets, std::size_t piece) {
        while (!octets.empty()) {
            std::size_t taken = std::min(octets.size(), piece);
            const auto room =
                upload.until_room() > 0 ? std::span<char>() : run(upload.room(loop_)).value();
            if (room.empty()) {
                ASSERT_TRUE(run(upload.write(loop_, octets.substr(0, taken))));
            } else {
                taken = std::min(taken, room.size());
                ASSERT_TRUE(upload.reserve(taken));
                std::copy_n(octets.begin(), taken, room.begin());
                upload.fill(loop_, taken);
            }
            octets.remove_prefix(taken);
        }
    }

    [[nodiscard]] std::size_t made() { return names_on_disk("uploads").size(); }

    std::shared_ptr<Tree> tree_;
};

std::string body(std::size_t octets) {
    std::string text;
    while (text.size() < octets) {
        text += std::to_string(text.size()) + " Do you like ketchup?\n";
    }
    text.resize(octets);
    return text;
}

TEST_F(EarlyTest, NothingIsMadeBeforeTheEndOfASmallFile) {
    const auto upload = begin("/a");
    receive(*upload, body(1000), 300);
    ASSERT_TRUE(run(upload->write(loop_, "and more")));
    EXPECT_EQ(upload->offset(), 1008U);
    EXPECT_EQ(upload->fd(), -1);
    EXPECT_EQ(made(), 0U);
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), body(1000) + "and more");
    EXPECT_EQ(made(), 0U);
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 1008U);
    EXPECT_EQ(run(tree_->usage(loop_))->files, 1U);
}

TEST_F(EarlyTest, AFileIsWholeWhateverItsLength) {
    for (const std::size_t length : {std::size_t{0},
                                     std::size_t{1},
                                     kEarlyOctets - 1,
                                     kEarlyOctets,
                                     kEarlyOctets + 1,
                                     3 * kEarlyOctets + 7}) {
        for (const std::size_t piece : {std::size_t{5000}, kEarlyOctets, std::size_t{1} << 20U}) {
            const std::string octets = body(length);
            const auto upload = begin("/a");
            receive(*upload, octets, piece);
            EXPECT_EQ(upload->offset(), length);
            ASSERT_TRUE(run(upload->commit(loop_)));
            EXPECT_TRUE(read(*tree_, "/a") == octets) << length << " in pieces of " << piece;
            EXPECT_EQ(run(tree_->usage(loop_))->octets, length);
        }
    }
}

TEST_F(EarlyTest, ALargerFileIsMadeWhenTheMemoryIsFull) {
    const auto upload = begin("/a");
    EXPECT_EQ(upload->until_room(), 0U);
    receive(*upload, body(kEarlyOctets), 10'000);
    EXPECT_EQ(made(), 0U);
    EXPECT_TRUE(run(upload->room(loop_)).value().empty());
    EXPECT_EQ(made(), 1U);
    EXPECT_GE(upload->fd(), 0);
    EXPECT_GT(upload->until_room(), 0U);
}

TEST_F(EarlyTest, WhatIsLongInComingGetsItsFile) {
    const auto upload = begin("/a");
    receive(*upload, "Do you like ", 100);
    ASSERT_TRUE(run(upload->drain(loop_)));
    EXPECT_EQ(made(), 1U);
    EXPECT_GT(upload->until_room(), 0U);
    ASSERT_TRUE(run(upload->write(loop_, "ketchup?")));
    ASSERT_TRUE(run(upload->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "Do you like ketchup?");
}

TEST_F(EarlyTest, WhatIsDroppedLeavesNothing) {
    receive(*begin("/a"), "Do you", 100);
    EXPECT_TRUE(names(*tree_, "/").empty());
    EXPECT_EQ(made(), 0U);
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 0U);
    start({.quota_octets = kEarlyOctets, .quota_files = 1});
    receive(*begin("/a"), "Do you", 100);
    store(*tree_, "/b", body(kEarlyOctets));
}

TEST_F(EarlyTest, WhatIsKeptOfAnUploadThatWasCutOffIsWhatCame) {
    start({.keep_partials = true});
    receive(*begin("/a"), "Do you ", 3);
    EXPECT_EQ(run(tree_->partial(loop_, "/a")).value(), 7U);
    {
        const auto rest = begin("/a", {.mode = UploadOptions::Mode::kResume, .offset = 7});
        ASSERT_TRUE(run(rest->write(loop_, "like ketchup?")));
        ASSERT_TRUE(run(rest->commit(loop_)));
    }
    EXPECT_EQ(read(*tree_, "/a"), "Do you like ketchup?");
    begin("/b").reset();
    EXPECT_EQ(run(tree_->partial(loop_, "/b")).value(), std::nullopt);
}

TEST_F(EarlyTest, AFileThatMakesPlaceLeavesItsPermissionsAndItsRoom) {
    start({.quota_octets = 10, .quota_files = 1});
    store(*tree_, "/a", "1234567890");
    ASSERT_TRUE(run(tree_->set_mode(loop_, "/a", 0640)));
    store(*tree_, "/a", "0987654321");
    EXPECT_EQ(read(*tree_, "/a"), "0987654321");
    EXPECT_EQ(run(tree_->stat(loop_, "/a"))->mode, 0640U);
    EXPECT_EQ(put(*tree_, "/a", "12345678901").error().code, Errc::kOverQuota);
    EXPECT_EQ(put(*tree_, "/b", "").error().code, Errc::kOverQuota);
    EXPECT_EQ(read(*tree_, "/a"), "0987654321");
}

// Of two that began when there was nothing the second makes a file take place, and has its permissions.
TEST_F(EarlyTest, WhatCameMeanwhileMakesPlaceToo) {
    const auto first = begin("/a");
    store(*tree_, "/a", "first");
    ASSERT_TRUE(run(tree_->set_mode(loop_, "/a", 0600)));
    receive(*first, "last", 10);
    ASSERT_TRUE(run(first->commit(loop_)));
    EXPECT_EQ(read(*tree_, "/a"), "last");
    EXPECT_EQ(run(tree_->stat(loop_, "/a"))->mode, 0600U);
    EXPECT_EQ(run(tree_->usage(loop_))->files, 1U);
    EXPECT_EQ(run(tree_->usage(loop_))->octets, 4U);
}

TEST_F(EarlyTest, AFolderThatCameOrWentMeanwhileIsFoundAtTheEnd) {
    const auto taken = begin("/a");
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/a")));
    EXPECT_EQ(run(taken->commit(loop_)).error().code, Errc::kExists);
    ASSERT_TRUE(run(tree_->make_directory(loop_, "/folder")));
    {
        const auto homeless = begin("/folder/a");
        receive(*homeless, "Do you", 10);
        ASSERT_TRUE(run(tree_->remove_directory(loop_, "/folder")));
        EXPECT_EQ(run(homeless->commit(loop_)).error().code, Errc::kNotFound);
    }
    EXPECT_EQ(made(), 0U);
    EXPECT_EQ(run(tree_->usage(loop_))->files, 1U);
}

TEST_F(EarlyTest, SoManyAtOnceAndNoMore) {
    std::vector<std::unique_ptr<Upload>> planned;
    for (unsigned i = 0; i < Aside::kPlansMax; ++i) {
        planned.push_back(begin("/" + std::to_string(i)));
        ASSERT_EQ(planned.back()->fd(), -1) << i;
    }
    EXPECT_GE(begin("/a")->fd(), 0);
    ASSERT_TRUE(run(planned[0]->drain(loop_)));
    planned[1].reset();
    planned.push_back(begin("/b"));
    planned.push_back(begin("/c"));
    EXPECT_EQ(planned.back()->fd(), -1);
    EXPECT_GE(begin("/d")->fd(), 0);
    planned.clear();
    EXPECT_EQ(begin("/e")->fd(), -1);
}

// What must know more than memory tells is begun as it always was.
TEST_F(EarlyTest, OtherUploadsAreBegunAtOnce) {
    store(*tree_, "/a", "abc");
    for (const UploadOptions& options : {
             UploadOptions{.mode = UploadOptions::Mode::kAppend},
             UploadOptions{.mode = UploadOptions::Mode::kResume, .offset = 2},
             UploadOptions{.mode = UploadOptions::Mode::kUnique},
             UploadOptions{.mode = UploadOptions::Mode::kPatch, .offset = 1, .length = 1},
             UploadOptions{.announced = 7},
         }) {
        const auto upload = begin("/a", options);
        EXPECT_GE(upload->fd(), 0);
        EXPECT_EQ(made(), 1U);
    }
    EXPECT_GE(begin("/caf\xC3\xA9")->fd(), 0);
}

}  // namespace
}  // namespace files
