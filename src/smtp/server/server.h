// The SMTP server: one connection from greeting to close, by the rules of its port: relay (RFC 5321),
// submission (RFC 6409, 8314) or LMTP (RFC 2033).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/authenticator.h"
#include "account/rewriting.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/task.h"
#include "mail/message_store.h"
#include "net/address.h"
#include "net/line_stream.h"
#include "net/stream.h"
#include "smtp/server/client_checks.h"
#include "smtp/server/meters.h"
#include "smtp/server/outgoing.h"
#include "smtp/server/relay_domains.h"

namespace smtp {

enum class Port { kRelay, kSubmission, kLmtp };

// What is known of the domain of a MAIL FROM address. kTakesNoMail: it says so with a null MX (RFC 7505).
enum class DomainVerdict { kExists, kDoesNotExist, kTakesNoMail, kUnknownForNow };

struct ServerOptions {
    Port port = Port::kRelay;
    std::string hostname;  // in the greeting and in Received fields

    std::uint64_t message_octets_max = std::uint64_t{50} * 1024 * 1024;
    std::size_t recipients_max = 100;  // a message; RFC 5321 4.5.3.1.8 asks for 100 at least
    // Of one text line. RFC 5321 4.5.3.1.6 asks for 1000 at least; programs send more, and it streams.
    std::uint64_t text_line_octets_max = 65536;
    std::size_t header_octets_max = std::size_t{1024} * 1024;  // that a submitted message may have
    std::size_t received_fields_max = 100;                     // more is a loop (RFC 5321 6.3)
    // What ends a connection with 421: 5yz replies, those to RCPT aside, which may be as many as a
    // message may have recipients; and commands between two messages.
    std::size_t errors_max = 30;
    std::size_t idle_commands_max = 100;

    // The longest that a submitted message may be held back (RFC 4865); zero: not offered.
    std::chrono::seconds release_max = std::chrono::hours(24 * 30);

    bool vrfy_for_loopback = false;     // full answers to VRFY and EXPN from this machine
    bool require_owned_sender = true;   // MAIL FROM and From belong to who logged in
    bool accept_bare_addresses = true;  // MAIL FROM: a@b, from a person at a keyboard
    bool offer_auth_on_relay = false;   // RFC 6409 keeps users to the submission port
    account::Rewriting rewriting = {};  // of addresses, before anything is judged
    // Who may send to other domains without logging in.
    std::vector<net::AddressBlock> relay_networks = {};
    // Programs there are helped as users are: Date and Message-ID, `rewriting` in the header, and this domain
    // for addresses without one (empty: they are refused, and stay as they are in the header).
    bool complete_messages = false;
    std::string complete_domain = {};
    RelayDomains relay_domains = {};  // to which anybody may send

    base::Duration command_timeout = std::chrono::minutes(5);  // RFC 5321 4.5.3.2.7
    base::Duration data_timeout = std::chrono::minutes(5);     // for each piece of a message
    base::Duration message_timeout = std::chrono::hours(2);    // for all of it
    base::Duration handshake_timeout = std::chrono::minutes(1);
};

struct Services {
    store::Store& store;
    account::Authenticator& authenticator;
    mail::MessageStore& messages;
    const base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    // For --trace-peer; may be empty, and may return an empty watcher.
    std::function<net::LineStream::Watcher(std::string_view session_id, const net::Endpoint& peer)>
        watch = {};
    // Does the domain of a sender exist? Asked on the relay port of strangers from elsewhere, for
    // domains that are not ours. Empty: nobody asks.
    std::function<base::Task<DomainVerdict>(base::Loop& loop, std::string domain)>
        check_sender_domain = {};
    // May this client send at all? Asked once a greeting, at the first MAIL, of strangers from elsewhere on
    // the relay port (client_checks.h). Empty: nobody asks.
    std::function<base::Task<std::optional<Reply>>(base::Loop& loop, Knock knock)> check_client =
        {};
    // Mail for other domains; null: this server has no queue and refuses it.
    const Outgoing* outgoing = nullptr;
    Meters meters = Meters(metrics);
};

// One connection, greeting to close. References into `services` are kept until it ends; the caller
// outlives it. A CheckFailed ends here and costs this session alone. stream->interrupt() makes it end
// after the message in flight, stream->close() at once.
base::Task<> serve(std::unique_ptr<net::Stream> stream,
                   std::shared_ptr<const ServerOptions> options,
                   Services& services);

}  // namespace smtp
