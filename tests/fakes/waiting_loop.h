// A loop for tests of code that uses threads: the test's thread runs it until a task has ended. A test that
// needs time uses FakeLoop.
#pragma once

#include "base/blocking_loop.h"
#include "base/clock.h"

namespace fakes {

struct OwnClock {
    base::SystemClock system_clock;
};

class WaitingLoop final : private OwnClock, public base::BlockingLoop {
  public:
    WaitingLoop() : base::BlockingLoop(system_clock) {}
};

}  // namespace fakes
