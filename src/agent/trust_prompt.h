// The question that ssh asks about a host that it does not know, for servers without a certificate that proves their name.
#pragma once

#include "agent/ftp_site.h"
#include "agent/known_servers.h"

namespace agent {

// Asks whoever sits at the terminal, and lets `known` accept or remember the stranger.
void ask_whether_to_trust(KnownServers& known, const Stranger& stranger);

}  // namespace agent
