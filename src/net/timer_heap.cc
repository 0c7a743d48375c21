#include "net/timer_heap.h"

#include <utility>

#include "base/check.h"

namespace net {
namespace {

// An id: 40 bits of generation, 24 of index. At a million timers a second through one place, an id
// comes again after 12 days; nobody keeps one that long.
constexpr unsigned kIndexBits = 24;
constexpr std::uint64_t kIndexMask = (1U << kIndexBits) - 1;

}  // namespace

TimerHeap::Id TimerHeap::add(base::SteadyTime when, std::function<void()> callback) {
    if (free_.empty()) {
        CHECK(slots_.size() < kIndexMask);
        free_.push_back(static_cast<Index>(slots_.size()));
        slots_.emplace_back();
    }
    const Index index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.when = when;
    slot.callback = std::move(callback);
    ++slot.generation;
    slot.position = heap_.size();
    heap_.push_back(index);
    sift_up(slot.position);
    return slot.generation << kIndexBits | index;
}

void TimerHeap::cancel(Id id) {
    const std::uint64_t index = id & kIndexMask;
    if (index >= slots_.size()) {
        return;
    }
    const Slot& slot = slots_[index];
    const bool current = slot.position < heap_.size() && heap_[slot.position] == index &&
                         (slot.generation << kIndexBits | index) == id;
    if (current) {
        static_cast<void>(remove(static_cast<Index>(index)));
    }
}

std::optional<base::SteadyTime> TimerHeap::next() const {
    return heap_.empty() ? std::nullopt : std::optional(slots_[heap_.front()].when);
}

std::function<void()> TimerHeap::take_due(base::SteadyTime now) {
    if (heap_.empty() || slots_[heap_.front()].when > now) {
        return {};
    }
    return remove(heap_.front());
}

std::function<void()> TimerHeap::remove(Index index) {
    const std::size_t position = slots_[index].position;
    swap(position, heap_.size() - 1);
    heap_.pop_back();
    if (position < heap_.size()) {
        sift_up(position);
        sift_down(position);
    }
    free_.push_back(index);
    return std::exchange(slots_[index].callback, nullptr);
}

void TimerHeap::swap(std::size_t a, std::size_t b) {
    std::swap(heap_[a], heap_[b]);
    slots_[heap_[a]].position = a;
    slots_[heap_[b]].position = b;
}

void TimerHeap::sift_up(std::size_t position) {
    while (position > 0 && earlier(position, (position - 1) / 2)) {
        swap(position, (position - 1) / 2);
        position = (position - 1) / 2;
    }
}

void TimerHeap::sift_down(std::size_t position) {
    while (true) {
        std::size_t first = position;
        for (const std::size_t child : {2 * position + 1, 2 * position + 2}) {
            if (child < heap_.size() && earlier(child, first)) {
                first = child;
            }
        }
        if (first == position) {
            return;
        }
        swap(position, first);
        position = first;
    }
}

}  // namespace net
