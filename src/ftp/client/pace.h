// A transfer's bound on octets a second.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace ftp {

// Says when the next octets may go. Who was slower than the bound, or did nothing, does not catch up: but for a tenth of
// a second, which evens out how octets arrive.
class Pace {
  public:
    // 0: no bound.
    explicit Pace(std::uint64_t octets_per_second) : rate_(octets_per_second) {}

    // `octets` went at `now`. The moment from which more may go.
    [[nodiscard]] base::SteadyTime spend(std::uint64_t octets, base::SteadyTime now) {
        if (rate_ == 0) {
            return now;
        }
        const double seconds = static_cast<double>(octets) / static_cast<double>(rate_);
        next_ = std::max(next_, now - std::chrono::milliseconds(100)) +
                std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
        return next_;
    }

  private:
    std::uint64_t rate_;
    base::SteadyTime next_{};
};

}  // namespace ftp
