// Delivery into mailboxes: the entries, counters and trace of one message for all its recipients.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "mail/message_store.h"
#include "mail/records.h"

namespace mail {
namespace {

bool over_quota(const AccountCounters& counters, std::uint64_t quota_octets, std::uint64_t octets) {
    return quota_octets != 0 && (octets > quota_octets || counters.octets > quota_octets - octets);
}

// Seconds since 1970, yet always more than any mailbox of the account had: a mailbox that is deleted and
// made again has another UIDVALIDITY even when the clock went back.
std::uint32_t next_uid_validity(AccountCounters& counters, base::WallTime now) {
    const auto now_s = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const auto clock = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(now_s, 1, std::numeric_limits<std::uint32_t>::max()));
    counters.uid_validity = std::max(clock, counters.uid_validity + 1);
    return counters.uid_validity;
}

MailboxRecord make_inbox(AccountCounters& counters, base::WallTime now) {
    MailboxRecord inbox;
    inbox.name = "INBOX";
    inbox.uid_validity = next_uid_validity(counters, now);
    return inbox;
}

// A new entry in one account's INBOX; counters and mailbox follow.
base::Result<Uid> add_message(store::Transaction& change,
                              account::AccountId account,
                              AccountCounters& counters,
                              const Delivery& delivery,
                              base::WallTime now) {
    TRY(auto found, load_mailbox(change, account, kInbox));
    MailboxRecord inbox = found ? std::move(*found) : make_inbox(counters, now);
    if (inbox.uid_next == std::numeric_limits<Uid>::max()) {
        return base::fail(base::Errc::kTooLong, "the mailbox has used up its UIDs");
    }
    const std::uint64_t octets = delivery.blob.size();
    MessageRecord message;
    message.blob = delivery.blob.id();
    message.octets = octets;
    message.received = now;
    message.modseq = ++counters.modseq;
    message.email = counters.next_email++;
    message.queue_id = delivery.queue_id;
    message.return_path = delivery.return_path;

    const Uid uid = inbox.uid_next++;
    inbox.highest_modseq = counters.modseq;
    ++inbox.messages;
    ++inbox.unseen;
    inbox.octets += octets;
    ++counters.messages;
    counters.octets += octets;
    TRY_VOID(change.refer(delivery.blob));
    change.put(message_key(account, kInbox, uid), encode(message));
    change.put(mailbox_key(account, kInbox), encode(inbox));
    change.put(counters_key(account), encode(counters));
    return uid;
}

struct Stored {
    DeliveryOutcome outcome;
    TraceEvent event;
};

base::Result<Stored> deliver_to(store::Transaction& change,
                                const account::LocalRecipient& recipient,
                                const Delivery& delivery,
                                base::WallTime now) {
    Stored stored;
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
    TRY(AccountCounters counters, load_counters(change, recipient.account));
    if (over_quota(counters, recipient.quota_octets, delivery.blob.size())) {
        stored.event.kind = "refused";
        stored.event.text = fmt::format("{} is over quota", address);
        return stored;
    }
    TRY(const Uid uid, add_message(change, recipient.account, counters, delivery, now));
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
        TRY(Stored stored, deliver_to(change, recipient, delivery, now));
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
        return message->also ? message->also(transaction) : base::Result<>();
    };
    CO_TRY_VOID(co_await store_.change(loop, std::move(change)));
    co_return std::move(*outcomes);
}

base::Result<bool> MessageStore::fits(account::AccountId account,
                                      std::uint64_t quota_octets,
                                      std::uint64_t octets) const {
    const auto snapshot = store_.snapshot();
    TRY(const AccountCounters counters, load_counters(*snapshot, account));
    return !over_quota(counters, quota_octets, octets);
}

}  // namespace mail
