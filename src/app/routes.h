// Which way mail for other domains goes: by its domain's MX records, or as [[route]] in the configuration
// says, to a relay, a smarthost, or a server that speaks LMTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/result.h"

namespace app {

// What a connection must be like before anything is said on it.
enum class TlsPolicy {
    kNever,
    kMay,     // where the peer offers STARTTLS, without asking for its name (RFC 7435)
    kMust,    // encrypted, whoever it is
    kVerify,  // encrypted, and the certificate is good for the host's name
};

struct RouteConfig {
    std::string domain;  // of recipients; ".example" for all below it; empty: every domain
    std::string sender;  // an address, or "@domain"; empty: every sender
    std::string to;      // "mx", or a place (parse_place)
    TlsPolicy tls = TlsPolicy::kMay;
    std::string username;  // for AUTH; empty: nobody logs in
    std::string password_file;
    std::string source;  // the address to connect from, or empty
};

// The end of a way.
struct Place {
    enum class Kind { kMx, kSmtp, kSmtps, kLmtp };

    Kind kind = Kind::kMx;
    std::string host;  // a name or an address; for kMx the domain; empty with a path
    std::uint16_t port = 0;
    std::string path;  // of a unix socket

    friend bool operator==(const Place&, const Place&) = default;
};

// place = [ "smtp:" / "smtps:" / "lmtp:" ] ( host [ ":" port ] / "unix:" path ); an IPv6 address in
// brackets. Ports when none is named: 25, 465, 24. kSyntax.
[[nodiscard]] base::Result<Place> parse_place(std::string_view text);

class Routes {
  public:
    // The first route that fits decides; behind them all stands the MX look-up.
    explicit Routes(std::vector<RouteConfig> routes) : routes_(std::move(routes)) {}

    // The destination's name in the queue: "mx:hamburger.example", "smtp:relay.crepes.example:587", with
    // " as USER" behind it where somebody logs in. A pure function.
    [[nodiscard]] std::string destination(const account::Address& recipient,
                                          std::string_view sender) const;

    struct Way {
        Place place;
        RouteConfig route;
    };

    // What such a name means; nothing for one that an older configuration made.
    [[nodiscard]] std::optional<Way> find(std::string_view destination) const;

    // Whether `destination` could be such a name, of these routes or of others.
    [[nodiscard]] static bool is_route(std::string_view destination);

    // Equal for routes that name the same destinations.
    [[nodiscard]] std::string fingerprint() const;

  private:
    [[nodiscard]] const RouteConfig* match(std::string_view domain, std::string_view sender) const;

    std::vector<RouteConfig> routes_;
};

}  // namespace app
