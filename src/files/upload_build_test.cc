// What files grow by at the same time as others change, replace and append to them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fakes/files_fixture.h"
#include "fakes/waiting_loop.h"

namespace files {
namespace {

class UploadBuildTest : public fakes::FilesFixture {
  protected:
    UploadBuildTest() { tree_ = open("alice@crepes.example"); }

    std::shared_ptr<Tree> tree_;
};

// What is said of a file while it grows makes nobody build over what another has added.
TEST_F(UploadBuildTest, NothingIsLostThatSeveralAppendWhileTheFileIsChanged) {
    tree_.reset();
    files_.reset();
    base::Pool pool(0, 6);
    const auto files = Files::start({.root = root_}, store_, pool, clock_, random_).value();
    tree_ = run(files->open_tree(loop_, 1)).value();
    store(*tree_, "/a", "");
    std::size_t added = 0;
    std::atomic<bool> ends = false;
    std::thread changes([&] {
        for (unsigned mode = 0600; !ends; mode ^= 044) {
            ::chmod((root_ + "/accounts/1/a").c_str(), mode);
            std::this_thread::yield();
        }
    });
    for (int round = 0; round < 50; ++round) {
        std::vector<std::unique_ptr<Upload>> uploads;
        std::vector<base::Task<base::Result<>>> commits;
        for (int i = 0; i < 4; ++i) {
            uploads.push_back(
                run(tree_->upload(loop_, "/a", {.mode = UploadOptions::Mode::kAppend})).value());
            EXPECT_TRUE(run(uploads.back()->write(loop_, "x")));
            commits.push_back(uploads.back()->commit(loop_));
        }
        for (auto& commit : commits) {
            commit.start();
        }
        for (auto& commit : commits) {
            EXPECT_TRUE(loop_.run_until([one = &commit] { return one->done(); }));
            added += commit.result() ? 1 : 0;
        }
    }
    ends = true;
    changes.join();
    EXPECT_EQ(added, 200U);
    EXPECT_EQ(run(tree_->stat(loop_, "/a"))->size, added);
    tree_.reset();
}

// Two large files grow at a time; who waits for a turn may give up.
TEST_F(UploadBuildTest, NobodyHasToWaitForATurn) {
    tree_.reset();
    files_.reset();
    base::Pool pool(1, 1000);
    const auto files = Files::start({.root = root_}, store_, pool, clock_, random_).value();
    fakes::WaitingLoop loop;
    const auto tree = loop.run(files->open_tree(loop, 1)).value();
    std::vector<std::unique_ptr<Upload>> uploads;
    for (const char* const path : {"/a", "/b", "/c"}) {
        const auto first = loop.run(tree->upload(loop, path, {})).value();
        EXPECT_TRUE(loop.run(first->write(loop, std::string(std::size_t{2} << 20U, 'x'))));
        EXPECT_TRUE(loop.run(first->commit(loop)));
        uploads.push_back(
            loop.run(tree->upload(loop, path, {.mode = UploadOptions::Mode::kAppend})).value());
        EXPECT_TRUE(loop.run(uploads.back()->write(loop, "y")));
    }
    std::vector<bool> committed(uploads.size());
    std::size_t ended = 0;
    const auto commit = [&](std::size_t which) -> base::Task<> {
        const auto done = co_await uploads[which]->commit_if(loop, {}, [] { return false; });
        committed[which] = done.value();
        ++ended;
    };
    for (std::size_t which = 0; which < uploads.size(); ++which) {
        base::spawn(commit(which), [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
    }
    pool.settle();  // whether the files are large: all three know before the first of them goes on
    while (ended < uploads.size()) {
        loop.run(pool.run(loop, [] {}));
    }
    EXPECT_EQ(committed, (std::vector<bool>{true, true, false}));
    EXPECT_EQ(loop.run(tree->stat(loop, "/c"))->size, std::size_t{2} << 20U);
    EXPECT_TRUE(loop.run(uploads[2]->commit(loop)));
}

// A user of threads of its own.
class OneOfMany {
  public:
    explicit OneOfMany(Files& files) : tree_(loop_.run(files.open_tree(loop_, 1)).value()) {}

    bool put(UploadOptions::Mode mode, const std::string& path, const std::string& octets) {
        const auto upload = loop_.run(tree_->upload(loop_, path, {.mode = mode})).value();
        EXPECT_TRUE(loop_.run(upload->write(loop_, octets)));
        return loop_.run(upload->commit(loop_)).has_value();
    }

    std::string read(const std::string& path) {
        const auto file = loop_.run(tree_->open(loop_, path)).value();
        std::string octets(file->entry().size, '\0');
        EXPECT_TRUE(loop_.run(file->read(loop_, 0, octets)));
        return octets;
    }

    void rename(const std::string& from, const std::string& to) {
        EXPECT_TRUE(loop_.run(tree_->rename(loop_, from, to)));
    }

    Usage usage() { return loop_.run(tree_->usage(loop_)).value(); }

  private:
    fakes::WaitingLoop loop_;
    std::shared_ptr<Tree> tree_;
};

// By many at once: none of them loses what another added.
TEST_F(UploadBuildTest, NoLineIsLostThatManyAppend) {
    constexpr int kThreads = 4;
    constexpr int kLines = 25;
    base::Pool pool(kThreads, 1000);
    tree_.reset();
    files_.reset();
    const auto files = Files::start({.root = root_}, store_, pool, clock_, random_).value();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&files, thread] {
            OneOfMany user(*files);
            for (int line = 0; line < kLines; ++line) {
                EXPECT_TRUE(user.put(UploadOptions::Mode::kAppend,
                                     "/log",
                                     std::to_string(thread * kLines + line) + "\n"));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    OneOfMany user(*files);
    const std::string octets = user.read("/log");
    EXPECT_EQ(std::count(octets.begin(), octets.end(), '\n'), kThreads * kLines);
    EXPECT_EQ(user.usage().octets, octets.size());
}

// Who gives another file the name is not undone by who adds to it in the same moment.
TEST_F(UploadBuildTest, WhatIsRenamedOntoAFileThatGrowsStays) {
    constexpr int kRounds = 1000;
    tree_.reset();
    files_.reset();
    base::Pool pool(2, 1000);
    const auto files = Files::start({.root = root_}, store_, pool, clock_, random_).value();
    std::atomic<bool> ends = false;
    std::thread grows([&] {
        OneOfMany user(*files);
        while (!ends) {  // which may say that others come first all the time
            (void)user.put(UploadOptions::Mode::kAppend, "/log", "x");
        }
    });
    OneOfMany user(*files);
    const auto name_of = [](int round) { return "/" + std::to_string(round) + ":"; };
    for (int round = 0; round < kRounds; ++round) {
        EXPECT_TRUE(user.put(UploadOptions::Mode::kReplace, name_of(round), name_of(round)));
    }
    int lost = 0;
    for (int round = 0; round < kRounds; ++round) {
        user.rename(name_of(round), "/log");
        for (int i = 0; i < 3; ++i) {  // as long as it takes who was about to put its file there
            lost += user.read("/log").starts_with(name_of(round)) ? 0 : 1;
        }
    }
    ends = true;
    grows.join();
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(user.usage().files, 1U);
}

}  // namespace
}  // namespace files
