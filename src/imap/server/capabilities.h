// What CAPABILITY says (RFC 9051 6.1.1, 7.2.2): the command table's words, and those no command brings.
#pragma once

#include <string>

#include "imap/server/session.h"

namespace imap {

// For this connection in its present state.
[[nodiscard]] std::string capabilities(Session& session);

}  // namespace imap
