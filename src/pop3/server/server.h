// A POP3 server (RFC 1939 and its extensions, docs/protocols/pop3.md): one connection from greeting to close.
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
#include "mail/message_store.h"
#include "net/line_stream.h"
#include "net/stream.h"
#include "pop3/server/maildrop.h"

namespace pop3 {

struct ServerOptions {
    std::string hostname;
    // One session a maildrop, as RFC 1939 4 describes; others get [IN-USE]. Off by default: a session is a
    // snapshot, so two of them cannot disturb each other.
    bool exclusive = false;
    // RFC 2449 6.5: the least time between two logins of an account; 0: none, and none announced.
    std::uint32_t login_delay_s = 0;
    // What `LANG *` chooses, and what sessions begin with.
    std::string language = "en";

    // RFC 1939 3: at least ten minutes. The session ends without removing anything.
    std::chrono::seconds idle_timeout_s{600};
    std::chrono::seconds write_timeout_s{300};  // a client that takes nothing
    std::chrono::seconds handshake_timeout_s{60};

    std::size_t errors_max = 20;         // commands that make no sense, in one connection
    std::size_t login_failures_max = 5;  // in one connection; Authenticator slows down addresses
};

// What sessions work with; everything must outlive them. Thread-safe for sessions on several loops.
struct Services {
    store::Store& store;
    account::Authenticator& authenticator;
    mail::MessageStore& messages;
    const base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    // A watcher for the session's dialogue, or an empty one. May be empty itself.
    std::function<net::LineStream::Watcher(std::string_view session_id, const net::Endpoint& peer)>
        watch;
    Maildrops maildrops{};  // shared by all sessions
};

// Serves one connection and returns when it is closed. A failed CHECK is caught here, logged, and costs
// this session only.
[[nodiscard]] base::Task<> serve(std::unique_ptr<net::Stream> stream,
                                 std::shared_ptr<const ServerOptions> options,
                                 Services& services);

// The command table as text, for `staffetta --dump-commands pop3`.
[[nodiscard]] std::string dump_commands();

}  // namespace pop3
