// What changes in trees is written down soon, and by many together.
#include "files/recorder.h"

#include <gtest/gtest.h>

#include "fakes/fake_loop.h"
#include "files/records.h"
#include "store/memory_store.h"

namespace files {
namespace {

constexpr std::uint64_t kBurst = 1000;

class RecorderTest : public testing::Test {
  protected:
    RecorderTest() {
        recorder_->set(volume_, {});
        before_ = commits();
    }

    void book_one() {
        recorder_->book(volume_, {.octets = 10, .files = 1}, nullptr);
        recorder_->send_in_time(loop_);
    }

    std::uint64_t commits() { return store_.statistics().commits - before_; }

    std::uint64_t files_written() {
        return load_counts(*store_.snapshot(), volume_)->value().files;
    }

    const std::string volume_ = account_volume(1);
    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    store::MemoryStore store_;
    std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>(store_, clock_, false);
    std::uint64_t before_ = 0;
};

TEST_F(RecorderTest, TheFirstChangeIsWrittenAtOnce) {
    book_one();
    EXPECT_EQ(files_written(), 1U);
}

TEST_F(RecorderTest, ABurstIsOneChangeATenthOfASecond) {
    for (std::uint64_t i = 0; i < kBurst; ++i) {
        book_one();
        loop_.run_for(std::chrono::milliseconds(1));
    }
    loop_.run_for(std::chrono::milliseconds(100));
    EXPECT_EQ(files_written(), kBurst);
    EXPECT_LE(commits(), 11U);
}

TEST_F(RecorderTest, WhatIsLastOfABurstIsWrittenThoughNothingElseHappens) {
    book_one();
    book_one();
    EXPECT_EQ(files_written(), 1U);
    loop_.run_for(std::chrono::milliseconds(99));
    EXPECT_EQ(files_written(), 1U);
    loop_.run_for(std::chrono::milliseconds(1));
    EXPECT_EQ(files_written(), 2U);
}

TEST_F(RecorderTest, WhoeverLeavesWaitsForNobody) {
    book_one();
    book_one();
    recorder_->flush();
    EXPECT_EQ(files_written(), 2U);
}

}  // namespace
}  // namespace files
