#include "fakes/fake_loop.h"

#include <algorithm>

namespace fakes {

base::Loop::TimerId FakeLoop::call_at(base::SteadyTime when, std::function<void()> callback) {
    const TimerId id = next_timer_++;
    timers_.emplace(std::pair(when, id), std::move(callback));
    return id;
}

void FakeLoop::cancel(TimerId timer) {
    const auto found = std::find_if(timers_.begin(), timers_.end(), [timer](const auto& entry) {
        return entry.first.second == timer;
    });
    if (found != timers_.end()) {
        timers_.erase(found);
    }
}

void FakeLoop::run_ready() {
    while (!ready_.empty()) {
        const auto callback = std::move(ready_.front());
        ready_.pop_front();
        callback();
    }
}

bool FakeLoop::run_next_timer(base::SteadyTime not_after) {
    if (timers_.empty() || timers_.begin()->first.first > not_after) {
        return false;
    }
    const auto first = timers_.begin();
    const base::SteadyTime when = first->first.first;
    const auto callback = std::move(first->second);
    timers_.erase(first);
    if (when > clock_.steady()) {
        clock_.advance(when - clock_.steady());
    }
    callback();
    return true;
}

void FakeLoop::run_for(base::Duration span) {
    const base::SteadyTime end = clock_.steady() + span;
    do {
        run_ready();
    } while (run_next_timer(end));
    if (end > clock_.steady()) {
        clock_.advance(end - clock_.steady());
    }
}

bool FakeLoop::run_until(const std::function<bool()>& condition, base::Duration limit) {
    const base::SteadyTime end = clock_.steady() + limit;
    while (!condition()) {
        if (!ready_.empty()) {
            const auto callback = std::move(ready_.front());
            ready_.pop_front();
            callback();
        } else if (!run_next_timer(end)) {
            return condition();
        }
    }
    return true;
}

}  // namespace fakes
