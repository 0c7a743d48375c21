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

// What its progress alone says of a recipient; nothing: it is to be delivered.
std::optional<RecipientReport> report_of(const Result<std::string>& progress) {
    if (!progress) {
        return deferred_by(progress.error());
    }
    if (*progress == queue::kProgressEnd) {
        return delivered();
    }
    return *progress == queue::kProgressExpanded ? std::optional(expanded()) : std::nullopt;
}

class LocalConnection final : public queue::Connection {
  public:
    LocalConnection(InsideServices services, base::Loop& loop)
        : services_(std::move(services)),
          loop_(loop) {}

    base::Task<queue::Report> send(const Job& job) override;

    base::Task<> quit() override { co_return; }

  private:
    using Recipients = std::vector<const Job::Recipient*>;
    using Outcomes = std::vector<mail::DeliveryOutcome>;

    [[nodiscard]] base::Task<Result<Outcomes>> deliver(const Job& job, Recipients recipients);
    [[nodiscard]] mail::Delivery make_delivery(const Job& job, const MessageCopy& copy) const;

    InsideServices services_;
    base::Loop& loop_;
};

base::Task<queue::Report> LocalConnection::send(const Job& job) {
    std::vector<std::optional<RecipientReport>> known;
    Recipients waiting;
    for (const Job::Recipient& recipient : job.recipients) {
        known.push_back(report_of(queue::load_progress(*services_.store.snapshot(), recipient.id)));
        if (!known.back()) {
            waiting.push_back(&recipient);
        }
    }
    Result<Outcomes> outcomes;
    if (!waiting.empty()) {
        outcomes = co_await deliver(job, std::move(waiting));
    }
    queue::Report report;
    std::size_t next = 0;
    for (std::optional<RecipientReport>& one : known) {
        if (!one) {
            one = outcomes ? report_of(outcomes->at(next++)) : deferred_by(outcomes.error());
        }
        report.recipients.push_back(std::move(*one));
    }
    co_return report;
}

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

struct Waiting {
    queue::RecipientId id;
    account::Address address;
};

// Into one mailbox; the recipient is marked as having it, or has gone meanwhile.
Result<mail::DeliveryOutcome> deliver_to(store::Transaction& change,
                                         const Waiting& one,
                                         mail::Delivery delivery,
                                         base::WallTime now) {
    TRY(const auto account, account::find_account(change, one.address));
    if (!account || account->disabled) {
        return mail::DeliveryOutcome{.account = 0, .delivered = false, .gone = true};
    }
    delivery.recipients = {
        {account->id, account->address, {}, account->quota_octets, account->quota_messages}};
    TRY(const auto outcomes, mail::deliver_into(change, delivery, now));
    if (outcomes.front().delivered) {
        TRY_VOID(queue::set_progress(change, one.id, queue::kProgressEnd));
    }
    return outcomes.front();
}

// One change for all of them.
base::Task<Result<LocalConnection::Outcomes>> LocalConnection::deliver(const Job& job,
                                                                       Recipients recipients) {
    std::vector<Waiting> waiting;
    for (const Job::Recipient* recipient : recipients) {
        waiting.push_back(
            {recipient->id,
             account::parse_address(recipient->record.address).value_or(account::Address())});
    }
    CO_TRY(const auto copy, co_await copy_message(services_.store, loop_, job.body, {}, 0));
    auto outcomes = std::make_shared<Outcomes>();
    auto change = [outcomes,
                   waiting = std::move(waiting),
                   now = services_.clock.now(),
                   delivery =
                       make_delivery(job, copy)](store::Transaction& transaction) -> Result<> {
        outcomes->clear();
        for (const Waiting& one : waiting) {
            TRY(const auto outcome, deliver_to(transaction, one, delivery, now));
            outcomes->push_back(outcome);
        }
        return {};
    };
    CO_TRY_VOID(co_await services_.store.change(loop_, std::move(change)));
    co_return std::move(*outcomes);
}

}  // namespace

std::unique_ptr<queue::Connection> make_local_connection(InsideServices services,
                                                         base::Loop& loop) {
    return std::make_unique<LocalConnection>(std::move(services), loop);
}

}  // namespace app
