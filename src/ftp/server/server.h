// An FTP server (RFC 959 and its extensions, docs/protocols/ftp.md): one control connection from greeting to
// close, and its data connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "account/authenticator.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/task.h"
#include "files/files.h"
#include "ftp/server/activity.h"
#include "ftp/server/command_counters.h"
#include "ftp/server/passive_ports.h"
#include "net/address.h"
#include "net/line_stream.h"
#include "net/network.h"
#include "net/resolver.h"
#include "net/stream.h"

namespace ftp {

// Which address a client is told in reply to PASV: IPv4, or a name that is looked up each time, for networks
// whose address changes.
struct ExternalAddress {
    struct Rule {
        net::AddressBlock clients;
        std::string address;
    };

    std::vector<Rule> rules;  // the first whose block holds the client
    // For the others, but not for clients of loopback and private networks: they see us as we are.
    // Empty: the control connection's own.
    std::string address;
};

struct ServerOptions {
    std::string hostname;
    std::vector<std::string> hosts;  // names that HOST accepts beside it (RFC 7151)
    bool implicit_tls = false;  // the port begins with TLS: data connections are protected as well
    bool anonymous = false;     // offers what Files::open_anonymous gives
    std::string greeting;       // lines for everybody, before the login
    std::string welcome;        // lines behind a login
    // A file whose first lines are shown to whoever enters its folder; empty: none.
    std::string folder_message = ".message";

    bool require_data_tls = false;  // PROT C is refused
    bool allow_ccc = true;
    // The data connection must resume the control connection's TLS session, or it may be somebody else's.
    bool require_session_reuse = true;
    std::vector<std::string> session_reuse_exempt;  // accounts whose clients cannot

    bool active = true;                    // PORT and EPRT
    std::uint16_t active_source_port = 0;  // RFC 959 5.2 wants 20, which takes privileges; 0: any
    ExternalAddress external;
    // Who may let two servers talk (FXP): the data connection's other end is anybody then.
    std::vector<std::string> fxp_accounts;
    std::vector<net::AddressBlock> fxp_networks;

    // RFC 1123 4.1.3.2: at least five minutes.
    std::chrono::seconds idle_timeout_s{900};
    std::chrono::seconds idle_timeout_max_s{7200};  // what SITE IDLE may ask for
    std::chrono::seconds login_timeout_s{120};      // from the greeting to a login
    std::chrono::seconds write_timeout_s{120};
    std::chrono::seconds handshake_timeout_s{60};
    std::chrono::seconds connect_timeout_s{60};  // until a data connection is there
    std::chrono::seconds stall_timeout_s{300};   // a transfer in which nothing moves

    std::size_t errors_max = 20;         // commands that make no sense, in one connection
    std::size_t login_failures_max = 5;  // in one connection; Authenticator slows down addresses
    std::size_t held_commands_max = 32;  // sent ahead while a transfer runs
    std::uint64_t marker_octets = 1U << 20U;  // between the restart markers that RETR sends
    std::size_t recursion_max = 10'000;       // entries that LIST -R and globs look at
    std::size_t sorted_max = 20'000;  // of a folder that LIST -t, -S or -r sorts, some 6 MB of them
};

// What sessions work with; everything must outlive them. Thread-safe for sessions on several loops.
struct Services {
    account::Authenticator& authenticator;
    files::Files& files;
    net::Network& network;
    PassivePorts& passive;
    Activity& activity;
    const base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    // Of `metrics`.
    std::shared_ptr<CommandCounters> commands = std::make_shared<CommandCounters>(metrics);
    // Of ExternalAddress's names; null: they are addresses all.
    net::Resolver* resolver = nullptr;
    // For data connections; null: no TLS.
    std::shared_ptr<net::TlsContext> tls;
    // A watcher for the session's dialogue, or an empty one. May be empty itself.
    std::function<net::LineStream::Watcher(std::string_view session_id, const net::Endpoint& peer)>
        watch;
    // Takes one line of xferlog(5), with its end, for each finished or broken transfer. May be empty.
    std::function<void(std::string_view line)> transfer_log;
    // How far local time is from UTC at a moment, for the transfer log. May be empty: the log is in UTC.
    std::function<std::chrono::seconds(base::WallTime)> utc_offset;
};

// Serves one connection and returns when it is closed. A failed CHECK is caught here, logged, and costs
// this session only.
[[nodiscard]] base::Task<> serve(std::unique_ptr<net::Stream> stream,
                                 std::shared_ptr<const ServerOptions> options,
                                 Services& services);

// The command table as text, for `staffetta --dump-commands ftp`.
[[nodiscard]] std::string dump_commands();

}  // namespace ftp
