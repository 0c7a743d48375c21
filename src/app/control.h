// The control socket: how the command line administers a running server. A request is a line a field,
// `command=account add`, `argument=bob@hamburger.example`, `quota=1GiB`, and an empty line; the reply is
// `status N` and the text up to the end of the stream. Who may open the socket's file may rule: it is
// made with mode 0600.
#pragma once

#include <memory>
#include <string>

#include "app/administration.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "net/stream.h"

namespace app {

// The request as it crosses the socket: backslash, CR and LF in values are escaped.
[[nodiscard]] std::string format_request(const AdminRequest& request);
// One field, without its line end, into `request`; kSyntax when it is none.
[[nodiscard]] base::Result<> parse_field(std::string_view line, AdminRequest& request);

// Serves one connection. Administration waits for the disk, so it runs on `pool`.
[[nodiscard]] base::Task<> serve_control(std::unique_ptr<net::Stream> stream,
                                         const Administration& administration,
                                         base::Pool& pool,
                                         base::Log& log);

// The other end: asks the server at `endpoint`. kUnavailable: nobody listens there.
[[nodiscard]] base::Result<AdminReply> ask_server(const net::Endpoint& endpoint,
                                                  const AdminRequest& request);

}  // namespace app
