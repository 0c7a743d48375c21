// The mailbox that APPEND, COPY, MOVE and REPLACE put messages into (RFC 9051 6.3.12, 6.4.7, 6.4.8).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "imap/server/session.h"
#include "mail/mailboxes.h"

namespace imap {

// What the client's name for it means; the user may put messages there. Otherwise what to reply.
[[nodiscard]] base::Result<mail::MailboxInfo, Reply> find_target(Session& session,
                                                                 std::string_view wire);

// There is no mailbox at `path`: NO [TRYCREATE], unless it is certain that CREATE could not make it either.
[[nodiscard]] Reply no_target(Session& session, std::string_view path);

}  // namespace imap
