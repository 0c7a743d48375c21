// Messages that go from one mailbox to another in one change: COPY, MOVE (RFC 6851), REPLACE (RFC 8508), and
// the renaming of INBOX. Within an account the emails stay what they are; another account gets its own.
#include "mail/mailboxes_transfer.h"

#include <array>
#include <bit>
#include <span>
#include <utility>

#include "mail/emails.h"
#include "mail/mailboxes.h"
#include "mail/mailboxes_impl.h"

namespace mail {
namespace {

using Verdict = MailboxEditor::Verdict;

constexpr Rights kRightsToRemove = kRightDeleteMessages | kRightExpunge;

TraceEvent moved_event(base::WallTime time) {
    TraceEvent event;
    event.time = time;
    event.kind = "deleted";
    event.text = "from a mailbox, into another account's";
    return event;
}

// What the bits of one mailbox' keywords are in another's.
class KeywordMap {
  public:
    static base::Result<KeywordMap> make(const MailboxEditor& from,
                                         MailboxEditor& to,
                                         std::uint64_t used) {
        KeywordMap map;
        for (; used != 0; used &= used - 1) {
            const int bit = std::countr_zero(used);
            const auto names = from.keyword_names(std::uint64_t{1} << bit);
            map.wanted_.emplace_back(bit, names);
        }
        std::vector<std::string> all;
        for (const auto& [bit, names] : map.wanted_) {
            all.insert(all.end(), names.begin(), names.end());
        }
        TRY_VOID(to.keyword_bits(all));
        for (const auto& [bit, names] : map.wanted_) {
            map.bits_[static_cast<std::size_t>(bit)] = to.known_keyword_bits(names);
        }
        return map;
    }

    [[nodiscard]] std::uint64_t operator()(std::uint64_t before) const {
        std::uint64_t after = 0;
        for (; before != 0; before &= before - 1) {
            after |= bits_[static_cast<std::size_t>(std::countr_zero(before))];
        }
        return after;
    }

  private:
    std::vector<std::pair<int, std::vector<std::string>>> wanted_;
    std::array<std::uint64_t, kKeywordsMax> bits_{};
};

// The email of `entry` as the target's account knows it.
class EmailTransfer {
  public:
    EmailTransfer(store::Transaction& change, TwoMailboxes& two, bool remove)
        : change_(change),
          two_(two),
          remove_(remove),
          counts_(change, two.target_account().id()) {}

    base::Result<EmailId> transfer(EmailId email) {
        if (two_.share_account()) {
            if (!remove_) {
                TRY_VOID(counts_.refer(email));
            }
            return email;
        }
        TRY(const auto record, change_.get(email_key(two_.source_account().id(), email)));
        if (!record) {
            return base::fail(base::Errc::kCorrupt, "a message's email is missing");
        }
        TRY(const EmailRecord known, decode_email(*record));
        NewEmail copied;
        copied.stored_blob = known.blob;
        copied.octets = known.octets;
        copied.queue_id = known.queue_id;
        copied.return_path = known.return_path;
        copied.summary = known.summary;
        copied.thread = std::span(&known.message_hash, 1);
        return add_email(change_, two_.target_account(), copied);
    }

    void save() { counts_.save(); }

  private:
    store::Transaction& change_;
    TwoMailboxes& two_;
    bool remove_;
    EmailCounts counts_;
};

base::Result<> check_target_quota(store::Transaction& change,
                                  TwoMailboxes& two,
                                  const std::vector<Entry>& entries,
                                  bool remove) {
    if (remove && two.share_account()) {
        return {};
    }
    Amount amount{.octets = 0, .messages = entries.size()};
    for (const Entry& entry : entries) {
        amount.octets += entry.octets;
    }
    return check_quota(change, two.target_account(), amount);
}

base::Result<> append_entries(store::Transaction& change,
                              TwoMailboxes& two,
                              const std::vector<Entry>& entries,
                              const TransferOptions& options,
                              Copied& copied) {
    std::uint64_t used = 0;
    for (const Entry& entry : entries) {
        used |= entry.keywords & options.keywords_allowed;
    }
    TRY(const KeywordMap keywords, KeywordMap::make(two.source(), two.target(), used));
    EmailTransfer emails(change, two, options.remove);
    for (const Entry& entry : entries) {
        Entry made = entry;
        TRY(made.email, emails.transfer(entry.email));
        made.flags = entry.flags & options.flags_allowed;
        made.keywords = keywords(entry.keywords & options.keywords_allowed);
        made.saved_s = seconds(options.now);
        TRY(const Uid uid, two.target().append(made));
        copied.from.add(entry.uid);
        copied.to.add(uid);
    }
    emails.save();
    return {};
}

}  // namespace

base::Result<std::unique_ptr<TwoMailboxes>> TwoMailboxes::open(store::Transaction& change,
                                                               Opened from,
                                                               Ref to,
                                                               SnapshotPtr known) {
    std::unique_ptr<TwoMailboxes> two(new TwoMailboxes);
    TRY(two->source_account_, AccountEditor::load(change, from.ref.owner));
    TRY(two->source_, MailboxEditor::load(change, two->source_account_, from, std::move(known)));
    if (from.ref.owner != to.owner) {
        TRY(const AccountEditor other, AccountEditor::load(change, to.owner));
        two->target_account_ = other;
    }
    if (from.ref != to) {
        TRY(two->target_, MailboxEditor::load(change, two->target_account(), to));
    }
    if (!two->source_ || (from.ref != to && !two->target_)) {
        return base::fail(base::Errc::kNotFound, "a mailbox has gone");
    }
    return two;
}

base::Result<> TwoMailboxes::save(store::Transaction& change) {
    TRY_VOID(source_->save());
    if (target_) {
        TRY_VOID(target_->save());
    }
    if (source_->changed() || (target_ && target_->changed())) {
        source_account_.save(change);
        if (target_account_) {
            target_account_->save(change);
        }
    }
    return {};
}

base::Result<> transfer(store::Transaction& change,
                        TwoMailboxes& two,
                        const UidSet& uids,
                        const TransferOptions& options,
                        Copied& copied) {
    std::vector<Entry> entries;
    const Verdict verdict = options.remove ? Verdict::kRemove : Verdict::kKeep;
    TRY_VOID(two.source().edit(uids, [&](Entry& entry) {
        entries.push_back(entry);
        return verdict;
    }));
    copied.uid_validity = two.target().state().uid_validity;
    if (options.missing == Missing::kPreventsAll && entries.size() != uids.size()) {
        return base::fail(base::Errc::kInvalid, "messages have gone");
    }
    if (entries.empty()) {
        return {};
    }
    TRY_VOID(check_target_quota(change, two, entries, options.remove));
    TRY_VOID(append_entries(change, two, entries, options, copied));
    TRY_VOID(two.save(change));
    if (options.remove && !two.share_account()) {
        AccountEditor& account = two.source_account();
        return release_emails(change,
                              account.id(),
                              account.modseq(),
                              two.source().take_removed_emails(),
                              moved_event(options.now));
    }
    return {};
}

namespace {

// COPY or MOVE, as a user asks for it; what his rights allow comes later.
struct Wish {
    account::AccountId user;
    Transfer transfer;
    TransferOptions options;
    SnapshotPtr known;  // of transfer.from, or null
};

base::Result<> transfer_as(store::Transaction& change, const Wish& wish, Copied& copied) {
    const auto& [from, uids, to, missing] = wish.transfer;
    TransferOptions options = wish.options;
    options.missing = missing;
    const Rights removal = options.remove ? kRightsToRemove : Rights{0};
    TRY_VOID(require(change, wish.user, from.ref, static_cast<Rights>(kRightRead | removal)));
    TRY_VOID(require(change, wish.user, to, kRightInsert));
    TRY(const Rights rights, rights_of(change, wish.user, to));
    options.flags_allowed = flags_within(rights);
    options.keywords_allowed = keywords_within(rights);
    TRY(const auto two, TwoMailboxes::open(change, from, to, wish.known));
    return transfer(change, *two, uids, options, copied);
}

auto as_change(Wish wish) {
    return [wish = std::move(wish)](store::Transaction& change, Copied& copied) {
        return transfer_as(change, wish, copied);
    };
}

}  // namespace

base::Task<base::Result<Copied>> Mailboxes::copy(base::Loop& loop,
                                                 account::AccountId user,
                                                 Transfer transfer) {
    const TransferOptions options{.remove = false, .now = parts_->clock.now()};
    SnapshotPtr known = parts_->known(transfer.from.ref);
    Wish wish{user, std::move(transfer), options, std::move(known)};
    co_return co_await parts_->change<Copied>(loop, as_change(std::move(wish)));
}

base::Task<base::Result<Copied>> Mailboxes::move(base::Loop& loop,
                                                 account::AccountId user,
                                                 Transfer transfer) {
    const TransferOptions options{.remove = true, .now = parts_->clock.now()};
    SnapshotPtr known = parts_->known(transfer.from.ref);
    Wish wish{user, std::move(transfer), options, std::move(known)};
    co_return co_await parts_->change<Copied>(loop, as_change(std::move(wish)));
}

base::Task<base::Result<Appended>> Mailboxes::replace(
    base::Loop& loop, account::AccountId user, OldMessage old, Ref to, NewMessage message) {
    auto work = [user,
                 old,
                 to,
                 messages = std::vector<NewMessage>{std::move(message)},
                 now = parts_->clock.now()](store::Transaction& change,
                                            Appended& appended) -> base::Result<> {
        TRY_VOID(require(change, user, old.mailbox.ref, kRightsToRemove));
        TRY_VOID(require(change, user, to, kRightInsert));
        TRY(const Rights rights, rights_of(change, user, to));
        TRY(const auto two, TwoMailboxes::open(change, old.mailbox, to, {}));
        TRY_VOID(two->source().edit({old.uid, old.uid}, [](Entry&) { return Verdict::kRemove; }));
        if (two->source().removed_uids().empty()) {
            return base::fail(base::Errc::kNotFound, "the message has gone");
        }
        AccountEditor& account = two->target_account();
        TRY_VOID(check_quota(change, account, {messages.front().blob.size(), 1}));
        TRY_VOID(append_all(change, two->target(), account, {messages, rights, now}, appended));
        TRY_VOID(two->save(change));
        TraceEvent event;
        event.time = now;
        event.kind = "deleted";
        event.text = "from a mailbox, for another message";
        return release_emails(change,
                              old.mailbox.ref.owner,
                              two->source_account().modseq(),
                              two->source().take_removed_emails(),
                              event);
    };
    co_return co_await parts_->change<Appended>(loop, std::move(work));
}

}  // namespace mail
