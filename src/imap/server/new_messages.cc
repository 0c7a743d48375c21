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

base::Result<> finish_one(TakenMessage& taken) {
    TRY(taken.message.blob, taken.writer->finish());
    taken.writer.reset();
    const mail::Summary summary = taken.summarizer.finish();
    taken.message.summary = summary.packed();
    taken.message.thread = mail::thread_keys(summary.fields());
    return {};
}

}  // namespace

void NewMessages::Batch::finish() {
    for (TakenMessage& taken : messages) {
        auto outcome = finish_one(taken);
        if (!outcome && finished) {
            finished = std::move(outcome);
        }
    }
}

base::Task<> NewMessages::add(TakenMessage taken) {
    ++size_;
    next_octets_ += std::min(taken.message.blob.size(), std::uint64_t{mail::kSummaryHeldOctetsMax});
    next_->messages.push_back(std::move(taken));
    if (next_->messages.size() < kBatchMessages && next_octets_ < kBatchOctets) {
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
        batch->finish();
        giver(batch);
    };
    if (pool_.waiting() == 0) {
        pool_.submit(std::move(work));
    } else {
        work();
    }
}

void NewMessages::collect(Batch& batch) {
    if (!batch.finished && finished_) {
        finished_ = std::move(batch.finished);
    }
    for (TakenMessage& taken : batch.messages) {
        messages_.push_back(std::move(taken.message));
    }
}

base::Task<> NewMessages::collect_oldest() {
    const std::shared_ptr<Batch> batch = co_await in_work_.front();
    in_work_.pop_front();
    collect(*batch);
}

base::Task<base::Result<std::vector<mail::NewMessage>>> NewMessages::take() {
    next_->finish();  // sooner done here than handed in
    while (!in_work_.empty()) {
        co_await collect_oldest();
    }
    collect(*next_);
    CO_TRY_VOID(std::move(finished_));
    co_return std::move(messages_);
}

}  // namespace imap
