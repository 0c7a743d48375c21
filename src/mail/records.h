// What mail keeps in the store: keys and records (docs/architecture/storage-format.md, "Mail"). Pages of
// entries are in page_record.h, emails in emails.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/result.h"
#include "mail/types.h"
#include "mail/uid_set.h"
#include "store/store.h"

namespace mail {

// Every key of ours begins with one of these; other rooms have others.
enum class KeyTag : std::uint8_t {
    kCounters = 'm',  // account
    kMailbox = 'M',   // account mailbox: its place in the tree
    kName = 'p',      // account parent name: which mailbox that is
    kState = 'C',     // account mailbox: what lies in it, in sum; only where messages may lie
    kKeywords = 'W',  // account mailbox: the names of Entry::keywords
    kPage = 'U',      // account mailbox page
    kRecent = 'c',    // account mailbox: the first UID that no session was told of (RFC 3501 2.3.2)
    kVanished = 'V',  // account mailbox modseq: the UIDs that went with it
    kEmail = 'E',     // account email
    kCopies = 'e',    // account block: emails of which there is more than one entry
    kThread = 'h',    // account hash: the thread of a Message-ID
    kGarbage = 'g',   // account modseq number: emails whose entries have gone
    kAcl = 'R',       // account mailbox sign who: rights
    kSharedWith = 'r',    // who account mailbox: nothing more
    kSubscription = 's',  // user path: nothing more
    kAnnotation = 'K',    // account mailbox user name
    kUidValidity = 'v',   // the highest UIDVALIDITY that a removed account had
};

// A new account's UIDVALIDITYs begin behind those of accounts that have gone: another one may have the same address.
[[nodiscard]] base::Result<> raise_uid_validity(store::Transaction& change, std::uint32_t floor);

// One record an account, read and written by every change to its mail: changes run one after another, so
// what it hands out is never handed out twice.
struct AccountCounters {
    std::uint64_t octets = 0;    // of all messages, each mailbox entry counted: the quota's sum
    std::uint64_t messages = 0;  // in all mailboxes
    Modseq modseq = 0;           // the last that was given to a change of this account
    MailboxId next_mailbox = kInbox + 1;  // ids of mailboxes are never used again
    std::uint32_t uid_validity = 0;       // the last that was given to a mailbox; they only grow
    EmailId next_email = 1;               // EMAILID (RFC 8474)
    std::uint64_t mailboxes = 0;
    std::uint64_t annotation_octets = 0;
};

struct MailboxRecord {
    MailboxId parent = 0;  // 0: at the top
    std::string name;      // one level of the tree, UTF-8 in NFC
    Role role = Role::kNone;
    Modseq created_modseq = 0;
    Modseq modseq = 0;  // the last change to what stands here
};

// What lies in a mailbox, in sum. A mailbox without one is only a level above others.
struct MailboxState {
    std::uint32_t uid_validity = 0;
    Uid uid_next = 1;
    Modseq highest_modseq = 0;
    std::uint64_t messages = 0;
    std::uint64_t unseen = 0;
    std::uint64_t deleted = 0;
    std::uint64_t octets = 0;
    std::uint64_t deleted_octets = 0;
    // Removals up to this modseq are forgotten, so QRESYNC cannot tell them one by one.
    Modseq vanished_floor = 0;
    std::uint64_t vanished_octets = 0;  // of the records that remember the others

    friend bool operator==(const MailboxState&, const MailboxState&) = default;
};

[[nodiscard]] std::string prefix(KeyTag tag);
[[nodiscard]] std::string account_prefix(KeyTag tag, account::AccountId account);
// Keys that end with their mailbox, and the prefix of those that go on.
[[nodiscard]] std::string mailbox_key(KeyTag tag, Ref ref);
[[nodiscard]] std::string counters_key(account::AccountId account);
[[nodiscard]] std::string name_key(account::AccountId account,
                                   MailboxId parent,
                                   std::string_view name);
[[nodiscard]] std::string name_prefix(account::AccountId account, MailboxId parent);
[[nodiscard]] std::string page_key(Ref ref, Uid page);
[[nodiscard]] std::string vanished_key(Ref ref, Modseq modseq);

// The mailbox of a key that begins with tag, account and mailbox; kCorrupt for one that is shorter.
[[nodiscard]] base::Result<Ref> parse_mailbox_key(std::string_view key);
[[nodiscard]] base::Result<account::AccountId> parse_account(std::string_view key);

struct PageName {
    Ref ref;
    Uid page = 0;
};

[[nodiscard]] base::Result<PageName> parse_page_key(std::string_view key);
[[nodiscard]] base::Result<Modseq> parse_vanished_key(std::string_view key);
// The writes of a commit whose keys begin with `prefix`; `writes` are sorted, as observers get them.
[[nodiscard]] std::span<const store::Write> writes_under(std::span<const store::Write> writes,
                                                         std::string_view prefix);

[[nodiscard]] std::string encode(const AccountCounters& counters);
[[nodiscard]] std::string encode(const MailboxRecord& mailbox);
[[nodiscard]] std::string encode(const MailboxState& state);
[[nodiscard]] std::string encode(const UidSet& uids);
[[nodiscard]] std::string encode_names(const std::vector<std::string>& names);
[[nodiscard]] std::string encode_number(std::uint64_t number);
// The value of a record that says nothing but that it is there.
[[nodiscard]] std::string encode_mark();
// kCorrupt for what the encoder cannot have written.
[[nodiscard]] base::Result<AccountCounters> decode_counters(std::string_view record);
[[nodiscard]] base::Result<MailboxRecord> decode_mailbox(std::string_view record);
[[nodiscard]] base::Result<MailboxState> decode_state(std::string_view record);
[[nodiscard]] base::Result<UidSet> decode_uids(std::string_view record);
[[nodiscard]] base::Result<std::vector<std::string>> decode_names(std::string_view record);
[[nodiscard]] base::Result<std::uint64_t> decode_number(std::string_view record);

// Zeroes when the account never had mail.
[[nodiscard]] base::Result<AccountCounters> load_counters(const store::Reader& reader,
                                                          account::AccountId account);
[[nodiscard]] base::Result<std::optional<MailboxRecord>> load_mailbox(const store::Reader& reader,
                                                                      Ref ref);
// Nothing for a mailbox that is not there or cannot hold messages.
[[nodiscard]] base::Result<std::optional<MailboxState>> load_state(const store::Reader& reader,
                                                                   Ref ref);
[[nodiscard]] base::Result<std::vector<std::string>> load_keywords(const store::Reader& reader,
                                                                   Ref ref);
// 1, the first of all, when nobody ever looked at the mailbox.
[[nodiscard]] base::Result<Uid> load_first_recent(const store::Reader& reader, Ref ref);

}  // namespace mail
