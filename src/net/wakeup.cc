#include "net/wakeup.h"

#include "base/check.h"

namespace net {

void Wakeup::fire() {
    if (waiting_ != nullptr) {
        waiting_->resume(Outcome::kEvent);
    }
}

void Wakeup::post() {
    if (waiting_ == nullptr || waiting_->posted_) {
        return;
    }
    waiting_->posted_ = std::make_shared<Wait*>(waiting_);
    loop_.post([posted = waiting_->posted_] {
        if (*posted != nullptr) {
            (*posted)->resume(Outcome::kEvent);
        }
    });
}

Wakeup::Wait::~Wait() {
    if (posted_) {
        *posted_ = nullptr;
    }
    if (awaiting_) {
        owner_.waiting_ = nullptr;
    }
    if (timer_ != 0) {
        owner_.loop_.cancel(timer_);
    }
}

void Wakeup::Wait::await_suspend(std::coroutine_handle<> awaiting) {
    CHECK(owner_.waiting_ == nullptr);
    awaiting_ = awaiting;
    owner_.waiting_ = this;
    if (deadline_ != base::SteadyTime::max()) {
        timer_ = owner_.loop_.call_at(deadline_, [this] {
            timer_ = 0;
            resume(Outcome::kTimeout);
        });
    }
}

void Wakeup::Wait::resume(Outcome outcome) {
    outcome_ = outcome;
    owner_.waiting_ = nullptr;
    std::exchange(awaiting_, nullptr).resume();
}

}  // namespace net
