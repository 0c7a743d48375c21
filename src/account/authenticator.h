// Who is there: passwords (Argon2id, RFC 9106), SCRAM secrets, application passwords, legacy secrets, and
// the throttle that slows down those who guess. SASL's mechanisms stand on it in sasl.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "account/throttle.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "store/store.h"

namespace account {

// From where and over what somebody logs in.
struct LoginContext {
    std::string service;  // "smtp", "pop3", "imap" ...: application passwords are limited to some
    std::string peer_address;  // textual IPv4 or IPv6 address, or "" for a unix socket
    bool loopback = false;
    bool tls = false;
    std::string tls_exporter;  // channel bindings (net::TlsInfo), empty when there are none
    std::string tls_unique;
    std::string tls_end_point;
    std::vector<std::string> certificate_names;  // rfc822Names of a verified client certificate
    std::string apop_stamp;                      // POP3's greeting stamp, for APOP
};

// Who logged in.
struct Identity {
    Account account;
    std::string mechanism;             // "PLAIN", "SCRAM-SHA-256", "APOP", "USER" ...
    std::string application_password;  // the name of the one that was used, or empty
};

// Longer passwords never log in; whoever sets one refuses it.
inline constexpr std::size_t kPasswordOctetsMax = 1024;

struct AuthenticatorOptions {
    bool allow_plaintext = false;  // passwords in clear without TLS, from loopback only
    base::Duration remember = std::chrono::minutes(5);
    std::uint32_t argon2_memory_kib = 19 * 1024;  // RFC 9106, OWASP's second choice
    std::uint32_t argon2_passes = 2;
    std::uint32_t scram_iterations = 16 * 1024;  // RFC 7677 4: at least 4,096; the client's work
    std::size_t hashes_waiting_max = 64;  // passwords that wait for Argon2id; beyond: kUnavailable
    std::string default_domain;           // whose `bob` logs in as plain "bob"; empty: nobody
    ThrottleOptions throttle;
};

// One for the server; used from every loop, thread-safe.
class Authenticator {
  public:
    Authenticator(store::Store& store,
                  const base::Clock& clock,
                  base::Random& random,
                  base::Pool& pool,
                  AuthenticatorOptions options);
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;
    ~Authenticator();

    // May a password cross this connection in clear (PLAIN, LOGIN, USER/PASS)?
    [[nodiscard]] bool plaintext_allowed(const LoginContext& context) const;

    // Has any account a legacy secret? Where none has, APOP and CRAM-MD5 are not worth offering.
    [[nodiscard]] bool legacy_in_use() const;

    // User name and password. kDenied: wrong, unknown or disabled, in the same words and time;
    // kUnavailable: too many failures from this address, come back later.
    [[nodiscard]] base::Task<base::Result<Identity>> check_password(base::Loop& loop,
                                                                    LoginContext context,
                                                                    std::string user,
                                                                    std::string password);
    // RFC 1939 7. Only for accounts with a legacy secret.
    [[nodiscard]] base::Task<base::Result<Identity>> check_apop(base::Loop& loop,
                                                                LoginContext context,
                                                                std::string user,
                                                                std::string digest_hex);

    struct Impl;

    // For sasl.cc.
    [[nodiscard]] Impl& impl() { return *impl_; }

    [[nodiscard]] const Impl& impl() const { return *impl_; }

  private:
    std::unique_ptr<Impl> impl_;
};

// The secrets of a password, computed outside any change since it is slow: store with set_secrets().
// `password` is not empty and has at most kPasswordOctetsMax octets, or it will not log anybody in.
struct Secrets;
[[nodiscard]] std::shared_ptr<const Secrets> make_secrets(std::string_view password,
                                                          base::Random& random,
                                                          const AuthenticatorOptions& options);
[[nodiscard]] base::Result<> set_secrets(store::Transaction& change,
                                         AccountId account,
                                         const Secrets& secrets);

}  // namespace account
