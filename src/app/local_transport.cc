// Mailboxes here as a destination of the queue: for messages that were held back (RFC 4865), and for those
// of lists whose member is over quota. A recipient's progress says that it has the message, so that a crash
// before the queue's own record of it delivers nothing twice.
#include <algorithm>
#include <utility>

#include "app/inside_transport.h"
#include "app/message_copy.h"
#include "mail/message_store.h"
#include "mail/thread_keys.h"
#include "queue/inside.h"
#include "queue/queue.h"

namespace app {
namespace {

using base::Result;
using queue::Job;
using queue::Outcome;
using queue::RecipientReport;

RecipientReport delivered() {
    return {.outcome = Outcome::kDelivered,
            .reply = {.enhanced = "2.1.5", .text = "delivered into the mailbox"},
            .success = queue::Success::kDelivered};
}

RecipientReport expanded() {
    return {.outcome = Outcome::kDelivered,
            .reply = {.enhanced = "2.1.5", .text = "stands for several addresses"},
            .success = queue::Success::kExpanded};
}

RecipientReport nobody() {
    return {Outcome::kFailed, {.enhanced = "5.1.1", .text = "no such user here any more"}};
}

RecipientReport report_of(const mail::DeliveryOutcome& outcome) {
    if (outcome.gone) {
        return nobody();
    }
    if (!outcome.delivered) {
        return {Outcome::kDeferred, {.enhanced = "4.2.2", .text = "the mailbox is full"}};
    }
    return delivered();
}

class LocalConnection final : public queue::Connection {
  public:
    LocalConnection(InsideServices services, base::Loop& loop) : services_(services), loop_(loop) {}

    base::Task<queue::Report> send(const Job& job) override {
        queue::Report report;
        std::optional<Result<MessageCopy>> copy;
        for (const Job::Recipient& recipient : job.recipients) {
            const auto progress = queue::load_progress(*services_.store.snapshot(), recipient.id);
            if (!progress) {
                report.recipients.push_back(deferred_by(progress.error()));
            } else if (*progress == queue::kProgressEnd) {
                report.recipients.push_back(delivered());
            } else if (*progress == queue::kProgressExpanded) {
                report.recipients.push_back(expanded());
            } else {
                if (!copy) {
                    copy = co_await copy_message(services_.store, loop_, job.body, {}, 0);
                }
                report.recipients.push_back(*copy ? co_await deliver(job, recipient, **copy)
                                                  : deferred_by(copy->error()));
            }
        }
        co_return report;
    }

    base::Task<> quit() override { co_return; }

  private:
    [[nodiscard]] base::Task<RecipientReport> deliver(const Job& job,
                                                      const Job::Recipient& recipient,
                                                      const MessageCopy& copy);
    [[nodiscard]] mail::Delivery make_delivery(const Job& job, const MessageCopy& copy) const;

    InsideServices services_;
    base::Loop& loop_;
};

mail::Delivery LocalConnection::make_delivery(const Job& job, const MessageCopy& copy) const {
    return {.blob = copy.blob,
            .queue_id = job.queue_id,
            .message_id = job.message.message_id,
            .return_path = job.message.sender,
            .recipients = {},
            .summary = copy.summary.packed(),
            .thread = mail::thread_keys(copy.summary.fields()),
            .accepted = {.time = services_.clock.now(),
                         .kind = "released",
                         .session = {},
                         .text = "from the queue"}};
}

base::Task<RecipientReport> LocalConnection::deliver(const Job& job,
                                                     const Job::Recipient& recipient,
                                                     const MessageCopy& copy) {
    const auto address = account::parse_address(recipient.record.address);
    if (!address) {
        co_return nobody();
    }
    auto outcome = std::make_shared<mail::DeliveryOutcome>();
    auto change =
        [outcome,
         id = recipient.id,
         address = *address,
         now = services_.clock.now(),
         delivery = make_delivery(job, copy)](store::Transaction& transaction) mutable -> Result<> {
        *outcome = {};
        TRY(const auto account, account::find_account(transaction, address));
        if (!account || account->disabled) {
            outcome->gone = true;
            return {};
        }
        delivery.recipients = {{account->id, account->address, {}, account->quota_octets}};
        TRY(const auto outcomes, mail::deliver_into(transaction, delivery, now));
        *outcome = outcomes.front();
        return outcome->delivered ? queue::set_progress(transaction, id, queue::kProgressEnd)
                                  : Result<>();
    };
    const auto changed = co_await services_.store.change(loop_, std::move(change));
    co_return changed ? report_of(*outcome) : deferred_by(changed.error());
}

}  // namespace

std::unique_ptr<queue::Connection> make_local_connection(InsideServices services,
                                                         base::Loop& loop) {
    return std::make_unique<LocalConnection>(services, loop);
}

}  // namespace app
