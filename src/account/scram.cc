#include "account/scram.h"

#include <optional>

#include "account/text.h"
#include "base/ascii.h"
#include "base/base64.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kMessageOctetsMax = 4096;
constexpr std::size_t kNonceOctetsMax = 512;

// value-safe-char = %x01-2B / %x2D-3C / %x3E-7F / UTF8-2 / UTF8-3 / UTF8-4
//                   ;; UTF8-char except NUL, "=", and ",".              ; RFC 5802 7
// saslname        = 1*(value-safe-char / "=2C" / "=3D")
std::optional<std::string> decode_saslname(std::string_view text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            name.push_back(text[i]);
            continue;
        }
        const std::string_view code = text.substr(i + 1, 2);
        if (code != "2C" && code != "3D") {
            return std::nullopt;
        }
        name.push_back(code == "2C" ? ',' : '=');
        i += 2;
    }
    if (name.empty() || name.find('\0') != std::string::npos || !base::is_utf8(name)) {
        return std::nullopt;
    }
    return name;
}

// printable = %x21-2B / %x2D-7E
//             ;; Printable ASCII except ",".
// c-nonce   = printable
bool is_nonce(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c == ',' || base::is_control(c) || base::is_8bit(c)) {
            return false;
        }
    }
    return !text.empty() && text.size() <= kNonceOctetsMax;
}

// cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_name(std::string_view text) {
    for (const char c : text) {
        if (!base::is_alnum(c) && c != '.' && c != '-') {
            return false;
        }
    }
    return !text.empty();
}

// attr-val = ALPHA "=" value. Takes the next one, which must be `name`, and the comma behind it.
std::optional<std::string_view> take_attribute(std::string_view& text, char name) {
    if (text.size() < 2 || text[0] != name || text[1] != '=') {
        return std::nullopt;
    }
    return base::split_front(text, ',').substr(2);
}

// extensions = attr-val *("," attr-val): all optional, of no meaning to us, yet well-formed.
bool are_extensions(std::string_view text) {
    while (!text.empty()) {
        const std::string_view attribute = base::split_front(text, ',');
        if (attribute.size() < 3 || !base::is_alpha(attribute[0]) || attribute[1] != '=') {
            return false;
        }
    }
    return true;
}

// gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
// gs2-header     = gs2-cbind-flag "," [ authzid ] ","
// authzid        = "a=" saslname
//
// Takes it off the front of `text`.
base::Result<> take_gs2_header(std::string_view& text, ScramClientFirst& first) {
    const std::string_view whole = text;
    const std::string_view flag = base::split_front(text, ',');
    if (flag == "y") {
        first.binding = ScramBinding::kServerCannot;
    } else if (flag.starts_with("p=") && is_binding_name(flag.substr(2))) {
        first.binding = ScramBinding::kUsed;
        first.binding_type = flag.substr(2);
    } else if (flag != "n") {
        return fail(Errc::kSyntax, "SCRAM: no channel binding flag");
    }
    if (text.find(',') == std::string_view::npos) {
        return fail(Errc::kSyntax, "SCRAM: the GS2 header does not end");
    }
    const std::string_view authzid = base::split_front(text, ',');
    // GNU SASL writes "a=" for an empty identity, which the grammar does not have.
    if (!authzid.empty() && authzid != "a=") {
        const auto name =
            authzid.starts_with("a=") ? decode_saslname(authzid.substr(2)) : std::nullopt;
        if (!name) {
            return fail(Errc::kSyntax, "SCRAM: malformed authorization identity");
        }
        first.authorize_as = *name;
    }
    first.gs2_header = whole.substr(0, whole.size() - text.size());
    return {};
}

std::string exclusive_or(std::string_view a, std::string_view b) {
    std::string out(a);
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<char>(out[i] ^ b[i]);
    }
    return out;
}

}  // namespace

// RFC 5802 3.
ScramSecrets make_scram_secrets(Hash hash,
                                std::string_view password,
                                std::string_view salt,
                                std::uint32_t iterations) {
    std::string salted = pbkdf2(hash, prepare_password(password), salt, iterations);
    ScramSecrets secrets;
    secrets.iterations = iterations;
    secrets.salt = salt;
    secrets.stored_key = digest(hash, hmac(hash, salted, "Client Key"));
    secrets.server_key = hmac(hash, salted, "Server Key");
    wipe(salted);
    return secrets;
}

// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
// client-first-message      = gs2-header client-first-message-bare
base::Result<ScramClientFirst> parse_scram_client_first(std::string_view message) {
    ScramClientFirst first;
    if (message.size() > kMessageOctetsMax) {
        return fail(Errc::kSyntax, "SCRAM: the first message is too long");
    }
    TRY_VOID(take_gs2_header(message, first));
    first.bare = message;
    if (message.starts_with("m=")) {
        return fail(Errc::kUnsupported, "SCRAM: a mandatory extension");
    }
    const auto user = take_attribute(message, 'n');
    const auto name = user ? decode_saslname(*user) : std::nullopt;
    const auto nonce = take_attribute(message, 'r');
    if (!name || !nonce || !is_nonce(*nonce) || !are_extensions(message)) {
        return fail(Errc::kSyntax, "SCRAM: malformed user name or nonce");
    }
    first.user = *name;
    first.nonce = *nonce;
    return first;
}

// client-final-message-without-proof = channel-binding "," nonce ["," extensions]
// client-final-message               = client-final-message-without-proof "," proof
base::Result<ScramClientFinal> parse_scram_client_final(std::string_view message) {
    const std::size_t proof_at = message.rfind(",p=");
    if (message.size() > kMessageOctetsMax || proof_at == std::string_view::npos) {
        return fail(Errc::kSyntax, "SCRAM: no proof in the final message");
    }
    ScramClientFinal final;
    final.without_proof = message.substr(0, proof_at);
    const auto proof = base::base64_decode(message.substr(proof_at + 3));
    std::string_view rest = final.without_proof;
    const auto binding = take_attribute(rest, 'c');
    const auto nonce = take_attribute(rest, 'r');
    const auto octets = binding ? base::base64_decode(*binding) : std::nullopt;
    if (!proof || !octets || !nonce || !is_nonce(*nonce) || !are_extensions(rest)) {
        return fail(Errc::kSyntax, "SCRAM: malformed final message");
    }
    final.channel_binding = *octets;
    final.nonce = *nonce;
    final.proof = *proof;
    return final;
}

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
ScramExchange begin_scram(ScramClientFirst first,
                          std::string_view server_nonce,
                          const ScramSecrets& secrets) {
    std::string message = "r=" + first.nonce;
    message += server_nonce;
    message += ",s=" + base::base64_encode(secrets.salt);
    message += ",i=" + std::to_string(secrets.iterations);
    return {std::move(first), std::move(message)};
}

// RFC 5802 3:
//    AuthMessage     := client-first-message-bare + "," + server-first-message + "," +
//                       client-final-message-without-proof
//    ClientSignature := HMAC(StoredKey, AuthMessage)
//    ClientProof     := ClientKey XOR ClientSignature
//    ServerSignature := HMAC(ServerKey, AuthMessage)
base::Result<std::string> finish_scram(Hash hash,
                                       const ScramSecrets& secrets,
                                       const ScramExchange& exchange,
                                       const ScramClientFinal& final,
                                       std::string_view channel_octets) {
    const std::string message =
        exchange.first.bare + "," + exchange.server_first + "," + final.without_proof;
    const std::string signature = hmac(hash, secrets.stored_key, message);
    if (final.proof.size() != signature.size()) {
        return fail(Errc::kDenied, "SCRAM: the proof is wrong");
    }
    const std::string client_key = exclusive_or(final.proof, signature);
    const bool proved = equal_secretly(digest(hash, client_key), secrets.stored_key);
    std::string expected_binding = exchange.first.gs2_header;
    if (exchange.first.binding == ScramBinding::kUsed) {
        expected_binding += channel_octets;
    }
    const bool bound = equal_secretly(final.channel_binding, expected_binding);
    // The nonce that server-first carries: "r=", the nonce, ",s=".
    const std::string_view nonce =
        std::string_view(exchange.server_first).substr(2, exchange.server_first.find(',') - 2);
    if (!proved || !bound || final.nonce != nonce) {
        return fail(Errc::kDenied, "SCRAM: the proof is wrong");
    }
    return "v=" + base::base64_encode(hmac(hash, secrets.server_key, message));
}

}  // namespace account
