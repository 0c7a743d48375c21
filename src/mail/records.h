// What mail keeps in the store: keys and records of accounts' counters, mailboxes and messages
// (docs/architecture/storage-format.md, "Mail"). Laid out for IMAP from the start: flags, keywords,
// modification sequences (RFC 7162) and the mailbox tree are here though POP3 needs none of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/result.h"
#include "mail/message_store.h"
#include "store/store.h"

namespace mail {

// One record an account, read and written by every change to its mail: changes run one after another, so
// what it hands out is never handed out twice.
struct AccountCounters {
    std::uint64_t octets = 0;    // of all messages, each mailbox entry counted: the quota's sum
    std::uint64_t messages = 0;  // in all mailboxes
    std::uint64_t modseq = 0;    // the last that was given to a change of this account
    MailboxId next_mailbox = kInbox + 1;  // ids of mailboxes are never used again
    std::uint32_t uid_validity = 0;       // the last that was given to a mailbox; they only grow
    std::uint64_t next_email = 1;  // EMAILID (RFC 8474), the same in every mailbox it is copied to
};

struct MailboxRecord {
    MailboxId parent = 0;  // 0: at the top
    std::string name;      // one level of the tree, UTF-8
    std::uint32_t uid_validity = 0;
    Uid uid_next = 1;
    std::uint64_t highest_modseq = 0;
    // Removals up to this modseq were not written down one by one, so QRESYNC cannot tell them.
    std::uint64_t vanished_floor = 0;
    std::uint64_t messages = 0;
    std::uint64_t unseen = 0;
    std::uint64_t octets = 0;
    std::uint8_t role = 0;  // RFC 6154 special use; 0: none
    bool subscribed = true;
};

struct MessageRecord {
    store::BlobId blob;
    std::uint64_t octets = 0;
    base::WallTime received;  // INTERNALDATE
    std::uint32_t flags = 0;
    std::uint64_t modseq = 0;
    std::uint64_t email = 0;
    std::string queue_id;
    std::string return_path;
    std::vector<std::string> keywords;  // RFC 9051 2.3.2, without the system flags
};

[[nodiscard]] std::string counters_key(account::AccountId account);
[[nodiscard]] std::string mailbox_key(account::AccountId account, MailboxId mailbox);
// All mailboxes of an account begin with it.
[[nodiscard]] std::string mailbox_prefix(account::AccountId account);
[[nodiscard]] std::string message_key(account::AccountId account, MailboxId mailbox, Uid uid);
// All messages of an account, or of one of its mailboxes.
[[nodiscard]] std::string message_prefix(account::AccountId account);
[[nodiscard]] std::string message_prefix(account::AccountId account, MailboxId mailbox);

// What such keys say; kCorrupt for anything else.
struct MailboxName {
    account::AccountId account = 0;
    MailboxId mailbox = 0;
};

struct MessageName {
    account::AccountId account = 0;
    MailboxId mailbox = 0;
    Uid uid = 0;
};

[[nodiscard]] base::Result<account::AccountId> parse_counters_key(std::string_view key);
[[nodiscard]] base::Result<MailboxName> parse_mailbox_key(std::string_view key);
[[nodiscard]] base::Result<MessageName> parse_message_key(std::string_view key);

[[nodiscard]] std::string encode(const AccountCounters& counters);
[[nodiscard]] std::string encode(const MailboxRecord& mailbox);
[[nodiscard]] std::string encode(const MessageRecord& message);
// kCorrupt for what the encoder cannot have written.
[[nodiscard]] base::Result<AccountCounters> decode_counters(std::string_view record);
[[nodiscard]] base::Result<MailboxRecord> decode_mailbox(std::string_view record);
[[nodiscard]] base::Result<MessageRecord> decode_message(std::string_view record);

// Zeroes when the account never had mail.
[[nodiscard]] base::Result<AccountCounters> load_counters(const store::Reader& reader,
                                                          account::AccountId account);
[[nodiscard]] base::Result<std::optional<MailboxRecord>> load_mailbox(const store::Reader& reader,
                                                                      account::AccountId account,
                                                                      MailboxId mailbox);
[[nodiscard]] base::Result<std::optional<MessageRecord>> load_message(const store::Reader& reader,
                                                                      account::AccountId account,
                                                                      MailboxId mailbox,
                                                                      Uid uid);

}  // namespace mail
