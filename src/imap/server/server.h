// An IMAP server (RFC 9051, RFC 3501 and the extensions of docs/protocols/imap.md): one connection from
// greeting to close.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "account/authenticator.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/task.h"
#include "imap/server/uidonly.h"
#include "mail/mailboxes.h"
#include "net/line_stream.h"
#include "net/stream.h"

namespace imap {

struct ServerOptions {
    std::string hostname;
    // One message of APPEND: APPENDLIMIT (RFC 7889).
    std::uint64_t message_octets_max = std::uint64_t{50} * 1024 * 1024;
    std::size_t messages_per_append_max = 1000;
    // RFC 9738: messages that one command works on, and that one COPY or APPEND adds; zero is no limit.
    // Where there is the first, the second is the same.
    std::uint64_t message_limit = 0;
    std::uint64_t save_limit = 0;

    // RFC 9051 5.4: at least thirty minutes once logged in.
    std::chrono::seconds idle_timeout_s{1800};
    // From the greeting to a login, whatever is said meanwhile: people are asked for a password then.
    std::chrono::seconds login_timeout_s{180};
    std::chrono::seconds write_timeout_s{300};  // a client that takes nothing
    std::chrono::seconds handshake_timeout_s{60};

    std::size_t errors_max = 50;         // BAD replies in one connection
    std::size_t login_failures_max = 5;  // in one connection; Authenticator slows down addresses
};

// What sessions work with; everything must outlive them. Thread-safe for sessions on several loops.
struct Services {
    store::Store& store;
    account::Authenticator& authenticator;
    mail::Mailboxes& mailboxes;
    const base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    // A watcher for the session's dialogue, or an empty one. May be empty itself.
    std::function<net::LineStream::Watcher(std::string_view session_id, const net::Endpoint& peer)>
        watch;
    UidOnlyMisuse uidonly_misuse{};  // shared by all sessions
};

// Serves one connection and returns when it is closed. A failed CHECK is caught here, logged, and costs
// this session only.
[[nodiscard]] base::Task<> serve(std::unique_ptr<net::Stream> stream,
                                 std::shared_ptr<const ServerOptions> options,
                                 Services& services);

// The command table as text, for `staffetta --dump-commands imap`.
[[nodiscard]] std::string dump_commands();

}  // namespace imap
