#include "imap/server/new_messages.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "mail/thread_keys.h"

namespace imap {
namespace {

// To hand work to another thread costs as much as some summaries.
constexpr std::size_t kBatchMessages = 16;
constexpr std::size_t kBatchOctets = std::size_t{256} * 1024;
// Beyond these the connection waits: what summarizers hold of their messages is in memory.
constexpr std::size_t kBatchesInWork = 4;

void summarize(TakenMessage& taken) {
    const mail::Summary summary = taken.summarizer.finish();
    taken.message.summary = summary.packed();
    taken.message.thread = mail::thread_keys(summary.fields());
}

}  // namespace

base::Task<> NewMessages::add(TakenMessage taken) {
    ++size_;
    next_octets_ += std::min(taken.message.blob.size(), std::uint64_t{mail::kSummaryHeldOctetsMax});
    next_->push_back(std::move(taken));
    if (next_->size() < kBatchMessages && next_octets_ < kBatchOctets) {
        co_return;
    }
    if (in_work_.size() == kBatchesInWork) {
        co_await collect_oldest();
    }
    hand_in();
}

// A pool that has enough to do is no help; nor may a loop wait for room in its queue.
void NewMessages::hand_in() {
    auto batch = std::exchange(next_, std::make_shared<Batch>());
    next_octets_ = 0;
    std::function<void()> work = [batch, giver = in_work_.emplace_back(loop_).giver()] {
        for (TakenMessage& taken : *batch) {
            summarize(taken);
        }
        giver(batch);
    };
    if (pool_.waiting() == 0) {
        pool_.submit(std::move(work));
    } else {
        work();
    }
}

base::Task<> NewMessages::collect_oldest() {
    const std::shared_ptr<Batch> batch = co_await in_work_.front();
    in_work_.pop_front();
    for (TakenMessage& taken : *batch) {
        messages_.push_back(std::move(taken.message));
    }
}

base::Task<std::vector<mail::NewMessage>> NewMessages::take() {
    // Sooner done here than handed in.
    for (TakenMessage& taken : *next_) {
        summarize(taken);
    }
    while (!in_work_.empty()) {
        co_await collect_oldest();
    }
    for (TakenMessage& taken : *next_) {
        messages_.push_back(std::move(taken.message));
    }
    co_return std::move(messages_);
}

}  // namespace imap
