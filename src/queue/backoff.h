// How long to wait before the next attempt: doubling from a first span to a longest one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace queue {

struct Backoff {
    base::Duration first = std::chrono::minutes(5);  // long enough for greylisting to be over
    base::Duration longest = std::chrono::hours(1);

    // Before the attempt that follows the `attempts`-th failed one; `attempts` counts from 1.
    [[nodiscard]] base::Duration after(std::uint32_t attempts) const {
        base::Duration span = first;
        for (std::uint32_t i = 1; i < attempts && span < longest; ++i) {
            span *= 2;
        }
        return std::min(span, longest);
    }
};

}  // namespace queue
