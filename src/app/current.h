// A value that is replaced while others use it: whoever took it keeps what they took.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace app {

template <typename T>
class Current {
  public:
    Current() = default;

    explicit Current(std::shared_ptr<const T> value) : value_(std::move(value)) {}

    // From any thread, both.
    [[nodiscard]] std::shared_ptr<const T> get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

    void set(std::shared_ptr<const T> value) {
        const std::lock_guard lock(mutex_);
        value_.swap(value);
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

}  // namespace app
