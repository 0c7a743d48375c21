// RFC 4314: what one may do with a mailbox, as a set of letters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mail {

using Rights = std::uint16_t;

// RFC 4314 2.1, in the order in which they are printed.
enum Right : Rights {
    kRightLookup = 1U << 0U,          // l  is seen by LIST
    kRightRead = 1U << 1U,            // r  SELECT, FETCH, SEARCH, COPY from
    kRightSeen = 1U << 2U,            // s  keeps \Seen
    kRightWrite = 1U << 3U,           // w  flags other than \Seen and \Deleted
    kRightInsert = 1U << 4U,          // i  APPEND, COPY into
    kRightPost = 1U << 5U,            // p  mail may be sent to it
    kRightCreate = 1U << 6U,          // k  mailboxes below it
    kRightDeleteMailbox = 1U << 7U,   // x
    kRightDeleteMessages = 1U << 8U,  // t  keeps \Deleted
    kRightExpunge = 1U << 9U,         // e
    kRightAdminister = 1U << 10U,     // a  SETACL, GETACL
};

inline constexpr Rights kAllRights = (1U << 11U) - 1U;

// RFC 4314 4: any of these lets one ask for one's rights, so the mailbox is no secret. LIST still wants l.
inline constexpr Rights kRightsToKnow = kRightLookup | kRightRead | kRightInsert | kRightCreate |
                                        kRightDeleteMailbox | kRightAdminister;

// RFC 4314 5.2: who has none of these has opened the mailbox read-only.
inline constexpr Rights kRightsToChange =
    kRightSeen | kRightWrite | kRightInsert | kRightDeleteMessages | kRightExpunge;

// What flags may be changed, PERMANENTFLAGS tells (RFC 4314 5.1.1).
inline constexpr Rights kRightsToFlags = kRightSeen | kRightWrite | kRightDeleteMessages;

enum class RightsMode : std::uint8_t { kReplace, kAdd, kRemove };

struct RightsChange {
    RightsMode mode = RightsMode::kReplace;
    Rights rights = 0;
};

// "lrswipkxtea". With `virtual_rights`, RFC 2086 c and d too, as RFC 4314 2.1.1 wants them for old clients.
[[nodiscard]] std::string to_text(Rights rights, bool virtual_rights = false);
// kInvalid for a letter that is no right of ours. c is kx, d is te (RFC 4314 2.1.1).
[[nodiscard]] base::Result<Rights> parse_rights(std::string_view letters);

}  // namespace mail
