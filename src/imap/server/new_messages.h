// The messages of one APPEND, as they come. Their hashes and what is kept of each beside its octets (mail::Summary) are
// made on the pool while the next ones come in, some messages at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "base/loop.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/mailboxes.h"
#include "mail/summarizer.h"

namespace imap {

// A message whose octets are all here: `writer` and `summarizer` have them, and `message.blob` is only their number.
struct TakenMessage {
    mail::NewMessage message;
    std::unique_ptr<store::BlobWriter> writer;
    mail::Summarizer summarizer;
};

class NewMessages {
  public:
    // Both outlive it.
    NewMessages(base::Loop& loop, base::Pool& pool) : loop_(loop), pool_(pool) {}

    // May wait for the pool.
    [[nodiscard]] base::Task<> add(TakenMessage taken);

    [[nodiscard]] std::size_t size() const { return size_; }

    // All of them in their order, or what the store said to one of them. Call once.
    [[nodiscard]] base::Task<base::Result<std::vector<mail::NewMessage>>> take();

  private:
    // Some messages that are finished together, and the first failure among them.
    struct Batch {
        std::vector<TakenMessage> messages;
        base::Result<> finished;

        void finish();
    };

    using Done = base::Handover<std::shared_ptr<Batch>>;

    void hand_in();
    void collect(Batch& batch);
    [[nodiscard]] base::Task<> collect_oldest();

    base::Loop& loop_;
    base::Pool& pool_;
    std::vector<mail::NewMessage> messages_;
    base::Result<> finished_;
    std::deque<Done> in_work_;  // in their order, behind messages_
    std::shared_ptr<Batch> next_ = std::make_shared<Batch>();
    std::size_t size_ = 0;
    std::size_t next_octets_ = 0;
};

}  // namespace imap
