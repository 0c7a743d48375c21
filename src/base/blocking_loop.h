// A loop for threads that may wait: it runs one task after another to its end, for commands on a stopped
// server's store and for work in the background. No timers: what needs them runs on net's loops.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"

namespace base {

class BlockingLoop : public Loop {
  public:
    // Keeps the clock.
    explicit BlockingLoop(const Clock& clock) : clock_(clock) {}

    void post(std::function<void()> callback) override {
        const std::lock_guard lock(mutex_);
        ready_.push_back(std::move(callback));
        arrived_.notify_one();
    }

    TimerId call_at(SteadyTime /*when*/, std::function<void()> /*callback*/) override {
        CHECK(!"a BlockingLoop has no timers");
        return 0;
    }

    void cancel(TimerId /*timer*/) override {}

    [[nodiscard]] const Clock& clock() const override { return clock_; }

    // Starts `task` and returns what it gives, however long that takes.
    template <class T>
    T run(Task<T> task) {
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

    const Clock& clock_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::function<void()>> ready_;
};

}  // namespace base
