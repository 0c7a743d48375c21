// base::Pool: threads for work that blocks (commits, file I/O, password hashing). A session hands in a
// function and resumes on its own loop with what it returned.
//     const bool right = co_await pool.run(loop, [=] { return verify(password, hash); });
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/task.h"

namespace base {

class Pool {
  public:
    // `threads` workers; submit() blocks while `queue_max` functions wait. With no threads everything
    // runs at once on the caller's thread: so the simulator stays deterministic.
    Pool(unsigned threads, std::size_t queue_max);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    // Runs what was handed in to its end and joins. The loops that wait for results must still be
    // there, and nobody may hand in anything any more.
    ~Pool();

    // Runs `function` on some worker, in the order of the calls. It must not throw. From any thread
    // but the pool's own; blocks while the queue is full, so a loop prefers run().
    void submit(std::function<void()> function);

    // Runs `function` on a worker and gives its value, or throws what it threw, on `loop`'s thread, where
    // the caller is. Never blocks: each caller waits with at most one function, so the queue is as
    // long as there are sessions. `function` is gone, with all that it holds, before its value is given;
    // a caller that is destroyed while it waits abandons the value, not the work.
    template <class F>
    auto run(Loop& loop, F function) -> Task<std::invoke_result_t<F>>;

    // Waits until nothing runs and nothing waits: what functions refer to may go then, before the pool does.
    void settle();

    // Functions that wait for a worker.
    [[nodiscard]] std::size_t waiting() const;

  private:
    // What a function returned or threw, on its way to the loop.
    template <class R>
    struct Outcome {
        std::optional<R> value;
        std::exception_ptr thrown;
    };

    template <class F>
    static auto call(F& function) noexcept;

    void enqueue(std::function<void()> function);
    void work();

    const std::size_t queue_max_;
    mutable std::mutex mutex_;
    std::condition_variable work_;  // something waits, or the end
    std::condition_variable room_;  // the queue became shorter
    std::deque<std::function<void()>> queue_;
    std::condition_variable idle_;  // nothing runs
    std::size_t running_ = 0;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

namespace detail {

// void as a value, so that run() is written once.
struct Nothing {};

template <class F>
auto invoke_for_value(F& function) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        function();
        return Nothing{};
    } else {
        return function();
    }
}

}  // namespace detail

template <class F>
auto Pool::call(F& function) noexcept {
    Outcome<decltype(detail::invoke_for_value(function))> outcome;
    try {
        outcome.value.emplace(detail::invoke_for_value(function));
    } catch (...) {
        outcome.thrown = std::current_exception();
    }
    return outcome;
}

template <class F>
auto Pool::run(Loop& loop, F function) -> Task<std::invoke_result_t<F>> {
    using OutcomeType = decltype(call(function));
    OutcomeType outcome;
    if (threads_.empty()) {
        outcome = call(function);
    } else {
        Handover<OutcomeType> handover(loop);
        std::function<void()> job = [work = std::optional<F>(std::move(function)),
                                     giver = handover.giver()]() mutable {
            auto result = call(*work);
            work.reset();
            giver(std::move(result));
        };
        enqueue(std::move(job));
        outcome = co_await handover;
    }
    if (outcome.thrown) {
        std::rethrow_exception(outcome.thrown);
    }
    if constexpr (!std::is_void_v<std::invoke_result_t<F>>) {
        co_return std::move(*outcome.value);
    }
}

}  // namespace base
