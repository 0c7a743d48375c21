// A loop for tests of code that uses threads: the test's thread runs it until a task has ended. Its timers never
// come: a test that needs time uses FakeLoop.
#pragma once

#include <functional>

#include "base/blocking_loop.h"
#include "base/clock.h"

namespace fakes {

struct OwnClock {
    base::SystemClock system_clock;
};

class WaitingLoop final : private OwnClock, public base::BlockingLoop {
  public:
    WaitingLoop() : base::BlockingLoop(system_clock) {}

    TimerId call_at(base::SteadyTime /*when*/, std::function<void()> /*callback*/) override {
        return ++timers_;
    }

  private:
    TimerId timers_ = 0;
};

}  // namespace fakes
