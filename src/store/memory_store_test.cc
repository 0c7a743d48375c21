// Tests of the store in memory: virtual latency, and faults on demand.
#include "store/memory_store.h"

#include <gtest/gtest.h>

#include <optional>

#include "fakes/fake_loop.h"

namespace store {
namespace {

using base::Errc;
using base::Result;
using std::chrono::milliseconds;

class MemoryStoreTest : public testing::Test {
  protected:
    void make(MemoryOptions options = {}) { store_.emplace(loop_, options); }

    // Submits a put; the returned cell is filled when it is done.
    std::shared_ptr<std::optional<Result<>>> put(std::string key) {
        auto outcome = std::make_shared<std::optional<Result<>>>();
        store_->submit(
            [key](Transaction& transaction) -> Result<> {
                transaction.put(key, "1");
                return {};
            },
            [outcome](Result<> result) { *outcome = std::move(result); });
        return outcome;
    }

    [[nodiscard]] bool there(const std::string& key) const {
        return store_->snapshot()->get(key).value().has_value();
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    std::optional<MemoryStore> store_;
};

TEST_F(MemoryStoreTest, CommitsAfterItsLatencyInGroups) {
    make({.commit_latency = milliseconds(5)});
    const auto first = put("a");
    const auto second = put("b");
    EXPECT_EQ(store_->pending(), 2U);
    loop_.run_for(milliseconds(4));
    EXPECT_FALSE(there("a"));
    EXPECT_FALSE(first->has_value());
    loop_.run_for(milliseconds(1));
    EXPECT_TRUE(there("a"));
    EXPECT_TRUE(first->has_value());
    EXPECT_FALSE(second->has_value());
    loop_.run_for(milliseconds(5));
    EXPECT_TRUE(second->has_value());
    EXPECT_EQ(store_->statistics().groups, 2U);
    EXPECT_EQ(store_->pending(), 0U);
    EXPECT_TRUE(loop_.idle());
}

TEST_F(MemoryStoreTest, FailsTheGroupsItIsToldTo) {
    make();
    store_->fail_next_commits(1, Errc::kNoSpace);
    const auto first = put("a");
    loop_.run_for(milliseconds(1));
    const auto second = put("b");
    loop_.run_for(milliseconds(1));
    EXPECT_EQ(first->value().error().code, Errc::kNoSpace);
    EXPECT_FALSE(there("a"));
    EXPECT_TRUE(second->value());
    EXPECT_TRUE(there("b"));
}

TEST_F(MemoryStoreTest, FailsTheAppendsItIsToldTo) {
    make();
    store_->fail_next_appends(1, Errc::kNoSpace);
    const auto writer = store_->new_blob();
    auto append = writer->append(loop_, "hello");
    append.start();
    EXPECT_EQ(append.result().error().code, Errc::kNoSpace);
    EXPECT_FALSE(writer->finish());
}

TEST_F(MemoryStoreTest, ACrashDropsWhatIsNotCommitted) {
    make();
    const auto kept = put("a");
    loop_.run_for(milliseconds(1));
    const auto lost = put("b");
    const auto queued = put("c");
    store_->crash();
    loop_.run_for(milliseconds(100));
    EXPECT_TRUE(kept->value());
    EXPECT_FALSE(lost->has_value());
    EXPECT_FALSE(queued->has_value());
    EXPECT_TRUE(there("a"));
    EXPECT_FALSE(there("b"));
    EXPECT_FALSE(there("c"));
    const auto later = put("d");
    loop_.run_for(milliseconds(1));
    EXPECT_TRUE(later->value());
}

TEST_F(MemoryStoreTest, ACrashOutOfDoneEndsTheGroup) {
    make();
    int calls = 0;
    const Change nothing = [](Transaction&) -> Result<> { return {}; };
    store_->submit(nothing, [](const Result<>&) {});  // starts a group of its own
    for (int i = 0; i < 3; ++i) {
        store_->submit(nothing, [&](const Result<>&) {
            ++calls;
            store_->crash();
        });
    }
    loop_.run_for(milliseconds(10));
    EXPECT_EQ(calls, 1);
}

TEST_F(MemoryStoreTest, AStallHoldsEverythingUntilResumed) {
    make();
    const auto in_flight = put("a");
    store_->stall();
    const auto queued = put("b");
    loop_.run_for(std::chrono::hours(1));
    EXPECT_FALSE(in_flight->has_value());
    EXPECT_EQ(store_->pending(), 2U);
    store_->resume();
    loop_.run_for(milliseconds(1));
    EXPECT_TRUE(in_flight->has_value());
    EXPECT_TRUE(queued->has_value());
}

TEST_F(MemoryStoreTest, ThePlantedBugAcknowledgesWhatACrashLoses) {
    make({.bug_acknowledge_before_commit = true});
    const auto outcome = put("a");
    loop_.run_ready();
    EXPECT_TRUE(outcome->value());
    store_->crash();
    EXPECT_FALSE(there("a"));
}

TEST_F(MemoryStoreTest, TimersOfAStoreThatIsGoneDoNothing) {
    make();
    const auto outcome = put("a");
    store_.reset();
    loop_.run_for(milliseconds(10));
    EXPECT_FALSE(outcome->has_value());
}

TEST(MemoryStoreWithoutLoopTest, AStallHoldsAndResumeCommits) {
    MemoryStore store;
    store.stall();
    bool done = false;
    store.submit([](Transaction&) -> Result<> { return {}; },
                 [&](const Result<>&) { done = true; });
    EXPECT_FALSE(done);
    store.resume();
    EXPECT_TRUE(done);
    EXPECT_EQ(store.backup("anywhere").error().code, Errc::kUnsupported);
}

}  // namespace
}  // namespace store
