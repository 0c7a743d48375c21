// A loop for tests of code that uses threads: the test's thread runs it until a task has ended.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "base/check.h"
#include "base/loop.h"

namespace fakes {

// Timers are not offered: a test that needs time uses FakeLoop.
class WaitingLoop final : public base::Loop {
  public:
    void post(std::function<void()> callback) override {
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(callback));
        arrived_.notify_one();
    }

    TimerId call_at(base::SteadyTime /*when*/, std::function<void()> /*callback*/) override {
        CHECK(!"a WaitingLoop has no timers");
        return 0;
    }

    void cancel(TimerId /*timer*/) override {}

    [[nodiscard]] const base::Clock& clock() const override { return clock_; }

    // Starts `task` and runs callbacks, waiting for them where there are none, until it is done.
    template <class T>
    T run(base::Task<T> task) {
        task.start();
        while (!task.done()) {
            next()();
        }
        return task.result();
    }

  private:
    std::function<void()> next() {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return !ready_.empty(); });
        auto callback = std::move(ready_.front());
        ready_.pop_front();
        return callback;
    }

    base::SystemClock clock_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::function<void()>> ready_;
};

}  // namespace fakes
