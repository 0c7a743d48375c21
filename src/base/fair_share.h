// Long work on a loop that others run on as well: done a piece at a time, it asks between two pieces whether
// its share of time is used up, and gives way when it is.
#pragma once

#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"

namespace base {

// Lets others on `loop` run whenever some milliseconds of work have passed.
class FairShare {
  public:
    explicit FairShare(Loop& loop) : loop_(loop), begun_(loop.clock().steady()) {}

    [[nodiscard]] bool is_used_up() const;
    // Waits for the loop to come round.
    [[nodiscard]] Task<> give_way();

  private:
    Loop& loop_;
    SteadyTime begun_;
};

}  // namespace base
