// net::Wakeup: what a stream suspends in. One coroutine waits for an event or a deadline; the event
// resumes it at once, or from the loop where the caller must not be re-entered.
#pragma once

#include <coroutine>
#include <memory>

#include "base/loop.h"

namespace net {

// Outlives whoever waits in it.
class Wakeup {
  public:
    enum class Outcome { kEvent, kTimeout };

    class Wait;

    explicit Wakeup(base::Loop& loop) : loop_(loop) {}

    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;
    ~Wakeup() = default;

    // co_await it: kEvent after fire() or post(), kTimeout at `deadline`; SteadyTime::max() is never. An
    // event is not remembered: check the condition first, and again afterwards.
    [[nodiscard]] Wait wait(base::SteadyTime deadline);

    [[nodiscard]] bool awaited() const { return waiting_ != nullptr; }

    // Resumes the waiting coroutine now, if any: it may well destroy this Wakeup and its stream, so
    // the caller returns without touching them.
    void fire();
    // The same from the loop, soon.
    void post();

  private:
    base::Loop& loop_;
    Wait* waiting_ = nullptr;
};

class Wakeup::Wait {
  public:
    Wait(Wakeup& owner, base::SteadyTime deadline) : owner_(owner), deadline_(deadline) {}

    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();

    [[nodiscard]] bool await_ready() const { return false; }

    void await_suspend(std::coroutine_handle<> awaiting);

    [[nodiscard]] Outcome await_resume() const { return outcome_; }

  private:
    friend class Wakeup;

    void resume(Outcome outcome);

    Wakeup& owner_;
    base::SteadyTime deadline_;
    std::coroutine_handle<> awaiting_;
    base::Loop::TimerId timer_ = 0;
    Outcome outcome_ = Outcome::kEvent;
    std::shared_ptr<Wait*> posted_;  // empties itself when the wait is over before the post runs
};

inline Wakeup::Wait Wakeup::wait(base::SteadyTime deadline) {
    return {*this, deadline};
}

}  // namespace net
