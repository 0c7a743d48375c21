// What `serve` and `demo` share: a started server until a signal ends it.
#pragma once

#include "app/server.h"
#include "base/result.h"

namespace app {

// SIGHUP reloads, SIGTERM and SIGINT stop it gracefully; then this returns.
void run_until_signal(MailServer& server);

// The exit status of a server that cannot start.
[[nodiscard]] int exit_status_at_start(base::Errc code);

}  // namespace app
