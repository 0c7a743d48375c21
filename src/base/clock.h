// Time, as an interface: the wall clock for dates and retention, the steady clock for deadlines. The
// simulator hands in a clock of its own, which may jump five days.
#pragma once

#include <chrono>

namespace base {

using namespace std::chrono_literals;

// Milliseconds since 1970-01-01T00:00:00Z: what is stored and printed.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
// For deadlines and durations only; never stored.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    [[nodiscard]] virtual WallTime now() const = 0;
    [[nodiscard]] virtual SteadyTime steady() const = 0;
};

// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] WallTime now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now());
    }

    [[nodiscard]] SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace base
