#include "mail/message_store.h"

#include <algorithm>
#include <utility>

#include "mail/emails.h"
#include "mail/mailbox_editor.h"
#include "mail/page_record.h"
#include "mail/records.h"
#include "store/key.h"

namespace mail {
namespace {

MessageInfo info_of(account::AccountId account, const Entry& entry) {
    MessageInfo info;
    info.account = account;
    info.uid = entry.uid;
    info.email = entry.email;
    info.octets = entry.octets;
    info.received = base::WallTime(std::chrono::seconds(entry.received_s));
    info.seen = (entry.flags & kSeen) != 0;
    return info;
}

UidSet set_of(const std::vector<Uid>& uids) {
    std::vector<UidSet::Range> ranges;
    ranges.reserve(uids.size());
    for (const Uid uid : uids) {
        ranges.push_back({uid, uid});
    }
    return UidSet::from_ranges(std::move(ranges));
}

base::Result<> remove_messages(store::Transaction& change,
                               Ref ref,
                               const std::vector<Uid>& uids,
                               const TraceEvent& event) {
    TRY(AccountEditor account, AccountEditor::load(change, ref.owner));
    TRY(auto mailbox, MailboxEditor::load(change, account, ref));
    if (!mailbox) {
        return {};
    }
    TRY_VOID(mailbox->edit(set_of(uids), [](Entry&) { return MailboxEditor::Verdict::kRemove; }));
    if (!mailbox->changed()) {
        return {};
    }
    TRY_VOID(mailbox->save());
    account.save(change);
    return release_emails(
        change, ref.owner, account.modseq(), mailbox->take_removed_emails(), event);
}

base::Result<> mark_fetched(store::Transaction& change,
                            Ref ref,
                            const std::vector<Fetched>& messages,
                            const TraceEvent& event) {
    TRY(AccountEditor account, AccountEditor::load(change, ref.owner));
    TRY(auto mailbox, MailboxEditor::load(change, account, ref));
    if (!mailbox) {
        return {};
    }
    std::vector<EmailId> emails;
    std::vector<Uid> unseen;
    for (const Fetched& message : messages) {
        emails.push_back(message.email);
        if (!message.seen) {
            unseen.push_back(message.uid);
        }
    }
    std::vector<std::string> queue_ids;
    TRY_VOID(read_emails(change, ref.owner, emails, [&](EmailId, const EmailRecord& record) {
        queue_ids.emplace_back(record.queue_id);
        return true;
    }));
    for (const std::string& queue_id : queue_ids) {
        if (!queue_id.empty()) {
            add_trace_once(change, queue_id, event);
        }
    }
    TRY_VOID(mailbox->edit(set_of(unseen), [](Entry& entry) {
        const bool seen = (entry.flags & kSeen) != 0;
        entry.flags |= kSeen;
        return seen ? MailboxEditor::Verdict::kKeep : MailboxEditor::Verdict::kChanged;
    }));
    if (!mailbox->changed()) {
        return {};
    }
    TRY_VOID(mailbox->save());
    account.save(change);
    return {};
}

// What `take` makes of the message's email; kNotFound when it has gone.
template <class Take>
base::Result<> with_email(const store::Reader& reader, const MessageInfo& message, Take take) {
    TRY(const auto record, reader.get(email_key(message.account, message.email)));
    if (!record) {
        return base::fail(base::Errc::kNotFound, "the message was removed");
    }
    TRY(const EmailRecord email, decode_email(*record));
    take(email);
    return {};
}

void pass_over(const base::Result<>& /*result*/) {}

}  // namespace

base::Result<std::unique_ptr<store::BlobReader>> MessageRun::open(
    const MessageInfo& message, std::span<const EmailId> following) {
    if (!has(message)) {
        TRY_VOID(read_ahead(message, following));
    }
    const auto found = std::ranges::find(ahead_, message.email, &Ahead::email);
    return moment_->open_blob_at(found->blob, found->place);
}

bool MessageRun::has(const MessageInfo& message) const {
    return std::ranges::find(ahead_, message.email, &Ahead::email) != ahead_.end();
}

// A moment of its own for every stretch, so that no slow client keeps an old one for long.
base::Result<> MessageRun::read_ahead(const MessageInfo& message,
                                      std::span<const EmailId> following) {
    moment_ = store_->snapshot();
    ahead_.clear();
    std::vector<EmailId> emails{message.email};
    emails.insert(emails.end(), following.begin(), following.end());
    auto read = read_emails(
        *moment_, message.account, emails, [this](EmailId email, const EmailRecord& record) {
            ahead_.push_back({email, record.blob, std::string(record.place)});
            return true;
        });
    if (has(message)) {
        return {};  // what ails another is for whoever asks for that
    }
    TRY_VOID(std::move(read));
    return base::fail(base::Errc::kNotFound, "the message was removed");
}

base::Result<MailboxView> MessageStore::open_inbox(account::AccountId account) const {
    const auto snapshot = store_.snapshot();
    MailboxView view;
    view.mailbox = kInbox;
    const Ref inbox{account, kInbox};
    TRY(const auto state, load_state(*snapshot, inbox));
    if (!state) {
        return view;
    }
    view.uid_validity = state->uid_validity;
    view.messages.reserve(state->messages);
    base::Result<> damage;
    const std::string prefix = mailbox_key(KeyTag::kPage, inbox);
    auto visit = [&](std::string_view key, std::string_view record) {
        const auto name = parse_page_key(key);
        const auto page = decode_page(name ? name->page : 0, record);
        if (!name || !page) {
            damage = base::fail(base::Errc::kCorrupt, "a page of messages is damaged");
            return false;
        }
        for (const Entry& entry : (*page)->entries) {
            view.messages.push_back(info_of(account, entry));
        }
        return true;
    };
    TRY_VOID(snapshot->scan(prefix, store::prefix_end(prefix), visit));
    TRY_VOID(std::move(damage));
    return view;
}

base::Result<std::unique_ptr<store::BlobReader>> MessageStore::open_message(
    const MessageInfo& message) const {
    return MessageRun(store_).open(message, {});
}

MessageRun MessageStore::begin_run() const {
    return MessageRun(store_);
}

base::Result<std::string> MessageStore::queue_id(const MessageInfo& message) const {
    std::string id;
    TRY_VOID(with_email(
        *store_.snapshot(), message, [&id](const EmailRecord& email) { id = email.queue_id; }));
    return id;
}

base::Task<base::Result<>> MessageStore::remove(base::Loop& loop,
                                                account::AccountId account,
                                                MailboxId mailbox,
                                                std::vector<Uid> uids,
                                                TraceEvent event) const {
    auto change = [ref = Ref{account, mailbox}, uids = std::move(uids), event = std::move(event)](
                      store::Transaction& transaction) {
        return remove_messages(transaction, ref, uids, event);
    };
    co_return co_await store_.change(loop, std::move(change));
}

void MessageStore::note_fetched(const MessageInfo& message, TraceEvent event) const {
    auto change = [message,
                   event = std::move(event)](store::Transaction& transaction) -> base::Result<> {
        return with_email(transaction, message, [&](const EmailRecord& email) {
            if (!email.queue_id.empty()) {
                add_trace_once(transaction, email.queue_id, event);
            }
        });
    };
    store_.submit(std::move(change), pass_over);
}

void MessageStore::note_fetched(account::AccountId account,
                                MailboxId mailbox,
                                std::vector<Fetched> messages,
                                TraceEvent event) const {
    auto change = [ref = Ref{account, mailbox},
                   messages = std::move(messages),
                   event = std::move(event)](store::Transaction& transaction) {
        return mark_fetched(transaction, ref, messages, event);
    };
    store_.submit(std::move(change), pass_over);
}

}  // namespace mail
