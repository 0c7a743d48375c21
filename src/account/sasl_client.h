// The client's side of SASL (RFC 4422): SCRAM-SHA-256 with and without channel binding (RFC 5802, 7677, 9266),
// PLAIN (4616) and LOGIN, for the clients of every protocol. No I/O.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"

namespace account {

struct SaslCredentials {
    std::string user;
    std::string password;
};

// What the connection is like.
struct SaslChannel {
    bool may_tell_password = false;  // inside TLS, or nobody else can listen
    std::string exporter;            // RFC 9266: the octets of tls-exporter, empty without TLS
};

class SaslClient {
  public:
    SaslClient() = default;
    SaslClient(const SaslClient&) = delete;
    SaslClient& operator=(const SaslClient&) = delete;
    virtual ~SaslClient() = default;

    [[nodiscard]] virtual std::string_view mechanism() const = 0;

    // Octets for the protocol to code; secret.

    // The initial response. Nothing in mechanisms where the server speaks first.
    [[nodiscard]] virtual bool client_first() const = 0;
    // The answer to a challenge; the first one of a client-first mechanism is to "". kSyntax,
    // kUnsupported: the server says what the mechanism does not; kDenied: it does not know the password
    // itself (SCRAM). The exchange is to be cancelled then.
    [[nodiscard]] virtual base::Result<std::string> step(std::string_view challenge) = 0;
    // The server says that the login succeeded. False: it has not proven itself where the mechanism has
    // it do so, and is not to be believed.
    [[nodiscard]] virtual bool is_satisfied() const = 0;
};

// The strongest mechanism that both sides can use there; `offered` in upper case. kUnsupported with the
// reason when there is none.
[[nodiscard]] base::Result<std::unique_ptr<SaslClient>> make_sasl_client(
    const std::vector<std::string>& offered,
    SaslCredentials credentials,
    const SaslChannel& channel,
    base::Random& random);

}  // namespace account
