// base::Task<T>: a coroutine that starts when awaited and resumes its awaiter when it ends. One owner,
// moved, never copied; destroying a Task destroys its frame and with it whatever it was waiting in,
// so everything one can wait for unregisters itself when it is destroyed.
//
// A lambda with captures is never a coroutine, and parameters are passed by value where the Task may
// outlive the full-expression that made it (STYLE: The dialect).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"

namespace base {

template <class T>
class Task;

namespace detail {

// Hands control to the coroutine that awaited this one, without growing the stack.
struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
        return self.promise().continuation;
    }

    void await_resume() const noexcept {}
};

struct PromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr exception;

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }

    void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;

    Task<T> get_return_object();

    template <class U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }

    T take() {
        if (exception) {
            std::rethrow_exception(exception);
        }
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();

    void return_void() const noexcept {}

    void take() const {
        if (exception) {
            std::rethrow_exception(exception);
        }
    }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) : handle_(handle) {}

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }

    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    ~Task() { reset(); }

    // Awaiting starts it. The Task must live until it ends, as a temporary in the awaiting
    // expression does.
    auto operator co_await() const noexcept {
        struct Awaiter {
            Handle handle;

            [[nodiscard]] bool await_ready() const noexcept { return false; }

            [[nodiscard]] std::coroutine_handle<> await_suspend(
                std::coroutine_handle<> awaiting) const noexcept {
                handle.promise().continuation = awaiting;
                return handle;
            }

            T await_resume() const { return handle.promise().take(); }
        };

        return Awaiter{handle_};
    }

    // For whoever starts a task outside a coroutine (spawn.h, tests).
    void start() const { handle_.resume(); }

    [[nodiscard]] bool done() const { return handle_.done(); }

    // The value of a task that is done; throws what it threw.
    T result() const {
        CHECK(done());
        return handle_.promise().take();
    }

  private:
    void reset() {
        if (handle_) {
            std::exchange(handle_, nullptr).destroy();
        }
    }

    Handle handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace detail
}  // namespace base
