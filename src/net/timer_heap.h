// Timers by time: a binary heap whose entries know their place, so that the common fate of a deadline,
// to be cancelled, costs O(log n) and no search.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/loop.h"

namespace net {

class TimerHeap {
  public:
    using Id = base::Loop::TimerId;

    // The id is never zero, and not used again for the next 10^12 timers.
    [[nodiscard]] Id add(base::SteadyTime when, std::function<void()> callback);
    // Nothing happens when the timer is gone already.
    void cancel(Id id);
    // The time of the first timer.
    [[nodiscard]] std::optional<base::SteadyTime> next() const;
    // Takes out the first timer that is due at `now`; an empty function when none is.
    [[nodiscard]] std::function<void()> take_due(base::SteadyTime now);

    [[nodiscard]] std::size_t size() const { return heap_.size(); }

  private:
    // A timer, or a free place that waits for one. Its id is generation and index.
    struct Slot {
        base::SteadyTime when;
        std::function<void()> callback;
        std::uint64_t generation = 0;
        std::size_t position = 0;  // in heap_
    };

    using Index = std::uint32_t;

    [[nodiscard]] bool earlier(std::size_t a, std::size_t b) const {
        return slots_[heap_[a]].when < slots_[heap_[b]].when;
    }

    [[nodiscard]] std::function<void()> remove(Index index);
    void swap(std::size_t a, std::size_t b);
    void sift_up(std::size_t position);
    void sift_down(std::size_t position);

    std::vector<Slot> slots_;
    std::vector<Index> heap_;
    std::vector<Index> free_;
};

}  // namespace net
