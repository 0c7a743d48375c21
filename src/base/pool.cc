#include "base/pool.h"

namespace base {

Pool::Pool(unsigned threads, std::size_t queue_max) : queue_max_(queue_max) {
    CHECK(queue_max > 0);
    threads_.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

Pool::~Pool() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    threads_.clear();
}

void Pool::submit(std::function<void()> function) {
    if (threads_.empty()) {
        function();
        return;
    }
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return queue_.size() < queue_max_; });
        queue_.push_back(std::move(function));
    }
    work_.notify_one();
}

void Pool::enqueue(std::function<void()> function) {
    {
        const std::scoped_lock lock(mutex_);
        queue_.push_back(std::move(function));
    }
    work_.notify_one();
}

void Pool::settle() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return queue_.empty() && running_ == 0; });
}

std::size_t Pool::waiting() const {
    const std::scoped_lock lock(mutex_);
    return queue_.size();
}

void Pool::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        std::function<void()> function = std::move(queue_.front());
        queue_.pop_front();
        ++running_;
        lock.unlock();
        room_.notify_one();
        function();
        function = nullptr;  // what it holds goes before the lock is taken again
        lock.lock();
        --running_;
        if (queue_.empty() && running_ == 0) {
            idle_.notify_all();
        }
    }
}

}  // namespace base
