// Tests of Task and spawn: values, exceptions, nesting, destruction halfway.
#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "base/loop.h"

namespace base {
namespace {

// Suspends until somebody calls resume(); forgets its awaiter when that is destroyed.
class Switch {
  public:
    class Wait {
      public:
        explicit Wait(Switch& owner) : owner_(owner) {}

        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

        ~Wait() { owner_.awaiting_ = nullptr; }

        [[nodiscard]] bool await_ready() const { return false; }

        void await_suspend(std::coroutine_handle<> awaiting) { owner_.awaiting_ = awaiting; }

        void await_resume() const {}

      private:
        Switch& owner_;
    };

    [[nodiscard]] Wait wait() { return Wait(*this); }

    [[nodiscard]] bool awaited() const { return awaiting_ != nullptr; }

    void resume() { std::exchange(awaiting_, nullptr).resume(); }

  private:
    std::coroutine_handle<> awaiting_;
};

Task<int> value(int number) {
    co_return number;
}

Task<int> failing() {
    throw std::runtime_error("spilt milk");
    co_return 0;
}

Task<std::unique_ptr<int>> move_only() {
    co_return std::make_unique<int>(7);
}

Task<int> sum_of_ones(int count) {
    int total = 0;
    for (int i = 0; i < count; ++i) {
        total += co_await value(1);
    }
    co_return total;
}

Task<std::string> caught() {
    try {
        co_await failing();
    } catch (const std::runtime_error& error) {
        co_return error.what();
    }
    co_return "nothing thrown";
}

Task<void> through(Switch& gate, std::shared_ptr<int> held, bool& ended) {
    co_await gate.wait();
    ended = *held == 1;
}

Task<void> nested(Switch& gate, std::shared_ptr<int> held, bool& ended) {
    co_await through(gate, std::move(held), ended);
}

TEST(TaskTest, IsLazyAndGivesItsValue) {
    const Task<int> task = value(42);
    EXPECT_FALSE(task.done());
    task.start();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result(), 42);
}

TEST(TaskTest, MovesItsValueOut) {
    const auto task = move_only();
    task.start();
    EXPECT_EQ(*task.result(), 7);
}

TEST(TaskTest, AwaitingManyDoesNotGrowTheStack) {
    const auto task = sum_of_ones(100'000);
    task.start();
    EXPECT_EQ(task.result(), 100'000);
}

TEST(TaskTest, ThrowsIntoTheAwaiter) {
    const auto task = caught();
    task.start();
    EXPECT_EQ(task.result(), "spilt milk");
    const auto bare = failing();
    bare.start();
    EXPECT_THROW(bare.result(), std::runtime_error);
}

TEST(TaskTest, ResumesThroughTheWholeChain) {
    Switch gate;
    bool ended = false;
    const auto task = nested(gate, std::make_shared<int>(1), ended);
    task.start();
    EXPECT_FALSE(task.done());
    gate.resume();
    EXPECT_TRUE(task.done());
    EXPECT_TRUE(ended);
}

TEST(TaskTest, DestroyedHalfwayFreesFramesAndUnregistersTheWait) {
    Switch gate;
    bool ended = false;
    const auto held = std::make_shared<int>(1);
    {
        const auto task = nested(gate, held, ended);
        task.start();
        EXPECT_TRUE(gate.awaited());
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_FALSE(gate.awaited());
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(ended);
}

TEST(TaskTest, NeverStartedFreesItsParameters) {
    Switch gate;
    bool ended = false;
    const auto held = std::make_shared<int>(1);
    { const auto task = through(gate, held, ended); }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(SpawnTest, RunsAtOnceAndTellsTheEnd) {
    Switch gate;
    bool ended = false;
    int calls = 0;
    spawn(through(gate, std::make_shared<int>(1), ended), [&](std::exception_ptr thrown) {
        ++calls;
        EXPECT_EQ(thrown, nullptr);
    });
    EXPECT_TRUE(gate.awaited());
    EXPECT_EQ(calls, 0);
    gate.resume();
    EXPECT_TRUE(ended);
    EXPECT_EQ(calls, 1);
}

Task<void> throwing() {
    CHECK(1 + 1 == 3);
    co_return;
}

TEST(SpawnTest, TellsWhatWasThrown) {
    std::exception_ptr thrown;
    spawn(throwing(), [&](std::exception_ptr what) { thrown = what; });
    EXPECT_THROW(std::rethrow_exception(thrown), CheckFailed);
}

}  // namespace
}  // namespace base
