#include <exception>

#include "base/loop.h"

namespace base {
namespace {

// A coroutine that nobody awaits: its frame frees itself at the end.
struct Detached {
    struct promise_type {
        [[nodiscard]] Detached get_return_object() const noexcept { return {}; }

        [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }

        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }

        void return_void() const noexcept {}

        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

Detached run(Task<void> task, std::function<void(std::exception_ptr)> on_end) {
    std::exception_ptr thrown;
    try {
        co_await task;
    } catch (...) {
        thrown = std::current_exception();
    }
    on_end(thrown);
}

}  // namespace

void spawn(Task<void> task, std::function<void(std::exception_ptr)> on_end) {
    run(std::move(task), std::move(on_end));
}

}  // namespace base
