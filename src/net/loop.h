// net::IoLoop: the loop of one thread over epoll(7). It waits for readiness, timers and posted
// callbacks, and does no I/O itself (docs/decisions/event-loop.md says why not Asio).
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "net/timer_heap.h"
#include "net/unique_fd.h"

namespace net {

class IoLoop final : public base::Loop {
  public:
    // What became of a descriptor. An error makes all three true.
    struct Readiness {
        bool readable = false;
        bool writable = false;
        bool ended = false;   // the peer sends no more: what is read from now on may end in EOF
        bool urgent = false;  // urgent data (RFC 9293 3.8.5): a read stops before its last octet
    };

    // Somebody who is told about a descriptor.
    class Watcher {
      public:
        Watcher() = default;
        Watcher(const Watcher&) = delete;
        Watcher& operator=(const Watcher&) = delete;
        virtual ~Watcher() = default;

        // May unwatch and destroy anything, itself included.
        virtual void on_ready(Readiness ready) = 0;
    };

    // For an accepted connection: told once for each change in either direction, so read and write until
    // EAGAIN. For a listener: told while connections wait, one loop of those that share it.
    enum class Mode { kConnection, kListener };

    // Stops the program when the kernel has no descriptors left for it: only done at start.
    IoLoop();
    IoLoop(const IoLoop&) = delete;
    IoLoop& operator=(const IoLoop&) = delete;
    ~IoLoop() override;

    void post(std::function<void()> callback) override;
    TimerId call_at(base::SteadyTime when, std::function<void()> callback) override;
    void cancel(TimerId timer) override;

    [[nodiscard]] const base::Clock& clock() const override { return clock_; }

    // Tells `watcher` about `fd` until unwatch(). On this loop's thread only. False when the kernel
    // refuses (out of memory).
    [[nodiscard]] bool watch(int fd, Watcher& watcher, Mode mode = Mode::kConnection);
    // Before `fd` is closed. What the kernel reported already is not told any more.
    void unwatch(int fd, const Watcher& watcher);

    // Runs until stop(). What is posted later waits for the next run().
    void run();
    // Runs what is ready now, without waiting.
    void run_ready();
    // From any thread.
    void stop();

  private:
    void wait_and_dispatch(int timeout_ms);
    void run_posted();
    void run_due_timers();
    [[nodiscard]] bool has_posted();
    [[nodiscard]] int timeout_ms() const;
    void wake();

    base::SystemClock clock_;
    UniqueFd epoll_;
    UniqueFd wake_;  // an eventfd
    TimerHeap timers_;
    std::span<epoll_event> pending_;  // reported by the kernel, not yet told
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;   // guarded by mutex_
    std::vector<std::function<void()>> running_;  // posted_ of this turn, kept for its capacity
};

}  // namespace net
