// Messages that come, go and change: each function is one change to the store.
#include <algorithm>
#include <bit>
#include <map>
#include <utility>
#include <vector>

#include "mail/emails.h"
#include "mail/mailboxes.h"
#include "mail/mailboxes_impl.h"
#include "mail/mailboxes_transfer.h"

namespace mail {
namespace {

using Verdict = MailboxEditor::Verdict;

TraceEvent deleted_event(base::WallTime time) {
    TraceEvent event;
    event.time = time;
    event.kind = "deleted";
    event.text = "from a mailbox";
    return event;
}

using Messages = std::vector<NewMessage>;

Amount amount_of(const Messages& messages) {
    Amount amount{.octets = 0, .messages = messages.size()};
    for (const NewMessage& message : messages) {
        amount.octets += message.blob.size();
    }
    return amount;
}

// Who changes which mailbox, and when; a snapshot that is at hand spares reading.
struct Scope {
    account::AccountId user = 0;
    Opened mailbox;
    base::WallTime now;
    SnapshotPtr known;
};

base::Result<> append_messages(store::Transaction& change,
                               const Scope& scope,
                               const Messages& messages,
                               Appended& appended) {
    TRY_VOID(require(change, scope.user, scope.mailbox.ref, kRightInsert));
    TRY(const Rights rights, rights_of(change, scope.user, scope.mailbox.ref));
    TRY(AccountEditor account, AccountEditor::load(change, scope.mailbox.ref.owner));
    TRY(MailboxEditor mailbox, open_editor(change, account, scope.mailbox, {}));
    TRY_VOID(check_quota(change, account, amount_of(messages)));
    TRY_VOID(append_all(change, mailbox, account, {messages, rights, scope.now}, appended));
    TRY_VOID(mailbox.save());
    account.save(change);
    return {};
}

// What STORE makes of an entry's flags, within what one may change.
struct FlagEdit {
    StoreMode mode = StoreMode::kAdd;
    std::uint32_t flags = 0;
    std::uint64_t keywords = 0;
    std::uint32_t flags_allowed = 0;
    std::uint64_t keywords_allowed = 0;

    template <class Bits>
    static Bits apply(StoreMode mode, Bits before, Bits given, Bits allowed) {
        const Bits within = given & allowed;
        switch (mode) {
            case StoreMode::kAdd:
                return before | within;
            case StoreMode::kRemove:
                return before & ~within;
            case StoreMode::kReplace:
                break;
        }
        return (before & ~allowed) | within;
    }

    Verdict operator()(Entry& entry) const {
        const auto flags_before =
            std::exchange(entry.flags, apply(mode, entry.flags, flags, flags_allowed));
        const auto keywords_before =
            std::exchange(entry.keywords, apply(mode, entry.keywords, keywords, keywords_allowed));
        return flags_before == entry.flags && keywords_before == entry.keywords ? Verdict::kKeep
                                                                                : Verdict::kChanged;
    }
};

base::Result<FlagEdit> make_edit(MailboxEditor& mailbox, Rights rights, const FlagChange& flags) {
    FlagEdit edit;
    edit.mode = flags.mode;
    edit.flags = flags.flags;
    edit.flags_allowed = flags_within(rights);
    edit.keywords_allowed = keywords_within(rights);
    // RFC 4314 4: NO only when none of the flags that were named may be changed.
    const bool names_some = flags.flags != 0 || !flags.keywords.empty();
    const bool may_some = (flags.flags & edit.flags_allowed) != 0 ||
                          (!flags.keywords.empty() && edit.keywords_allowed != 0);
    if (edit.flags_allowed == 0 || (flags.mode != StoreMode::kReplace && names_some && !may_some)) {
        return base::fail(base::Errc::kDenied, "no right to change any of these flags");
    }
    if (flags.mode == StoreMode::kRemove || edit.keywords_allowed == 0) {
        edit.keywords = mailbox.known_keyword_bits(flags.keywords);
    } else {
        TRY(edit.keywords, mailbox.keyword_bits(flags.keywords));
    }
    return edit;
}

base::Result<> store_flags(store::Transaction& change,
                           const Scope& scope,
                           const UidSet& uids,
                           const FlagChange& flags,
                           Stored& stored) {
    TRY_VOID(require(change, scope.user, scope.mailbox.ref, 0));
    TRY(const Rights rights, rights_of(change, scope.user, scope.mailbox.ref));
    TRY(AccountEditor account, AccountEditor::load(change, scope.mailbox.ref.owner));
    TRY(MailboxEditor mailbox, open_editor(change, account, scope.mailbox, scope.known));
    TRY(const FlagEdit edit, make_edit(mailbox, rights, flags));
    TRY_VOID(mailbox.edit(uids, [&](Entry& entry) {
        if (flags.unchanged_since && entry.modseq > *flags.unchanged_since) {
            stored.modified.add(entry.uid);
            return Verdict::kKeep;
        }
        return edit(entry);
    }));
    if (!mailbox.changed()) {
        return {};
    }
    TRY_VOID(mailbox.save());
    account.save(change);
    stored.modseq = account.modseq();
    return {};
}

base::Result<> expunge_messages(store::Transaction& change,
                                const Scope& scope,
                                const UidSet& only,
                                Expunged& expunged) {
    TRY_VOID(require(change, scope.user, scope.mailbox.ref, kRightExpunge));
    TRY(AccountEditor account, AccountEditor::load(change, scope.mailbox.ref.owner));
    TRY(MailboxEditor mailbox, open_editor(change, account, scope.mailbox, scope.known));
    if (mailbox.state().deleted == 0) {
        return {};
    }
    const auto remove = [](Entry& entry) {
        return (entry.flags & kDeleted) != 0 ? Verdict::kRemove : Verdict::kKeep;
    };
    TRY_VOID(mailbox.edit(only, remove, kDeleted));
    if (!mailbox.changed()) {
        return {};
    }
    TRY_VOID(mailbox.save());
    account.save(change);
    expunged.uids = mailbox.removed_uids();
    expunged.modseq = account.modseq();
    return release_emails(change,
                          scope.mailbox.ref.owner,
                          expunged.modseq,
                          mailbox.take_removed_emails(),
                          deleted_event(scope.now));
}

}  // namespace

std::uint32_t flags_within(Rights rights) {
    std::uint32_t flags = 0;
    flags |= (rights & kRightSeen) != 0 ? kSeen : 0U;
    flags |= (rights & kRightDeleteMessages) != 0 ? kDeleted : 0U;
    flags |= (rights & kRightWrite) != 0 ? kAllFlags & ~(kSeen | kDeleted) : 0U;
    return flags;
}

std::uint64_t keywords_within(Rights rights) {
    return (rights & kRightWrite) != 0 ? ~std::uint64_t{0} : 0;
}

base::Result<> append_all(store::Transaction& change,
                          MailboxEditor& mailbox,
                          AccountEditor& account,
                          const Arrival& arrival,
                          Appended& appended) {
    for (const NewMessage& message : arrival.messages) {
        NewEmail email;
        email.blob = &message.blob;
        email.queue_id = message.queue_id;
        email.return_path = message.return_path;
        email.summary = message.summary;
        email.thread = message.thread;
        Entry entry;
        TRY(entry.email, add_email(change, account, email));
        entry.octets = message.blob.size();
        entry.flags = message.flags & flags_within(arrival.rights);
        if (keywords_within(arrival.rights) != 0) {
            TRY(entry.keywords, mailbox.keyword_bits(message.keywords));
        }
        entry.received_s = seconds(message.received);
        entry.saved_s = seconds(arrival.now);
        TRY(const Uid uid, mailbox.append(entry));
        appended.uids.add(uid);
    }
    appended.uid_validity = mailbox.state().uid_validity;
    appended.modseq = account.modseq();
    return {};
}

base::Task<base::Result<Appended>> Mailboxes::append(base::Loop& loop,
                                                     account::AccountId user,
                                                     Ref to,
                                                     std::vector<NewMessage> messages) {
    auto work = [scope = Scope{user, to, parts_->clock.now(), {}}, messages = std::move(messages)](
                    store::Transaction& change, Appended& appended) {
        return append_messages(change, scope, messages, appended);
    };
    co_return co_await parts_->change<Appended>(loop, std::move(work));
}

base::Task<base::Result<Stored>> Mailboxes::store(
    base::Loop& loop, account::AccountId user, Opened mailbox, UidSet uids, FlagChange change) {
    auto work = [scope = Scope{user, mailbox, parts_->clock.now(), parts_->known(mailbox.ref)},
                 uids = std::move(uids),
                 flags = std::move(change)](store::Transaction& transaction, Stored& stored) {
        return store_flags(transaction, scope, uids, flags, stored);
    };
    co_return co_await parts_->change<Stored>(loop, std::move(work));
}

base::Task<base::Result<Expunged>> Mailboxes::expunge(base::Loop& loop,
                                                      account::AccountId user,
                                                      Opened mailbox,
                                                      std::optional<UidSet> only) {
    auto work = [scope = Scope{user, mailbox, parts_->clock.now(), parts_->known(mailbox.ref)},
                 only = only ? std::move(*only) : UidSet::all()](store::Transaction& change,
                                                                 Expunged& expunged) {
        return expunge_messages(change, scope, only, expunged);
    };
    co_return co_await parts_->change<Expunged>(loop, std::move(work));
}

}  // namespace mail
