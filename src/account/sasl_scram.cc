#include "account/sasl_scram.h"

#include <optional>
#include <utility>

#include "account/authenticator_impl.h"
#include "account/scram.h"
#include "base/base64.h"

namespace account {
namespace {

using base::Errc;
using base::fail;
using Step = base::Result<SaslStep>;

constexpr std::size_t kNonceOctets = 18;  // 24 characters of base64, which has no comma

// The octets behind a channel binding's name; empty when the connection has none of that type.
std::string_view channel_octets(const LoginContext& context, std::string_view type) {
    if (type == "tls-exporter") {  // RFC 9266
        return context.tls_exporter;
    }
    if (type == "tls-unique") {  // RFC 5929 3
        return context.tls_unique;
    }
    if (type == "tls-server-end-point") {  // RFC 5929 4
        return context.tls_end_point;
    }
    return {};
}

// BUGS: a refused client learns it from the protocol's reply; the `e=` of server-final is not sent.
class ScramServer final : public SaslServer {
  public:
    ScramServer(Authenticator::Impl& impl,
                Hash hash,
                std::string_view mechanism,
                LoginContext context)
        : impl_(impl),
          hash_(hash),
          mechanism_(mechanism),
          context_(std::move(context)) {}

    [[nodiscard]] bool client_first() const override { return true; }

    [[nodiscard]] base::Task<Step> step(base::Loop& loop, std::string response) override {
        switch (std::exchange(state_, next(state_))) {
            case State::kFirst:
                co_return on_first(response);
            case State::kFinal:
                co_return co_await on_final(loop, std::move(response));
            case State::kOver:
                break;
        }
        co_return fail(Errc::kSyntax, "SCRAM: the exchange is over");
    }

  private:
    enum class State { kFirst, kFinal, kOver };

    static State next(State state) { return state == State::kFirst ? State::kFinal : State::kOver; }

    // RFC 5802 6. A client that can bind and believes that we cannot was lied to by somebody in between,
    // if we offered it.
    base::Result<> check_binding() const {
        const bool plus = mechanism_.ends_with("-PLUS");
        switch (exchange_.first.binding) {
            case ScramBinding::kNo:
                break;
            case ScramBinding::kServerCannot:
                if (has_channel_binding(context_)) {
                    return fail(Errc::kDenied, "SCRAM: somebody hides our channel binding");
                }
                break;
            case ScramBinding::kUsed:
                if (!plus) {
                    return fail(Errc::kSyntax, "SCRAM: channel binding without -PLUS");
                }
                if (channel_octets(context_, exchange_.first.binding_type).empty()) {
                    return fail(Errc::kDenied, "SCRAM: no such channel binding here");
                }
                return {};
        }
        if (plus) {
            return fail(Errc::kSyntax, "SCRAM: -PLUS without channel binding");
        }
        return {};
    }

    // Whose secrets the exchange runs on; a decoy's for everybody who has none. The decoy's are made in
    // any case, so that both take the same time.
    base::Result<ScramSecrets> choose_secrets() {
        TRY(ScramSecrets decoy, impl_.scram_decoy(hash_, login_.user + "/" + login_.application));
        const ScramSecrets* own = nullptr;
        if (login_.application.empty()) {
            own = hash_ == Hash::kSha1 ? &login_.password.sha1 : &login_.password.sha256;
        } else if (const ApplicationRecord* record = login_.named_application(context_.service)) {
            own = hash_ == Hash::kSha1 ? &record->sha1 : &record->sha256;
        }
        if (own != nullptr && own->usable()) {
            known_ = true;
            return *own;
        }
        return decoy;
    }

    Step on_first(std::string_view message) {
        TRY(exchange_.first, parse_scram_client_first(message));
        TRY_VOID(check_binding());
        TRY(login_, impl_.look_up(exchange_.first.user));
        TRY(secrets_, choose_secrets());
        const std::string nonce = base::base64_encode(random_octets(impl_.random, kNonceOctets));
        exchange_ = begin_scram(std::move(exchange_.first), nonce, secrets_);
        return SaslStep(SaslChallenge{exchange_.server_first});
    }

    // Only the final message is a guess, so only here the throttle has its say.
    base::Task<Step> on_final(base::Loop& loop, std::string message) {
        CO_TRY(const ScramClientFinal final, parse_scram_client_final(message));
        CO_TRY(Throttle::Attempt attempt, co_await impl_.enter(loop, context_, login_.user));
        const std::string_view channel = channel_octets(context_, exchange_.first.binding_type);
        auto server_final = finish_scram(hash_, secrets_, exchange_, final, channel);
        const bool right = server_final.has_value() && known_;
        CO_TRY(Identity identity,
               Authenticator::Impl::conclude(attempt, login_, right, mechanism_));
        CO_TRY(const bool same, is_same_user(impl_, identity, exchange_.first.authorize_as));
        if (!same) {
            co_return fail(Errc::kInvalid, "nobody may act for another user");
        }
        co_return SaslStep(SaslSuccess{std::move(identity), std::move(*server_final)});
    }

    Authenticator::Impl& impl_;
    const Hash hash_;
    const std::string_view mechanism_;
    const LoginContext context_;
    State state_ = State::kFirst;
    ScramExchange exchange_;
    Login login_;
    ScramSecrets secrets_;
    bool known_ = false;  // the secrets are somebody's
};

}  // namespace

bool has_channel_binding(const LoginContext& context) {
    return !context.tls_exporter.empty() || !context.tls_unique.empty() ||
           !context.tls_end_point.empty();
}

std::unique_ptr<SaslServer> make_scram_server(Authenticator::Impl& impl,
                                              Hash hash,
                                              std::string_view mechanism,
                                              LoginContext context) {
    return std::make_unique<ScramServer>(impl, hash, mechanism, std::move(context));
}

}  // namespace account
