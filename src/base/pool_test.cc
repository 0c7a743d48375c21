// Tests of Pool: values, exceptions and the caller's thread, with workers and without.
#include "base/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>

namespace base {
namespace {

// A loop that runs posted callbacks on the thread that calls run_one(), and has no timers.
class PostLoop final : public Loop {
  public:
    void post(std::function<void()> callback) override {
        {
            const std::scoped_lock lock(mutex_);
            queue_.push_back(std::move(callback));
            ++posted_;
        }
        changed_.notify_one();
    }

    TimerId call_at(SteadyTime, std::function<void()>) override { return 1; }

    void cancel(TimerId) override {}

    [[nodiscard]] const Clock& clock() const override { return clock_; }

    std::size_t posted() {
        const std::scoped_lock lock(mutex_);
        return posted_;
    }

    void run_one() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !queue_.empty(); });
        const auto callback = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        callback();
    }

  private:
    SystemClock clock_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::size_t posted_ = 0;
};

class PoolTest : public testing::TestWithParam<unsigned> {
  protected:
    template <class T>
    T finish(const Task<T>& task) {
        task.start();
        while (!task.done()) {
            loop_.run_one();
        }
        return task.result();
    }

    PostLoop loop_;
    Pool pool_{GetParam(), 8};
};

TEST_P(PoolTest, GivesTheValue) {
    const std::string name = "bob";
    EXPECT_EQ(finish(pool_.run(loop_, [name] { return name + "@hamburger.example"; })),
              "bob@hamburger.example");
}

TEST_P(PoolTest, GivesAValueThatCannotBeCopied) {
    EXPECT_EQ(*finish(pool_.run(loop_, [] { return std::make_unique<int>(9); })), 9);
}

TEST_P(PoolTest, RunsForNothing) {
    const auto count = std::make_shared<int>(0);
    finish(pool_.run(loop_, [count] { ++*count; }));
    EXPECT_EQ(*count, 1);
}

// Who goes on with the value may be the last to hold what the function held: files are kept or taken away then, not at
// some time later.
TEST_P(PoolTest, TheFunctionIsGoneBeforeItsValueIsGiven) {
    const auto posted_at_end = std::make_shared<std::size_t>(99);
    const auto note = [this, posted_at_end](const int* held) {
        *posted_at_end = loop_.posted();
        delete held;
    };
    EXPECT_EQ(
        finish(pool_.run(loop_, [held = std::shared_ptr<int>(new int(7), note)] { return *held; })),
        7);
    EXPECT_EQ(*posted_at_end, 0U);
}

TEST_P(PoolTest, ThrowsWhatTheFunctionThrew) {
    EXPECT_THROW(finish(pool_.run(loop_, []() -> int { throw std::runtime_error("full"); })),
                 std::runtime_error);
}

TEST_P(PoolTest, SubmittedFunctionsRunInOrder) {
    std::string order;
    std::mutex mutex;
    {
        Pool pool(GetParam() == 0 ? 0 : 1, 2);
        for (const char c : {'a', 'b', 'c', 'd', 'e'}) {
            pool.submit([&, c] {
                const std::scoped_lock lock(mutex);
                order += c;
            });
        }
    }
    EXPECT_EQ(order, "abcde");
}

INSTANTIATE_TEST_SUITE_P(Threads, PoolTest, testing::Values(0U, 1U, 4U));

TEST(PoolThreadsTest, ManyRunsWaitWithoutBlockingTheLoop) {
    PostLoop loop;
    Pool pool(1, 1);
    std::latch release(1);
    std::atomic<int> done = 0;
    pool.submit([&] { release.wait(); });
    std::vector<Task<void>> tasks;
    for (int i = 0; i < 50; ++i) {
        tasks.push_back(pool.run(loop, [&done] { ++done; }));
        tasks.back().start();
    }
    EXPECT_EQ(done, 0);
    release.count_down();
    for (const auto& task : tasks) {
        while (!task.done()) {
            loop.run_one();
        }
    }
    EXPECT_EQ(done, 50);
}

TEST(PoolThreadsTest, AnAbandonedCallerLosesTheValueNotTheWork) {
    PostLoop loop;
    std::latch started(1);
    std::latch release(1);
    const auto count = std::make_shared<std::atomic<int>>(0);
    {
        Pool pool(1, 1);
        {
            const auto task = pool.run(loop, [&started, &release, count] {
                started.count_down();
                release.wait();
                ++*count;
            });
            task.start();
            started.wait();
        }
        release.count_down();
    }
    EXPECT_EQ(*count, 1);
    loop.run_one();
    EXPECT_EQ(count.use_count(), 1);
}

TEST(PoolTest, SettlesOnceAllHasRun) {
    for (const unsigned threads : {0U, 1U, 3U}) {
        Pool pool(threads, 100);
        std::atomic<int> done = 0;
        for (int i = 0; i < 50; ++i) {
            pool.submit([&] {
                std::this_thread::yield();
                ++done;
            });
        }
        pool.settle();
        EXPECT_EQ(done, 50);
        pool.settle();
    }
}

}  // namespace
}  // namespace base
