// Delivery into mailboxes: the entries, counters and trace of one message for all its recipients.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/check.h"
#include "mail/emails.h"
#include "mail/mailbox_editor.h"
#include "mail/mailbox_tree.h"
#include "mail/message_store.h"
#include "mail/quota.h"
#include "mail/records.h"

namespace mail {
namespace {

// One message of so many octets.
base::Result<bool> is_refused(const store::Reader& reader,
                              const account::LocalRecipient& recipient,
                              const AccountCounters& counters,
                              std::uint64_t octets) {
    return is_over_quota(reader,
                         recipient.account,
                         counters,
                         {recipient.quota_octets, recipient.quota_messages},
                         {octets, 1});
}

// A new email and its entry in the INBOX of one account.
base::Result<Uid> add_message(store::Transaction& change,
                              AccountEditor& account,
                              const Delivery& delivery,
                              base::WallTime now) {
    TRY(auto inbox, MailboxEditor::load(change, account, Ref{account.id(), kInbox}));
    if (!inbox) {
        TRY_VOID(provision(change, account, now));
        TRY(inbox, MailboxEditor::load(change, account, Ref{account.id(), kInbox}));
        CHECK(inbox.has_value());
    }
    NewEmail email;
    email.blob = &delivery.blob;
    email.queue_id = delivery.queue_id;
    email.return_path = delivery.return_path;
    email.summary = delivery.summary;
    email.thread = delivery.thread;
    Entry entry;
    TRY(entry.email, add_email(change, account, email));
    entry.octets = delivery.blob.size();
    entry.received_s = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    entry.saved_s = entry.received_s;
    TRY(const Uid uid, inbox->append(entry));
    TRY_VOID(inbox->save());
    account.save(change);
    return uid;
}

struct StoredFor {
    DeliveryOutcome outcome;
    TraceEvent event;
};

base::Result<StoredFor> deliver_to(store::Transaction& change,
                                   const account::LocalRecipient& recipient,
                                   const Delivery& delivery,
                                   base::WallTime now) {
    StoredFor stored;
    stored.outcome.account = recipient.account;
    stored.event.time = now;
    stored.event.session = delivery.accepted.session;
    const std::string address = recipient.address.to_string();
    TRY(const auto owner, account::find_account(change, recipient.account));
    if (!owner) {
        stored.outcome.gone = true;
        stored.event.kind = "refused";
        stored.event.text = fmt::format("{} was removed meanwhile", address);
        return stored;
    }
    TRY(AccountEditor editor, AccountEditor::load(change, recipient.account));
    TRY(const bool refused, is_refused(change, recipient, editor.counters(), delivery.blob.size()));
    if (refused) {
        stored.event.kind = "refused";
        stored.event.text = fmt::format("{} is over quota", address);
        return stored;
    }
    TRY(const Uid uid, add_message(change, editor, delivery, now));
    stored.outcome.delivered = true;
    stored.event.kind = "stored";
    stored.event.text = fmt::format("in INBOX of {} as UID {}", address, uid);
    return stored;
}

}  // namespace

base::Result<std::vector<DeliveryOutcome>> deliver_into(store::Transaction& change,
                                                        const Delivery& delivery,
                                                        base::WallTime now) {
    std::vector<DeliveryOutcome> outcomes;
    std::vector<TraceEvent> events{delivery.accepted};
    std::map<account::AccountId, DeliveryOutcome> done;  // an account named twice gets it once
    bool delivered = false;
    for (const account::LocalRecipient& recipient : delivery.recipients) {
        if (const auto known = done.find(recipient.account); known != done.end()) {
            outcomes.push_back(known->second);
            continue;
        }
        TRY(StoredFor stored, deliver_to(change, recipient, delivery, now));
        delivered = delivered || stored.outcome.delivered;
        done.emplace(recipient.account, stored.outcome);
        outcomes.push_back(stored.outcome);
        events.push_back(std::move(stored.event));
    }
    if (!delivered && !delivery.recipients.empty() && !delivery.also) {
        events.front().kind = "refused";  // nobody took it
    }
    for (const TraceEvent& event : events) {
        add_trace(change, delivery.queue_id, delivery.message_id, event);
    }
    return outcomes;
}

base::Task<base::Result<std::vector<DeliveryOutcome>>> MessageStore::deliver(
    base::Loop& loop, Delivery delivery) const {
    using Outcomes = std::vector<DeliveryOutcome>;
    auto outcomes = std::make_shared<Outcomes>();
    // The change may run more than once and later than this coroutine lives: it owns what it uses.
    auto change = [outcomes,
                   now = clock_.now(),
                   message = std::make_shared<const Delivery>(std::move(delivery))](
                      store::Transaction& transaction) -> base::Result<> {
        TRY(*outcomes, deliver_into(transaction, *message, now));
        return message->also ? message->also(transaction, *outcomes) : base::Result<>();
    };
    CO_TRY_VOID(co_await store_.change(loop, std::move(change)));
    co_return std::move(*outcomes);
}

base::Result<bool> MessageStore::fits(const account::LocalRecipient& recipient,
                                      std::uint64_t octets) const {
    const auto snapshot = store_.snapshot();
    TRY(const AccountCounters counters, load_counters(*snapshot, recipient.account));
    TRY(const bool refused, is_refused(*snapshot, recipient, counters, octets));
    return !refused;
}

base::Result<> add_account_mail(store::Transaction& change,
                                account::AccountId account,
                                base::WallTime now) {
    TRY(AccountEditor editor, AccountEditor::load(change, account));
    TRY_VOID(provision(change, editor, now));
    editor.save(change);
    return {};
}

}  // namespace mail
