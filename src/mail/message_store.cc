#include "mail/message_store.h"

#include <algorithm>
#include <utility>

#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

MessageInfo info_of(Uid uid, MessageRecord record) {
    MessageInfo info;
    info.uid = uid;
    info.octets = record.octets;
    info.received = record.received;
    info.blob = record.blob;
    info.queue_id = std::move(record.queue_id);
    info.seen = (record.flags & kSeen) != 0;
    info.return_path = std::move(record.return_path);
    return info;
}

// One mailbox and its account's counters while a change works on them.
struct OpenMailbox {
    account::AccountId account = 0;
    MailboxId id = 0;
    AccountCounters counters;
    MailboxRecord mailbox;

    void save(store::Transaction& change) const {
        change.put(mailbox_key(account, id), encode(mailbox));
        change.put(counters_key(account), encode(counters));
    }
};

// Nothing when there is no such mailbox.
base::Result<std::optional<OpenMailbox>> open_mailbox(const store::Reader& reader,
                                                      account::AccountId account,
                                                      MailboxId mailbox) {
    OpenMailbox open;
    open.account = account;
    open.id = mailbox;
    TRY(auto record, load_mailbox(reader, account, mailbox));
    if (!record) {
        return std::nullopt;
    }
    open.mailbox = std::move(*record);
    TRY(open.counters, load_counters(reader, account));
    return std::optional(std::move(open));
}

base::Result<> remove_message(store::Transaction& change,
                              OpenMailbox& open,
                              Uid uid,
                              const TraceEvent& event) {
    TRY(const auto message, load_message(change, open.account, open.id, uid));
    if (!message) {
        return {};
    }
    if (message->octets > open.mailbox.octets || message->octets > open.counters.octets) {
        return base::fail(base::Errc::kCorrupt, "the account's counters are less than its mail");
    }
    open.mailbox.octets -= message->octets;
    open.counters.octets -= message->octets;
    --open.mailbox.messages;
    --open.counters.messages;
    if ((message->flags & kSeen) == 0) {
        --open.mailbox.unseen;
    }
    TRY_VOID(change.release(message->blob));
    change.erase(message_key(open.account, open.id, uid));
    if (!message->queue_id.empty()) {
        add_trace(change, message->queue_id, "", event);
    }
    return {};
}

base::Result<> remove_messages(store::Transaction& change,
                               account::AccountId account,
                               MailboxId mailbox,
                               const std::vector<Uid>& uids,
                               const TraceEvent& event) {
    TRY(auto open, open_mailbox(change, account, mailbox));
    if (!open) {
        return {};
    }
    const std::uint64_t before = open->mailbox.messages;
    for (const Uid uid : uids) {
        TRY_VOID(remove_message(change, *open, uid, event));
    }
    if (open->mailbox.messages != before) {
        open->mailbox.highest_modseq = ++open->counters.modseq;
        open->mailbox.vanished_floor = open->counters.modseq;
        open->save(change);
    }
    return {};
}

base::Result<> mark_seen(store::Transaction& change, OpenMailbox& open, Uid uid) {
    TRY(auto message, load_message(change, open.account, open.id, uid));
    if (!message || (message->flags & kSeen) != 0) {
        return {};
    }
    message->flags |= kSeen;
    message->modseq = ++open.counters.modseq;
    open.mailbox.highest_modseq = message->modseq;
    --open.mailbox.unseen;
    change.put(message_key(open.account, open.id, uid), encode(*message));
    return {};
}

base::Result<> mark_fetched(store::Transaction& change,
                            account::AccountId account,
                            MailboxId mailbox,
                            const std::vector<Fetched>& messages,
                            const TraceEvent& event) {
    TRY(auto open, open_mailbox(change, account, mailbox));
    if (!open) {
        return {};
    }
    const std::uint64_t before = open->counters.modseq;
    for (const Fetched& message : messages) {
        if (!message.queue_id.empty()) {
            add_trace_once(change, message.queue_id, event);
        }
        if (!message.seen) {
            TRY_VOID(mark_seen(change, *open, message.uid));
        }
    }
    if (open->counters.modseq != before) {
        open->save(change);
    }
    return {};
}

void pass_over(const base::Result<>& /*result*/) {}

}  // namespace

base::Result<MailboxView> MessageStore::open_inbox(account::AccountId account) const {
    const auto snapshot = store_.snapshot();
    MailboxView view;
    view.mailbox = kInbox;
    TRY(const auto inbox, load_mailbox(*snapshot, account, kInbox));
    if (!inbox) {
        return view;
    }
    view.uid_validity = inbox->uid_validity;
    view.messages.reserve(inbox->messages);
    base::Result<> damage;
    const std::string prefix = message_prefix(account, kInbox);
    auto visit = [&](std::string_view key, std::string_view record) {
        auto name = parse_message_key(key);
        auto message = decode_message(record);
        if (!name || !message) {
            damage = base::fail(base::Errc::kCorrupt, "a message's record is damaged");
            return false;
        }
        view.messages.push_back(info_of(name->uid, std::move(*message)));
        return true;
    };
    TRY_VOID(snapshot->scan(prefix, store::prefix_end(prefix), visit));
    TRY_VOID(std::move(damage));
    return view;
}

base::Result<std::unique_ptr<store::BlobReader>> MessageStore::open_message(
    const MessageInfo& message) const {
    return store_.snapshot()->open_blob(message.blob);
}

base::Task<base::Result<>> MessageStore::remove(base::Loop& loop,
                                                account::AccountId account,
                                                MailboxId mailbox,
                                                std::vector<Uid> uids,
                                                TraceEvent event) const {
    auto change = [account, mailbox, uids = std::move(uids), event = std::move(event)](
                      store::Transaction& transaction) {
        return remove_messages(transaction, account, mailbox, uids, event);
    };
    co_return co_await store_.change(loop, std::move(change));
}

void MessageStore::note_fetched(const MessageInfo& message, TraceEvent event) const {
    if (message.queue_id.empty()) {
        return;
    }
    auto change = [queue_id = message.queue_id,
                   event = std::move(event)](store::Transaction& transaction) -> base::Result<> {
        add_trace_once(transaction, queue_id, event);
        return {};
    };
    store_.submit(std::move(change), pass_over);
}

void MessageStore::note_fetched(account::AccountId account,
                                MailboxId mailbox,
                                std::vector<Fetched> messages,
                                TraceEvent event) const {
    auto change = [account, mailbox, messages = std::move(messages), event = std::move(event)](
                      store::Transaction& transaction) {
        return mark_fetched(transaction, account, mailbox, messages, event);
    };
    store_.submit(std::move(change), pass_over);
}

}  // namespace mail
