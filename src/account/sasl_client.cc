#include "account/sasl_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "account/crypto.h"
#include "account/text.h"
#include "base/ascii.h"
#include "base/base64.h"

namespace account {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kNonceOctets = 24;
constexpr std::size_t kMessageOctetsMax = 4096;
// A server that asks for more is out to cost us time: this is a tenth of a second.
constexpr std::uint32_t kIterationsMax = 200'000;

class PlainClient final : public SaslClient {
  public:
    explicit PlainClient(SaslCredentials credentials) : credentials_(std::move(credentials)) {}

    [[nodiscard]] std::string_view mechanism() const override { return "PLAIN"; }

    [[nodiscard]] bool client_first() const override { return true; }

    // message = [authzid] UTF8NUL authcid UTF8NUL passwd
    base::Result<std::string> step(std::string_view /*challenge*/) override {
        if (std::exchange(told_, true)) {
            return fail(Errc::kSyntax, "PLAIN: the server goes on asking");
        }
        return '\0' + credentials_.user + '\0' + credentials_.password;
    }

    [[nodiscard]] bool is_satisfied() const override { return true; }

  private:
    SaslCredentials credentials_;
    bool told_ = false;
};

// Nowhere specified: two prompts, whose words differ, answered in this order.
class LoginClient final : public SaslClient {
  public:
    explicit LoginClient(SaslCredentials credentials) : credentials_(std::move(credentials)) {}

    [[nodiscard]] std::string_view mechanism() const override { return "LOGIN"; }

    [[nodiscard]] bool client_first() const override { return false; }

    base::Result<std::string> step(std::string_view /*challenge*/) override {
        switch (steps_++) {
            case 0:
                return credentials_.user;
            case 1:
                return credentials_.password;
            default:
                return fail(Errc::kSyntax, "LOGIN: the server goes on asking");
        }
    }

    [[nodiscard]] bool is_satisfied() const override { return true; }

  private:
    SaslCredentials credentials_;
    int steps_ = 0;
};

std::string saslname(std::string_view text) {
    std::string name;
    for (const char c : text) {
        name += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
    }
    return name;
}

// attr-val = ALPHA "=" value. Takes the next one, which must be `name`, and the comma behind it.
std::optional<std::string_view> take(std::string_view& text, char name) {
    if (text.size() < 2 || text[0] != name || text[1] != '=') {
        return std::nullopt;
    }
    return base::split_front(text, ',').substr(2);
}

std::string exclusive_or(std::string a, std::string_view b) {
    std::transform(a.begin(), a.end(), b.begin(), a.begin(), [](char x, char y) {
        return static_cast<char>(x ^ y);
    });
    return a;
}

// RFC 5802 5 and 7; names as there.
class ScramClient final : public SaslClient {
  public:
    // `exporter` is empty where there is nothing to bind to; `bind`: the server can, too.
    ScramClient(SaslCredentials credentials, std::string exporter, bool bind, std::string nonce)
        : credentials_(std::move(credentials)),
          bind_(bind),
          gs2_header_(bind                ? "p=tls-exporter,,"
                      : !exporter.empty() ? "y,,"
                                          : "n,,"),
          channel_(bind ? std::move(exporter) : std::string()),
          nonce_(std::move(nonce)) {}

    [[nodiscard]] std::string_view mechanism() const override {
        return bind_ ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
    }

    [[nodiscard]] bool client_first() const override { return true; }

    base::Result<std::string> step(std::string_view challenge) override {
        switch (steps_++) {
            case 0:
                bare_ = "n=" + saslname(prepare_password(credentials_.user)) + ",r=" + nonce_;
                return gs2_header_ + bare_;
            case 1:
                return prove(challenge);
            case 2:
                return believe(challenge);
            default:
                return fail(Errc::kSyntax, "SCRAM: the server goes on asking");
        }
    }

    [[nodiscard]] bool is_satisfied() const override { return server_proven_; }

  private:
    struct ServerFirst {
        std::string_view nonce;
        std::string salt;
        std::uint32_t iterations = 0;
    };

    // server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
    [[nodiscard]] base::Result<ServerFirst> parse(std::string_view message) const {
        if (message.size() > kMessageOctetsMax || message.starts_with("m=")) {
            return fail(Errc::kUnsupported, "SCRAM: an extension that we do not know");
        }
        const auto nonce = take(message, 'r');
        const auto salt = take(message, 's');
        const auto count = take(message, 'i');
        const auto octets = salt ? base::base64_decode(*salt) : std::nullopt;
        const auto iterations =
            count ? base::parse_number<std::uint32_t>(*count) : std::optional<std::uint32_t>();
        if (!nonce || !nonce->starts_with(nonce_) || nonce->size() == nonce_.size() || !octets ||
            !iterations || *iterations == 0) {
            return fail(Errc::kSyntax, "SCRAM: malformed challenge");
        }
        if (*iterations > kIterationsMax) {
            return fail(Errc::kUnsupported,
                        fmt::format("SCRAM: the server asks for {} iterations", *iterations));
        }
        return ServerFirst{*nonce, *octets, *iterations};
    }

    base::Result<std::string> prove(std::string_view server_first) {
        TRY(const ServerFirst first, parse(server_first));
        const std::string salted = pbkdf2(
            Hash::kSha256, prepare_password(credentials_.password), first.salt, first.iterations);
        const std::string client_key = hmac(Hash::kSha256, salted, "Client Key");
        const std::string stored_key = digest(Hash::kSha256, client_key);
        const std::string without_proof =
            fmt::format("c={},r={}", base::base64_encode(gs2_header_ + channel_), first.nonce);
        const std::string auth_message =
            fmt::format("{},{},{}", bare_, server_first, without_proof);
        const std::string proof =
            exclusive_or(client_key, hmac(Hash::kSha256, stored_key, auth_message));
        server_signature_ =
            hmac(Hash::kSha256, hmac(Hash::kSha256, salted, "Server Key"), auth_message);
        return without_proof + ",p=" + base::base64_encode(proof);
    }

    // server-final-message = (server-error / verifier) ["," extensions]
    base::Result<std::string> believe(std::string_view server_final) {
        const auto verifier = take(server_final, 'v');
        const auto octets = verifier ? base::base64_decode(*verifier) : std::nullopt;
        server_proven_ = octets && equal_secretly(*octets, server_signature_);
        if (!server_proven_) {
            return fail(Errc::kDenied, "SCRAM: the server does not know the password");
        }
        return std::string();
    }

    SaslCredentials credentials_;
    bool bind_;
    std::string gs2_header_;
    std::string channel_;
    std::string nonce_;
    std::string bare_;
    std::string server_signature_;
    int steps_ = 0;
    bool server_proven_ = false;
};

}  // namespace

base::Result<std::unique_ptr<SaslClient>> make_sasl_client(const std::vector<std::string>& offered,
                                                           SaslCredentials credentials,
                                                           const SaslChannel& channel,
                                                           base::Random& random) {
    const auto offers = [&offered](std::string_view name) {
        return std::find(offered.begin(), offered.end(), name) != offered.end();
    };
    const bool bind = offers("SCRAM-SHA-256-PLUS") && !channel.exporter.empty();
    if (bind || offers("SCRAM-SHA-256")) {
        return std::make_unique<ScramClient>(
            std::move(credentials), channel.exporter, bind, random.token(kNonceOctets));
    }
    if (!offers("PLAIN") && !offers("LOGIN")) {
        return fail(Errc::kUnsupported,
                    offered.empty() ? "the server offers no login"
                                    : "the server offers no login that we know: " +
                                          fmt::format("{}", fmt::join(offered, " ")));
    }
    if (!channel.may_tell_password) {
        return fail(Errc::kUnsupported, "the server wants the password, and there is no TLS");
    }
    if (offers("PLAIN")) {
        return std::make_unique<PlainClient>(std::move(credentials));
    }
    return std::make_unique<LoginClient>(std::move(credentials));
}

}  // namespace account
