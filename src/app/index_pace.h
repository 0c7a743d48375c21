// How long the builder of the search index rests after each piece of work: three times as long as that took, and up to
// twenty times while the store takes changes, since mail that comes in goes before mail that is looked for. A mailbox
// that receives for ever is indexed all the same; what is not indexed yet is read by each search.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/clock.h"

namespace app {

class IndexPace {
  public:
    // `groups()` counts the groups of changes that the store has made. `wait(span)` waits for so long, and says whether
    // to go on. `clock` outlives it.
    IndexPace(const base::Clock& clock,
              std::function<std::uint64_t()> groups,
              std::function<bool(base::Duration span)> wait)
        : clock_(clock),
          groups_(std::move(groups)),
          wait_(std::move(wait)) {}

    // A piece of work begins now, after something else than rest().
    void begin() { began_ = clock_.steady(); }

    // After a piece of work; the next one begins when it returns. Waits for nothing more once wait() has said so.
    void rest();

  private:
    const base::Clock& clock_;
    std::function<std::uint64_t()> groups_;
    std::function<bool(base::Duration)> wait_;
    base::SteadyTime began_;
    base::SteadyTime busy_until_;
};

}  // namespace app
