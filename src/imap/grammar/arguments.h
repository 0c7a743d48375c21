// The arguments of the commands that name mailboxes, change flags, or speak about the session: SELECT, LIST,
// STATUS, STORE, COPY, ID, ENABLE and the like (RFC 9051 6.2 to 6.4 and the extensions named below). Names
// of mailboxes stand here as on the wire: decode_mailbox() reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/sequence_set.h"
#include "mail/uid_set.h"

namespace imap {

// One astring, as DELETE's mailbox; two, as RENAME's.
[[nodiscard]] base::Result<std::string> parse_one_astring(std::string_view text);
[[nodiscard]] base::Result<std::pair<std::string, std::string>> parse_two_astrings(
    std::string_view text);

// RFC 7162 3.2.5: what the client remembers of the mailbox.
struct QresyncParameter {
    std::uint32_t uid_validity = 0;
    std::uint64_t modseq = 0;
    std::optional<mail::UidSet> known_uids;
    // Sequence numbers and their UIDs, as many of one as of the other.
    mail::UidSet match_numbers;
    mail::UidSet match_uids;
};

struct SelectArguments {
    std::string mailbox;
    bool condstore = false;
    std::optional<QresyncParameter> qresync;
};

[[nodiscard]] base::Result<SelectArguments> parse_select(std::string_view text);

// RFC 6154 3: CREATE mailbox [(USE (\Drafts ...))]
struct CreateArguments {
    std::string mailbox;
    std::vector<std::string> uses;  // "\\Drafts", as written
};

[[nodiscard]] base::Result<CreateArguments> parse_create(std::string_view text);

// COPY, MOVE
struct CopyArguments {
    SequenceSet set;
    std::string mailbox;
};

[[nodiscard]] base::Result<CopyArguments> parse_copy(std::string_view text);

enum class StoreAction : std::uint8_t { kReplace, kAdd, kRemove };

struct StoreArguments {
    SequenceSet set;
    std::optional<std::uint64_t> unchanged_since;  // RFC 7162 3.1.3
    StoreAction action = StoreAction::kReplace;
    bool silent = false;
    Flags flags;
};

[[nodiscard]] base::Result<StoreArguments> parse_store(std::string_view text);

// RFC 9208 4.1.3
struct SetquotaArguments {
    std::string root;
    std::vector<std::pair<std::string, std::uint64_t>> limits;  // by resource, upper case
};

[[nodiscard]] base::Result<SetquotaArguments> parse_setquota(std::string_view text);

// UID EXPUNGE
[[nodiscard]] base::Result<SequenceSet> parse_set_alone(std::string_view text);

// ENABLE: capability names, upper case.
[[nodiscard]] base::Result<std::vector<std::string>> parse_enable(std::string_view text);

// RFC 2971 3.1: at most 30 pairs, fields of 30 octets, values of 1024; nothing for NIL.
using IdFields = std::vector<std::pair<std::string, std::optional<std::string>>>;
[[nodiscard]] base::Result<IdFields> parse_id(std::string_view text);

struct LoginArguments {
    std::string user;
    std::string password;
};

[[nodiscard]] base::Result<LoginArguments> parse_login(std::string_view text);

struct AuthenticateArguments {
    std::string mechanism;                // upper case
    std::optional<std::string> response;  // RFC 4959: decoded; "=" is an empty one
};

[[nodiscard]] base::Result<AuthenticateArguments> parse_authenticate(std::string_view text);
// A line that answers a challenge: base64, or "*" (nothing) to give up.
[[nodiscard]] base::Result<std::optional<std::string>> parse_sasl_response(std::string_view line);

}  // namespace imap
