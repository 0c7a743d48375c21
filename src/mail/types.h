// The names of mail: mailboxes, UIDs (RFC 9051 2.3.1.1), flags (2.3.2), modification sequences (RFC 7162),
// emails (RFC 8474), and the entry that a mailbox keeps of each message.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "account/directory.h"

namespace mail {

using MailboxId = std::uint64_t;  // within its account; never used again
using Uid = std::uint32_t;        // ascending in a mailbox, never used again; zero is none
using Modseq = std::uint64_t;  // ascending in an account; the last change to a message or mailbox
// What a message is apart from the mailbox it lies in: the same in each mailbox of the account that it
// is copied or moved to, never used again in the account. Ascending with time.
using EmailId = std::uint64_t;

// Every account's first mailbox, INBOX in every spelling (RFC 9051 5.1).
inline constexpr MailboxId kInbox = 1;

// Who asks when the server itself does: it may do everything. No account has this number.
inline constexpr account::AccountId kServer = 0;

// A mailbox in the whole server.
struct Ref {
    account::AccountId owner = 0;
    MailboxId mailbox = 0;

    friend auto operator<=>(const Ref&, const Ref&) = default;
};

// A mailbox as somebody has it open. One that was made anew in its place since has other messages of the same UIDs: it is
// told apart by its UIDVALIDITY (RFC 9051 2.3.1.1), and to whoever means the old one it is not there.
struct Opened {
    // NOLINTNEXTLINE(google-explicit-constructor): whoever has a Ref means the mailbox that is there now.
    Opened(Ref mailbox, std::uint32_t validity = 0) : ref(mailbox), uid_validity(validity) {}

    Ref ref;
    std::uint32_t uid_validity;  // 0: any
};

// RFC 9051 2.3.2 system flags, as bits of Entry::flags.
enum Flag : std::uint32_t {
    kSeen = 1U << 0U,
    kAnswered = 1U << 1U,
    kFlagged = 1U << 2U,
    kDeleted = 1U << 3U,
    kDraft = 1U << 4U,
};

inline constexpr std::uint32_t kAllFlags = kSeen | kAnswered | kFlagged | kDeleted | kDraft;

// RFC 6154; at most one mailbox of an account has each.
enum class Role : std::uint8_t {
    kNone,
    kAll,
    kArchive,
    kDrafts,
    kFlagged,
    kJunk,
    kSent,
    kTrash,
    kImportant,  // RFC 8457
};

// A mailbox tells apart this many keywords at a time: they are bits of Entry::keywords.
inline constexpr std::size_t kKeywordsMax = 64;

// One message in one mailbox: all that changes, and what listings want most.
struct Entry {
    Uid uid = 0;
    std::uint32_t flags = 0;
    std::uint64_t keywords = 0;  // bit i: the i-th name of the mailbox's table (Snapshot::keywords)
    Modseq modseq = 0;
    EmailId email = 0;
    std::uint64_t octets = 0;     // RFC822.SIZE
    std::int64_t received_s = 0;  // INTERNALDATE, seconds since 1970
    std::int64_t saved_s = 0;     // SAVEDATE (RFC 8514)

    friend bool operator==(const Entry&, const Entry&) = default;
};

}  // namespace mail
