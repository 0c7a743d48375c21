#include "net/loop.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "base/check.h"

namespace net {
namespace {

constexpr std::size_t kEventsATurn = 128;

IoLoop::Readiness to_readiness(std::uint32_t events) {
    const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
    const bool ended = failed || (events & EPOLLRDHUP) != 0;
    return {.readable = ended || (events & EPOLLIN) != 0,
            .writable = failed || (events & EPOLLOUT) != 0,
            .ended = ended,
            .urgent = (events & EPOLLPRI) != 0};
}

// The loop that this thread runs: what it posts to itself needs no call to wake it.
const IoLoop*& running_here() {
    thread_local const IoLoop* loop = nullptr;
    return loop;
}

class RunningHere {
  public:
    explicit RunningHere(const IoLoop& loop) : before_(std::exchange(running_here(), &loop)) {}

    RunningHere(const RunningHere&) = delete;
    RunningHere& operator=(const RunningHere&) = delete;

    ~RunningHere() { running_here() = before_; }

  private:
    const IoLoop* before_;
};

}  // namespace

IoLoop::IoLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    CHECK(epoll_ && wake_);
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

IoLoop::~IoLoop() {
    // What callbacks own may unwatch itself here, while there is still something to unwatch from.
    timers_ = TimerHeap();
    posted_.clear();
}

void IoLoop::post(std::function<void()> callback) {
    bool first = false;
    {
        const std::scoped_lock lock(mutex_);
        first = posted_.empty();
        posted_.push_back(std::move(callback));
    }
    if (first && running_here() != this) {
        wake();
    }
}

void IoLoop::stop() {
    stopping_ = true;
    wake();
}

void IoLoop::wake() {
    // The counter cannot overflow in a lifetime, so nothing can fail here. It is never read: with
    // EPOLLET each write is news.
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

base::Loop::TimerId IoLoop::call_at(base::SteadyTime when, std::function<void()> callback) {
    return timers_.add(when, std::move(callback));
}

void IoLoop::cancel(TimerId timer) {
    timers_.cancel(timer);
}

bool IoLoop::watch(int fd, Watcher& watcher, Mode mode) {
    epoll_event event{};
    event.events = mode == Mode::kListener ? EPOLLIN | EPOLLEXCLUSIVE
                                           : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    event.data.ptr = &watcher;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void IoLoop::unwatch(int fd, const Watcher& watcher) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    for (epoll_event& event : pending_) {
        if (event.data.ptr == &watcher) {
            event.data.ptr = nullptr;
        }
    }
}

void IoLoop::run() {
    const RunningHere here(*this);
    while (!stopping_) {
        wait_and_dispatch(has_posted() ? 0 : timeout_ms());
        run_due_timers();
        run_posted();
    }
    stopping_ = false;
}

void IoLoop::run_ready() {
    wait_and_dispatch(0);
    run_due_timers();
    run_posted();
}

void IoLoop::wait_and_dispatch(int timeout_ms) {
    std::array<epoll_event, kEventsATurn> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsATurn, timeout_ms);
    if (count < 0) {
        CHECK(errno == EINTR);
        return;
    }
    pending_ = std::span(events).first(static_cast<std::size_t>(count));
    while (!pending_.empty()) {
        const epoll_event event = pending_.front();
        pending_ = pending_.subspan(1);
        if (event.data.ptr == nullptr) {
            continue;  // the eventfd, or unwatched meanwhile
        }
        static_cast<Watcher*>(event.data.ptr)->on_ready(to_readiness(event.events));
    }
}

// What is posted while these run waits for the next turn, after I/O.
void IoLoop::run_posted() {
    {
        const std::scoped_lock lock(mutex_);
        running_.swap(posted_);
    }
    for (auto& callback : running_) {
        std::exchange(callback, nullptr)();
    }
    running_.clear();
}

void IoLoop::run_due_timers() {
    const base::SteadyTime now = clock_.steady();
    // No more than there are now: a timer that sets itself in the past must not keep I/O waiting.
    for (std::size_t left = timers_.size(); left > 0; --left) {
        const auto callback = timers_.take_due(now);
        if (!callback) {
            return;
        }
        callback();
    }
}

bool IoLoop::has_posted() {
    const std::scoped_lock lock(mutex_);
    return !posted_.empty();
}

int IoLoop::timeout_ms() const {
    const auto next = timers_.next();
    if (!next) {
        return -1;
    }
    const base::SteadyTime now = clock_.steady();
    if (*next <= now) {
        return 0;  // SteadyTime::min() too, from which nothing can be subtracted
    }
    // Rounded up: a timer is never early.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - now).count();
    return static_cast<int>(std::min<std::int64_t>(left, INT_MAX));
}

}  // namespace net
