// The tree of an account's mailboxes in the store, and its paths (RFC 9051 5.1): what stands where, and
// the changes that make, move and remove it. Rights are the callers' to check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mail/mailbox_editor.h"
#include "mail/records.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

inline constexpr std::string_view kInboxName = "INBOX";
inline constexpr std::string_view kOthersName = "Other Users";

// The levels of a path, in NFC, an INBOX in front in capitals. kInvalid: an empty level, characters that
// cannot be (controls, wildcards), no UTF-8; kTooLong: `depth_max`, `name_octets_max`.
[[nodiscard]] base::Result<std::vector<std::string>> parse_levels(std::string_view path,
                                                                  std::size_t depth_max,
                                                                  std::size_t name_octets_max);
[[nodiscard]] std::string join_levels(const std::vector<std::string>& levels);

[[nodiscard]] base::Result<std::optional<MailboxId>> find_child(const store::Reader& reader,
                                                                account::AccountId owner,
                                                                MailboxId parent,
                                                                std::string_view name);
[[nodiscard]] base::Result<std::optional<MailboxId>> find_mailbox(
    const store::Reader& reader, account::AccountId owner, const std::vector<std::string>& levels);
[[nodiscard]] base::Result<bool> has_children(const store::Reader& reader, Ref ref);
// The levels that lead to a mailbox; kNotFound when it is not there.
[[nodiscard]] base::Result<std::vector<std::string>> levels_of(const store::Reader& reader,
                                                               Ref ref);

// A new mailbox; nothing of that name may be there. A level that holds no messages unless `selectable`.
struct NewMailbox {
    MailboxId parent = 0;
    std::string name;
    Role role = Role::kNone;
    bool selectable = true;
};

[[nodiscard]] base::Result<MailboxId> make_mailbox(store::Transaction& change,
                                                   AccountEditor& account,
                                                   const NewMailbox& mailbox,
                                                   base::WallTime now);
// INBOX where there is none; for an account that has no mailbox at all those with roles too, subscribed.
[[nodiscard]] base::Result<> provision(store::Transaction& change,
                                       AccountEditor& account,
                                       base::WallTime now);
// Every record of the mailbox but its place in the tree. The emails of its entries are appended to `emails`.
[[nodiscard]] base::Result<> empty_mailbox(store::Transaction& change,
                                           AccountEditor& account,
                                           MailboxId mailbox,
                                           std::vector<EmailId>& emails);
// What was said of it: rights (RFC 4314 4) and annotations.
[[nodiscard]] base::Result<> erase_sayings(store::Transaction& change,
                                           AccountEditor& account,
                                           MailboxId mailbox);
// Its place in the tree, and whatever was said of it.
[[nodiscard]] base::Result<> erase_mailbox(store::Transaction& change,
                                           AccountEditor& account,
                                           MailboxId mailbox);

// Erases every record under `prefix`.
[[nodiscard]] base::Result<> erase_all(store::Transaction& change, const std::string& prefix);

[[nodiscard]] std::string subscription_key(account::AccountId user, std::string_view path);

}  // namespace mail
