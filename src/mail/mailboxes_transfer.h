// Two mailboxes within one change, of one account or of two, or one and the same.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "mail/mailbox_editor.h"
#include "mail/mailboxes.h"
#include "mail/rights.h"
#include "store/store.h"

namespace mail {

class TwoMailboxes {
  public:
    // kNotFound when either has gone. `known` may be a snapshot of `from`.
    [[nodiscard]] static base::Result<std::unique_ptr<TwoMailboxes>> open(
        store::Transaction& change, Opened from, Ref to, SnapshotPtr known);
    TwoMailboxes(const TwoMailboxes&) = delete;
    TwoMailboxes& operator=(const TwoMailboxes&) = delete;
    ~TwoMailboxes() = default;

    [[nodiscard]] MailboxEditor& source() { return *source_; }

    [[nodiscard]] MailboxEditor& target() { return target_ ? *target_ : *source_; }

    [[nodiscard]] AccountEditor& source_account() { return source_account_; }

    [[nodiscard]] AccountEditor& target_account() {
        return target_account_ ? *target_account_ : source_account_;
    }

    [[nodiscard]] bool share_account() const { return !target_account_; }

    [[nodiscard]] base::Result<> save(store::Transaction& change);

  private:
    TwoMailboxes() = default;

    // Editors point to their accounts, so nothing here moves.
    AccountEditor source_account_;
    std::optional<AccountEditor> target_account_;
    std::optional<MailboxEditor> source_;
    std::optional<MailboxEditor> target_;
};

struct TransferOptions {
    bool remove = false;  // from the source
    Missing missing = Missing::kPassedOver;
    base::WallTime now;
    std::uint32_t flags_allowed = kAllFlags;
    std::uint64_t keywords_allowed = ~std::uint64_t{0};
};

// Copies or moves what of `uids` is in the source, and saves both. With kPreventsAll `uids` are those of messages,
// no open range, and the change fails with kInvalid unless all are there.
[[nodiscard]] base::Result<> transfer(store::Transaction& change,
                                      TwoMailboxes& two,
                                      const UidSet& uids,
                                      const TransferOptions& options,
                                      Copied& copied);

// Messages that come into a mailbox, and what whoever brings them may do there.
struct Arrival {
    const std::vector<NewMessage>& messages;
    Rights rights = 0;
    base::WallTime now;
};

// Adds them to a mailbox whose account has room for them.
[[nodiscard]] base::Result<> append_all(store::Transaction& change,
                                        MailboxEditor& mailbox,
                                        AccountEditor& account,
                                        const Arrival& arrival,
                                        Appended& appended);

// Which system flags and keywords these rights let one set (RFC 4314 4).
[[nodiscard]] std::uint32_t flags_within(Rights rights);
[[nodiscard]] std::uint64_t keywords_within(Rights rights);

}  // namespace mail
