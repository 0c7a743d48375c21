// What FETCH does to flags: BODY[...] sets \Seen, and the answer tells so (RFC 9051 6.4.5).
#pragma once

#include <vector>

#include "imap/grammar/fetch.h"
#include "imap/server/session.h"
#include "mail/mailboxes.h"

namespace imap {

// What an answer of FETCH tells beside what was asked for.
struct SeenNews {
    mail::UidSet uids;             // of the messages that were not \Seen before,
    std::vector<FetchItem> items;  // these
};

// Sets \Seen where it is not, in one change, and looks at the mailbox again: what the answer says of flags is
// what came of it. Gives the messages that were not \Seen.
[[nodiscard]] base::Task<mail::UidSet> set_seen(Session& session, mail::UidSet uids);

// What is missing from `asked` to tell all that news of flags would.
[[nodiscard]] std::vector<FetchItem> items_to_tell_flags(const Session& session,
                                                         const std::vector<FetchItem>& asked);

}  // namespace imap
