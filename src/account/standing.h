// Whether who logged in may go on: an account may be disabled or removed while sessions of its are open.
#pragma once

#include <chrono>

#include "account/directory.h"
#include "base/clock.h"
#include "store/store.h"

namespace account {

// False once the account was disabled or removed. Where the store cannot tell, nobody is turned out. A read of the
// store, which does not wait for the disk as a rule.
[[nodiscard]] bool may_stay(const store::Store& store, AccountId id);

// What a session knows of it: asked once a second at most, and never again once it was no.
class Standing {
  public:
    // `ask`: bool(), as may_stay().
    template <class Ask>
    [[nodiscard]] bool lasts(base::SteadyTime now, const Ask& ask) {
        if (lasts_ && now >= asked_ + kInterval) {
            asked_ = now;
            lasts_ = ask();
        }
        return lasts_;
    }

    // The answer of the last time.
    [[nodiscard]] bool lasted() const { return lasts_; }

    static constexpr base::Duration kInterval = std::chrono::seconds(1);

  private:
    base::SteadyTime asked_{};
    bool lasts_ = true;
};

}  // namespace account
