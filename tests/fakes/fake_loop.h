// A loop on a virtual clock: time stands still until nothing is left to run, then jumps to the next
// timer. One thread; deterministic.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "base/loop.h"

namespace fakes {

class FakeClock final : public base::Clock {
  public:
    explicit FakeClock(
        base::WallTime start = base::WallTime(std::chrono::milliseconds(1767225600000)))
        : wall_(start) {}  // 2026-01-01T00:00:00Z

    [[nodiscard]] base::WallTime now() const override { return wall_; }

    [[nodiscard]] base::SteadyTime steady() const override { return steady_; }

    void advance(base::Duration by) {
        steady_ += by;
        remainder_ += by;
        const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(remainder_);
        wall_ += whole;
        remainder_ -= whole;
    }

    // The wall clock jumps, as when somebody sets it; deadlines stay.
    void set_wall(base::WallTime now) { wall_ = now; }

  private:
    base::WallTime wall_;
    base::SteadyTime steady_{std::chrono::hours(1)};
    base::Duration remainder_{};
};

class FakeLoop final : public base::Loop {
  public:
    explicit FakeLoop(FakeClock& clock) : clock_(clock) {}

    void post(std::function<void()> callback) override { ready_.push_back(std::move(callback)); }

    TimerId call_at(base::SteadyTime when, std::function<void()> callback) override;
    void cancel(TimerId timer) override;

    [[nodiscard]] const base::Clock& clock() const override { return clock_; }

    // Runs what is ready, without moving the clock.
    void run_ready();
    // Runs everything due within `span` from now, moving the clock to each timer and at last to the
    // end of the span.
    void run_for(base::Duration span);
    // Runs until `condition` holds, moving the clock as needed; false when nothing is left to run or
    // `limit` of virtual time has passed.
    [[nodiscard]] bool run_until(const std::function<bool()>& condition,
                                 base::Duration limit = std::chrono::hours(24 * 10));

    [[nodiscard]] bool idle() const { return ready_.empty() && timers_.empty(); }

  private:
    bool run_next_timer(base::SteadyTime not_after);

    FakeClock& clock_;
    std::deque<std::function<void()>> ready_;
    std::map<std::pair<base::SteadyTime, TimerId>, std::function<void()>> timers_;
    TimerId next_timer_ = 1;
};

}  // namespace fakes
