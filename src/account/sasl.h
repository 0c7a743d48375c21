// The server's side of SASL (RFC 4422): PLAIN (4616), LOGIN, SCRAM-SHA-1 and -SHA-256 with and without
// channel binding (5802, 7677, 9266), EXTERNAL, CRAM-MD5 (2195) for accounts with a legacy secret.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "account/authenticator.h"

namespace account {

// What the protocol does next; texts are octets, not base64 (the protocol codes them).
struct SaslChallenge {
    std::string octets;
};

// `octets` is the additional data that some mechanisms end with: protocols without room for it in
// their success reply send it as a challenge and take an empty response first.
struct SaslSuccess {
    Identity identity;
    std::optional<std::string> octets;
};

using SaslStep = std::variant<SaslChallenge, SaslSuccess>;

class SaslServer {
  public:
    SaslServer() = default;
    SaslServer(const SaslServer&) = delete;
    SaslServer& operator=(const SaslServer&) = delete;
    virtual ~SaslServer() = default;

    // True when the client speaks first: without an initial response the protocol sends an empty
    // challenge and hands in what comes back.
    [[nodiscard]] virtual bool client_first() const = 0;
    // The next response (for server-first mechanisms first call with ""). kDenied and kUnavailable as
    // check_password; kInvalid: that is who it is, but it asked to act as somebody else (RFC 4422 3.4.1);
    // kSyntax: not what the mechanism prescribes.
    [[nodiscard]] virtual base::Task<base::Result<SaslStep>> step(base::Loop& loop,
                                                                  std::string response) = 0;
};

// The mechanisms to offer on such a connection, strongest first.
[[nodiscard]] std::vector<std::string_view> sasl_mechanisms(const Authenticator& authenticator,
                                                            const LoginContext& context);
// kUnsupported: unknown or not offered; kDenied: it needs TLS first (538, [PRIVACYREQUIRED]).
[[nodiscard]] base::Result<std::unique_ptr<SaslServer>> make_sasl_server(
    Authenticator& authenticator, std::string_view mechanism, LoginContext context);

}  // namespace account
