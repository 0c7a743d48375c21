// base::Loop: a thread that runs callbacks and timers one after another. net's loop is one; the
// simulator's, on a virtual clock, is another. A session lives on one loop and needs no locks.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/task.h"

namespace base {

class Loop {
  public:
    using TimerId = std::uint64_t;

    Loop() = default;
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    virtual ~Loop() = default;

    // Runs `callback` on this loop's thread, soon, in the order of the calls. From any thread.
    virtual void post(std::function<void()> callback) = 0;

    // Runs `callback` once the clock has reached `when`; on this loop's thread only. The id is never
    // zero and never used again.
    virtual TimerId call_at(SteadyTime when, std::function<void()> callback) = 0;
    // Forgets a timer; one that ran already or never was is no error. On this loop's thread only.
    virtual void cancel(TimerId timer) = 0;

    [[nodiscard]] virtual const Clock& clock() const = 0;
};

// Suspends until `when`. Destroying the awaiting coroutine cancels the timer.
class SleepUntil {
  public:
    SleepUntil(Loop& loop, SteadyTime when) : loop_(loop), when_(when) {}

    SleepUntil(const SleepUntil&) = delete;
    SleepUntil& operator=(const SleepUntil&) = delete;

    ~SleepUntil() {
        if (timer_ != 0) {
            loop_.cancel(timer_);
        }
    }

    [[nodiscard]] bool await_ready() const { return loop_.clock().steady() >= when_; }

    void await_suspend(std::coroutine_handle<> awaiting) {
        timer_ = loop_.call_at(when_, [this, awaiting] {
            timer_ = 0;
            awaiting.resume();
        });
    }

    void await_resume() const {}

  private:
    Loop& loop_;
    SteadyTime when_;
    Loop::TimerId timer_ = 0;
};

[[nodiscard]] inline SleepUntil sleep_until(Loop& loop, SteadyTime when) {
    return {loop, when};
}

// A value that another thread will bring. One waits for it on `loop`:
//     Handover<int> handover(loop);
//     pool.run([giver = handover.giver()] { giver(42); });
//     int x = co_await handover;
// The giver may be called from any thread, once, even after the waiting coroutine is gone.
template <class T>
class Handover {
    struct State {
        Loop& loop;
        std::optional<T> value;
        std::coroutine_handle<> awaiting;
        bool abandoned = false;

        explicit State(Loop& home) : loop(home) {}
    };

  public:
    explicit Handover(Loop& loop) : state_(std::make_shared<State>(loop)) {}

    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;

    ~Handover() { state_->abandoned = true; }

    [[nodiscard]] std::function<void(T)> giver() const {
        return [state = state_](T value) {
            // The value travels in a shared cell: std::function wants copyable closures.
            auto cell = std::make_shared<T>(std::move(value));
            Loop& loop = state->loop;
            loop.post([state, cell] {
                if (state->abandoned) {
                    return;
                }
                state->value.emplace(std::move(*cell));
                if (state->awaiting) {
                    std::exchange(state->awaiting, nullptr).resume();
                }
            });
        };
    }

    [[nodiscard]] bool await_ready() const { return state_->value.has_value(); }

    void await_suspend(std::coroutine_handle<> awaiting) { state_->awaiting = awaiting; }

    T await_resume() {
        CHECK(state_->value.has_value());
        return std::move(*state_->value);
    }

  private:
    std::shared_ptr<State> state_;
};

// Starts `task` now, on the calling thread, and owns it until it ends; then `on_end` is called with
// what it threw, or null. Nobody can cancel it: it ends when what it waits for ends.
void spawn(Task<void> task, std::function<void(std::exception_ptr)> on_end);

}  // namespace base
