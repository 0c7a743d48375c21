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

// A full disk refuses what the store is told; the trees have changed all the same.
TEST_F(RecorderTest, WhatWasRefusedIsWrittenWithWhatComesLater) {
    store_.fail_next_commits(1, base::Errc::kNoSpace);
    book_one();
    book_one();
    EXPECT_EQ(files_written(), 0U);
    loop_.run_for(std::chrono::seconds(20));
    book_one();
    EXPECT_EQ(files_written(), 3U);
}

TEST_F(RecorderTest, ARefusalIsNotAnsweredAtOnce) {
    store_.fail_next_commits(kBurst, base::Errc::kNoSpace);
    for (std::uint64_t i = 0; i < kBurst; ++i) {
        book_one();
        recorder_->note(volume_, "/a", {});
    }
    loop_.run_for(std::chrono::seconds(5));
    EXPECT_EQ(commits(), 0U);
    store_.fail_next_commits(0, base::Errc::kNoSpace);
    loop_.run_for(std::chrono::seconds(10));
    book_one();
    EXPECT_EQ(files_written(), kBurst + 1);
}

TEST_F(RecorderTest, AVolumeIsKeptOnceHoweverLongNothingIsWritten) {
    const auto one = std::make_shared<int>();
    const auto other = std::make_shared<int>();
    store_.fail_next_commits(3 * kBurst, base::Errc::kNoSpace);
    for (std::uint64_t i = 0; i < kBurst; ++i) {
        recorder_->book(volume_, {.octets = 1}, one);
        recorder_->book(volume_, {.octets = 1}, other);
        recorder_->settle();
    }
    EXPECT_EQ(one.use_count(), 2);
    EXPECT_EQ(other.use_count(), 2);
}

TEST_F(RecorderTest, TreesAreClosedWithCountsThatAreRight) {
    ASSERT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
        mark_open(change);
        return {};
    }));
    store_.fail_next_commits(1, base::Errc::kNoSpace);
    book_one();
    recorder_->close(true);
    EXPECT_EQ(files_written(), 1U);
    EXPECT_FALSE(left_open(*store_.snapshot()).value());
}

TEST_F(RecorderTest, TreesStayOpenWhereThatCannotBeWritten) {
    ASSERT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
        mark_open(change);
        return {};
    }));
    store_.fail_next_commits(2, base::Errc::kNoSpace);
    book_one();
    recorder_->close(true);
    EXPECT_TRUE(left_open(*store_.snapshot()).value());
}

}  // namespace
}  // namespace files
