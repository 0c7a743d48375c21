// Who comes while a folder is synced shares the next sync, and never the one that runs.
#include "files/folder_syncs.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace files {
namespace {

class FolderSyncsTest : public testing::Test {
  protected:
    // Runs as `sync`: each call waits at the gate until the test opens it.
    base::Result<> at_gate() {
        std::unique_lock lock(mutex_);
        ++calls_;
        moved_.notify_all();
        moved_.wait(lock, [this] { return open_ > 0; });
        --open_;
        return outcome_;
    }

    void wait_for_calls(unsigned count) {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [&] { return calls_ >= count; });
    }

    void open_gate(unsigned times) {
        const std::lock_guard lock(mutex_);
        open_ += times;
        moved_.notify_all();
    }

    // A thread that has a name to be synced.
    std::thread writer() {
        return std::thread([this] { succeeded_ += syncs_.sync(folder_.get()) ? 1U : 0U; });
    }

    base::UniqueFd folder_{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    FolderSyncs syncs_{[this](int /*directory*/) { return at_gate(); }};
    std::mutex mutex_;
    std::condition_variable moved_;
    unsigned calls_ = 0;
    unsigned open_ = 0;
    base::Result<> outcome_;
    std::atomic<unsigned> succeeded_ = 0;
};

TEST_F(FolderSyncsTest, OneByOneEachIsSyncedByItself) {
    open_gate(2);
    EXPECT_TRUE(syncs_.sync(folder_.get()));
    EXPECT_TRUE(syncs_.sync(folder_.get()));
    EXPECT_EQ(calls_, 2U);
}

TEST_F(FolderSyncsTest, WhoComesMeanwhileSharesTheNextOne) {
    std::vector<std::thread> writers;
    writers.push_back(writer());
    wait_for_calls(1);
    for (int i = 0; i < 8; ++i) {
        writers.push_back(writer());
    }
    while (syncs_.waiting() < 8) {
        std::this_thread::yield();
    }
    open_gate(2);  // the running one is of no use to the eight
    for (std::thread& thread : writers) {
        thread.join();
    }
    EXPECT_EQ(succeeded_, 9U);
    EXPECT_EQ(calls_, 2U);
    EXPECT_EQ(syncs_.waiting(), 0U);
}

TEST_F(FolderSyncsTest, AFailureIsToldToAllThatItWasFor) {
    outcome_ = base::fail(base::Errc::kIo, "The disk does not work as it should.");
    open_gate(2);
    EXPECT_FALSE(syncs_.sync(folder_.get()));
    EXPECT_FALSE(syncs_.sync(folder_.get()));
    EXPECT_FALSE(syncs_.sync(-1));
}

}  // namespace
}  // namespace files
