// A server without ports for a command that needs one while none runs: the store is the server's user's alone, and what
// the command reads and writes besides belongs to whoever called it.
#pragma once

#include "app/config.h"
#include "base/result.h"

namespace app {

// The caller goes on in a child of this process, as who it was. This process is the server, on the control socket, until
// the child ends, and then ends as it did: whoever kills the command has killed the server, and the store is free. While
// there is one thread only. What MailServer::open() fails with; kInUse: somebody else has the store open.
[[nodiscard]] base::Result<> start_own_server(const Config& config);

}  // namespace app
