// One mailbox within a change: entries come, go and change their flags, and the sums, pages, keywords and
// the history of what has gone follow. Everything that changes mailboxes goes through here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "mail/records.h"
#include "mail/snapshot.h"
#include "mail/types.h"
#include "mail/uid_set.h"
#include "store/store.h"

namespace mail {

// An account's counters within a change.
// kNotFound: there is no such account any more. Sessions, deliveries and imports may outlive theirs, and what they wrote
// then would be nobody's for ever.
[[nodiscard]] base::Result<> require_account(const store::Reader& reader,
                                             account::AccountId account);

class AccountEditor {
  public:
    AccountEditor() = default;
    // As require_account().
    [[nodiscard]] static base::Result<AccountEditor> load(store::Transaction& change,
                                                          account::AccountId account);

    [[nodiscard]] account::AccountId id() const { return id_; }

    [[nodiscard]] AccountCounters& counters() { return counters_; }

    // The change's own: the first call takes it from the account's.
    [[nodiscard]] Modseq modseq();
    // Always more than any mailbox of the account had, whatever the clock says.
    [[nodiscard]] std::uint32_t next_uid_validity(base::WallTime now);
    void save(store::Transaction& change) const;

  private:
    account::AccountId id_ = 0;
    AccountCounters counters_;
    Modseq modseq_ = 0;
};

class MailboxEditor {
  public:
    enum class Verdict : std::uint8_t { kKeep, kChanged, kRemove };

    // Of a mailbox of `account`'s. Nothing when it is not there, or another that was made in its place. `known` may be null; as long as it is the mailbox's newest
    // snapshot pages are taken from it instead of being read. All must outlive the editor.
    [[nodiscard]] static base::Result<std::optional<MailboxEditor>> load(store::Transaction& change,
                                                                         AccountEditor& account,
                                                                         const Opened& mailbox,
                                                                         SnapshotPtr known = {});
    // A mailbox that comes into being with this change.
    [[nodiscard]] static MailboxEditor create(store::Transaction& change,
                                              AccountEditor& account,
                                              MailboxId mailbox,
                                              base::WallTime now);

    [[nodiscard]] const MailboxState& state() const { return state_; }

    [[nodiscard]] Ref ref() const { return {account_->id(), mailbox_}; }

    [[nodiscard]] const std::vector<std::string>& keywords() const { return keywords_; }

    // Shows each entry of `uids`, ascending. The visitor may change flags and keywords, and says so; modseqs
    // follow. Removed entries' emails are in removed_emails() from then on. With `flags` entries that have
    // none of them may be passed over: of a known mailbox only the pages that have some are looked at.
    using EntryVisitor = std::function<Verdict(Entry&)>;
    [[nodiscard]] base::Result<> edit(const UidSet& uids,
                                      const EntryVisitor& visit,
                                      std::uint32_t flags = 0);
    // Adds an entry behind all others; its UID and modseq are given here. kTooLong: UIDs are used up.
    [[nodiscard]] base::Result<Uid> append(Entry entry);
    // The bits of these names; names that are new get one. kTooLong: all are used by messages.
    [[nodiscard]] base::Result<std::uint64_t> keyword_bits(const std::vector<std::string>& names);
    // The same without new names.
    [[nodiscard]] std::uint64_t known_keyword_bits(const std::vector<std::string>& names) const;
    // The names of these bits.
    [[nodiscard]] std::vector<std::string> keyword_names(std::uint64_t bits) const;

    [[nodiscard]] const UidSet& removed_uids() const { return removed_; }

    [[nodiscard]] std::vector<EmailId> take_removed_emails() {
        return std::exchange(removed_emails_, {});
    }

    // Raises the modseq for a change to something else that the mailbox has than its messages.
    void touch();

    // Did anything change?
    [[nodiscard]] bool changed() const { return changed_; }

    // Writes what changed; the account's counters are saved apart.
    [[nodiscard]] base::Result<> save();

  private:
    MailboxEditor(store::Transaction& change, AccountEditor& account, MailboxId mailbox)
        : change_(&change),
          account_(&account),
          mailbox_(mailbox) {}

    using PageVisitor = std::function<base::Result<>(const PagePtr&)>;

    [[nodiscard]] base::Result<> visit_pages(const UidSet& uids,
                                             const PageVisitor& visit,
                                             std::uint32_t flags = 0);
    [[nodiscard]] base::Result<> edit_page(const Page& page,
                                           const UidSet& uids,
                                           const EntryVisitor& visit);
    [[nodiscard]] base::Result<> load_tail();
    void flush_tail();
    void count(const Entry& entry);
    [[nodiscard]] base::Result<> discount(const Entry& entry);
    [[nodiscard]] base::Result<> reclaim_keywords(std::uint64_t wanted);
    [[nodiscard]] base::Result<> remember_removed();

    store::Transaction* change_;
    AccountEditor* account_;
    MailboxId mailbox_;
    MailboxState state_;
    std::vector<std::string> keywords_;
    SnapshotPtr known_;
    std::optional<PageDraft> tail_;  // the page that entries are appended to, not written yet
    UidSet removed_;
    std::vector<EmailId> removed_emails_;
    bool changed_ = false;
    bool keywords_changed_ = false;
};

}  // namespace mail
