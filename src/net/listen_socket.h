// Listening sockets: TCP over IPv4 and IPv6, unix sockets, and sockets that systemd opened.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/stream.h"
#include "net/unique_fd.h"

namespace net {

struct ListenSockets {
    std::vector<UniqueFd> fds;  // one for each loop
    Endpoint bound;
    std::string path;  // a unix socket that we made, and remove
};

// `count` sockets on `endpoint`. Over TCP each has its own queue (SO_REUSEPORT) and the kernel spreads the
// connections; loops share a unix socket. kInUse, kDenied, kInvalid, with one sentence and its remedy.
[[nodiscard]] base::Result<ListenSockets> open_listen_sockets(const Endpoint& endpoint,
                                                              unsigned count,
                                                              unsigned unix_mode);

// The same for a socket that listens already; the loops share it.
[[nodiscard]] base::Result<ListenSockets> adopt_listen_socket(UniqueFd socket, unsigned count);

// What each connection of ours has. A listening socket hands it on to those that it accepts, which spares each of
// them the calls.
void set_connection_options(const UniqueFd& fd);

}  // namespace net
