// INPROGRESS (RFC 9585): while a command waits for the mail room, its client hears now and then that it was not
// forgotten.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/loop.h"
#include "base/task.h"
#include "mail/search.h"

namespace imap {

// How far a command has come; neither number is told while the goal is zero.
using Progress = mail::SearchProgress;

// "* OK [INPROGRESS ("A001" 454 1000)] ...", with its line end.
[[nodiscard]] std::string progress_line(std::string_view tag, const Progress& progress);

namespace detail {

// A task that goes on by itself while another waits for it, or for a while.
template <class T>
struct Work {
    std::optional<T> value;
    std::exception_ptr thrown;
    bool ended = false;
    std::coroutine_handle<> waiting;
};

template <class T>
base::Task<> carry_out(base::Task<T> task, std::shared_ptr<Work<T>> work) {
    work->value.emplace(co_await task);
}

// Suspends until the work has ended, or until `when`.
template <class T>
class UntilEndOr {
  public:
    UntilEndOr(base::Loop& loop, std::shared_ptr<Work<T>> work, base::SteadyTime when)
        : loop_(loop),
          work_(std::move(work)),
          when_(when) {}

    UntilEndOr(const UntilEndOr&) = delete;
    UntilEndOr& operator=(const UntilEndOr&) = delete;

    ~UntilEndOr() {
        work_->waiting = nullptr;
        loop_.cancel(timer_);
    }

    [[nodiscard]] bool await_ready() const { return work_->ended; }

    void await_suspend(std::coroutine_handle<> awaiting) {
        work_->waiting = awaiting;
        timer_ = loop_.call_at(when_, [work = work_] {
            if (const auto handle = std::exchange(work->waiting, nullptr)) {
                handle.resume();
            }
        });
    }

    void await_resume() const {}

  private:
    base::Loop& loop_;
    std::shared_ptr<Work<T>> work_;
    base::SteadyTime when_;
    base::Loop::TimerId timer_ = 0;
};

}  // namespace detail

// RFC 9585 4 asks for ten to fifteen seconds.
inline constexpr auto kProgressEvery = std::chrono::seconds(10);

// Runs `task` to its end and gives its value; until then `tell()`, an awaitable, is called each kProgressEvery.
// What the task refers to must live until it ends, as for any task.
template <class T, class Tell>
base::Task<T> with_progress(base::Loop& loop, base::Task<T> task, Tell tell) {
    auto work = std::make_shared<detail::Work<T>>();
    base::spawn(detail::carry_out(std::move(task), work), [work](const std::exception_ptr& thrown) {
        work->thrown = thrown;
        work->ended = true;
        if (const auto handle = std::exchange(work->waiting, nullptr)) {
            handle.resume();
        }
    });
    while (!work->ended) {
        co_await detail::UntilEndOr<T>(loop, work, loop.clock().steady() + kProgressEvery);
        if (!work->ended) {
            co_await tell();
        }
    }
    if (work->thrown) {
        std::rethrow_exception(work->thrown);
    }
    co_return std::move(*work->value);
}

}  // namespace imap
