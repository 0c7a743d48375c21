// SCRAM's messages and arithmetic (RFC 5802 with SHA-1, RFC 7677 with SHA-256), no I/O: secrets from a
// password, and the server's side of one exchange. sasl_scram.cc puts accounts and throttling around it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "account/crypto.h"
#include "base/result.h"

namespace account {

// What a server keeps of a password, RFC 5802 3. Empty keys: there is none.
struct ScramSecrets {
    std::uint32_t iterations = 0;
    std::string salt;
    std::string stored_key;
    std::string server_key;

    [[nodiscard]] bool usable() const { return !stored_key.empty(); }
};

// SaltedPassword := Hi(Normalize(password), salt, i) and what follows from it.
[[nodiscard]] ScramSecrets make_scram_secrets(Hash hash,
                                              std::string_view password,
                                              std::string_view salt,
                                              std::uint32_t iterations);

// Does the client bind the login to its channel (RFC 5802 6)?
enum class ScramBinding {
    kNo,            // "n": it cannot
    kServerCannot,  // "y": it can, and believes that the server cannot
    kUsed,          // "p": it does
};

// client-first-message, taken apart.
struct ScramClientFirst {
    ScramBinding binding = ScramBinding::kNo;
    std::string binding_type;  // "tls-exporter" with kUsed
    std::string authorize_as;  // authzid, decoded; empty when absent
    std::string user;          // decoded, not yet prepared
    std::string nonce;
    std::string gs2_header;  // as sent: what client-final must repeat
    std::string bare;        // client-first-message-bare, as sent
};

// client-final-message, taken apart.
struct ScramClientFinal {
    std::string channel_binding;  // decoded: gs2-header, then the channel's octets with kUsed
    std::string nonce;
    std::string proof;          // decoded
    std::string without_proof;  // as sent
};

// kSyntax: not what the grammar says. kUnsupported: a mandatory extension ("m=").
[[nodiscard]] base::Result<ScramClientFirst> parse_scram_client_first(std::string_view message);
[[nodiscard]] base::Result<ScramClientFinal> parse_scram_client_final(std::string_view message);

// An exchange after its first two messages.
struct ScramExchange {
    ScramClientFirst first;
    std::string server_first;  // server-first-message: the challenge
};

// `server_nonce` is printable and holds no comma.
[[nodiscard]] ScramExchange begin_scram(ScramClientFirst first,
                                        std::string_view server_nonce,
                                        const ScramSecrets& secrets);

// The exchange's end: is the proof right? Then this is server-final-message, "v=...".
// kDenied: nonce, channel binding or proof are wrong, without saying which.
[[nodiscard]] base::Result<std::string> finish_scram(Hash hash,
                                                     const ScramSecrets& secrets,
                                                     const ScramExchange& exchange,
                                                     const ScramClientFinal& final,
                                                     std::string_view channel_octets);

}  // namespace account
