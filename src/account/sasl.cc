#include "account/sasl.h"

#include <algorithm>
#include <array>

#include "account/authenticator_impl.h"
#include "account/sasl_scram.h"
#include "base/ascii.h"
#include "base/base64.h"

namespace account {
namespace {

using base::Errc;
using base::fail;
using Step = base::Result<SaslStep>;

constexpr std::size_t kResponseOctetsMax = 4096;
constexpr std::size_t kChallengeCharacters = 20;

tl::unexpected<base::Error> malformed(std::string_view mechanism) {
    return fail(Errc::kSyntax, std::string(mechanism) + ": malformed response");
}

// A success, unless the client asked to act as somebody else than who it is: nobody may.
base::Result<SaslStep> admit(Authenticator::Impl& impl,
                             base::Result<Identity> identity,
                             std::string_view mechanism,
                             std::string_view authorize_as) {
    if (!identity) {
        return base::forward_error(identity);
    }
    TRY(const bool same, is_same_user(impl, *identity, authorize_as));
    if (!same) {
        return fail(Errc::kInvalid, "nobody may act for another user");
    }
    identity->mechanism = mechanism;
    return SaslStep(SaslSuccess{std::move(*identity), std::nullopt});
}

// RFC 4616 2:
//    message = [authzid] UTF8NUL authcid UTF8NUL passwd
// An empty password, which the RFC has not, is a wrong one: whoever left a field empty is to be told that.
class PlainServer final : public SaslServer {
  public:
    PlainServer(Authenticator::Impl& impl, LoginContext context)
        : impl_(impl),
          context_(std::move(context)) {}

    [[nodiscard]] bool client_first() const override { return true; }

    [[nodiscard]] base::Task<Step> step(base::Loop& loop, std::string response) override {
        std::string_view rest = response;
        const bool whole = std::count(rest.begin(), rest.end(), '\0') == 2;
        const std::string authorize_as(base::split_front(rest, '\0'));
        std::string user(base::split_front(rest, '\0'));
        std::string password(rest);
        if (!whole || user.empty() || response.size() > kResponseOctetsMax) {
            co_return malformed("PLAIN");
        }
        wipe(response);
        auto identity =
            co_await impl_.check_password(loop, context_, std::move(user), std::move(password));
        co_return admit(impl_, std::move(identity), "PLAIN", authorize_as);
    }

  private:
    Authenticator::Impl& impl_;
    LoginContext context_;
};

// What Microsoft's clients began and draft-murchison-sasl-login wrote down: two prompts. Some clients
// send the user name as initial response; it is taken as the answer to the first prompt.
class LoginServer final : public SaslServer {
  public:
    LoginServer(Authenticator::Impl& impl, LoginContext context)
        : impl_(impl),
          context_(std::move(context)) {}

    [[nodiscard]] bool client_first() const override { return false; }

    [[nodiscard]] base::Task<Step> step(base::Loop& loop, std::string response) override {
        if (response.size() > kResponseOctetsMax) {
            co_return malformed("LOGIN");
        }
        if (!prompted_) {
            prompted_ = true;
            if (response.empty()) {
                co_return SaslStep(SaslChallenge{"Username:"});
            }
        }
        if (!user_) {
            if (response.empty()) {
                co_return malformed("LOGIN");
            }
            user_ = std::move(response);
            co_return SaslStep(SaslChallenge{"Password:"});
        }
        auto identity = co_await impl_.check_password(loop, context_, *user_, std::move(response));
        co_return admit(impl_, std::move(identity), "LOGIN", "");
    }

  private:
    Authenticator::Impl& impl_;
    LoginContext context_;
    bool prompted_ = false;
    std::optional<std::string> user_;
};

// RFC 4422 appendix A: the client's certificate says who it is, its message as whom it wants to act; a
// certificate of several names is asked to say which.
class ExternalServer final : public SaslServer {
  public:
    ExternalServer(Authenticator::Impl& impl, LoginContext context)
        : impl_(impl),
          context_(std::move(context)) {}

    [[nodiscard]] bool client_first() const override { return true; }

    [[nodiscard]] base::Task<Step> step(base::Loop& loop, std::string response) override {
        (void)loop;
        if (response.find('\0') != std::string::npos || response.size() > kResponseOctetsMax) {
            co_return malformed("EXTERNAL");
        }
        co_return identify(response);
    }

  private:
    Step identify(std::string_view authorize_as) {
        bool is_somebody = false;
        for (const std::string& name : context_.certificate_names) {
            // Not dNSName, which would become a user of the default domain.
            if (name.find('@') == std::string::npos) {
                continue;
            }
            TRY(const Login login, impl_.look_up(name));
            if (!login.account || login.account->disabled || !login.application.empty()) {
                continue;
            }
            Identity identity{*login.account, "EXTERNAL", ""};
            TRY(const bool same, is_same_user(impl_, identity, authorize_as));
            if (same) {
                return SaslStep(SaslSuccess{std::move(identity), std::nullopt});
            }
            is_somebody = true;
        }
        if (is_somebody) {
            return fail(Errc::kInvalid, "the certificate is of another account");
        }
        return fail(Errc::kDenied, "the certificate is of no account that may log in so");
    }

    Authenticator::Impl& impl_;
    LoginContext context_;
};

// RFC 2195 2: the challenge is a msg-id, the response `user SP digest`, the digest being
// HMAC-MD5(secret, challenge) in 32 lower-case hexadecimal digits.
class CramMd5Server final : public SaslServer {
  public:
    CramMd5Server(Authenticator::Impl& impl, LoginContext context)
        : impl_(impl),
          context_(std::move(context)) {}

    [[nodiscard]] bool client_first() const override { return false; }

    [[nodiscard]] base::Task<Step> step(base::Loop& loop, std::string response) override {
        if (challenge_.empty()) {
            const auto seconds = std::chrono::floor<std::chrono::seconds>(impl_.clock.now());
            challenge_ = "<" + impl_.random.token(kChallengeCharacters) + "." +
                         std::to_string(seconds.time_since_epoch().count()) + "@staffetta>";
            if (!response.empty()) {
                co_return malformed("CRAM-MD5");
            }
            co_return SaslStep(SaslChallenge{challenge_});
        }
        const std::size_t space = response.rfind(' ');
        if (space == std::string::npos || response.size() > kResponseOctetsMax) {
            co_return malformed("CRAM-MD5");
        }
        const std::string user = response.substr(0, space);
        const std::string digest = response.substr(space + 1);
        CO_TRY(const Login login, impl_.look_up(user));
        CO_TRY(Throttle::Attempt attempt, co_await impl_.enter(loop, context_, login.user));
        CO_TRY(const auto secret, impl_.legacy_secret(login));
        const std::string expected =
            base::hex_encode(hmac(Hash::kMd5, secret.value_or(impl_.process_key), challenge_));
        const bool right = secret.has_value() && login.application.empty() &&
                           equal_secretly(base::to_lower(digest), expected);
        auto identity = Authenticator::Impl::conclude(attempt, login, right, "CRAM-MD5");
        co_return admit(impl_, std::move(identity), "CRAM-MD5", "");
    }

  private:
    Authenticator::Impl& impl_;
    LoginContext context_;
    std::string challenge_;
};

// Everything that is known, strongest first. CRAM-MD5 comes last: few accounts have a secret for it, and
// a client that takes the first it knows would fail with all the others.
enum class Kind { kExternal, kScram, kScramPlus, kPlain, kLogin, kCramMd5 };

struct Mechanism {
    std::string_view name;
    Kind kind;
    Hash hash;
};

constexpr std::array kMechanisms = {
    Mechanism{"EXTERNAL", Kind::kExternal, Hash::kSha256},
    Mechanism{"SCRAM-SHA-256-PLUS", Kind::kScramPlus, Hash::kSha256},
    Mechanism{"SCRAM-SHA-1-PLUS", Kind::kScramPlus, Hash::kSha1},
    Mechanism{"SCRAM-SHA-256", Kind::kScram, Hash::kSha256},
    Mechanism{"SCRAM-SHA-1", Kind::kScram, Hash::kSha1},
    Mechanism{"PLAIN", Kind::kPlain, Hash::kSha256},
    Mechanism{"LOGIN", Kind::kLogin, Hash::kSha256},
    Mechanism{"CRAM-MD5", Kind::kCramMd5, Hash::kMd5},
};

bool is_offered(const Authenticator& authenticator, const LoginContext& context, Kind kind) {
    switch (kind) {
        case Kind::kExternal:
            return !context.certificate_names.empty();
        case Kind::kScramPlus:
            return has_channel_binding(context);
        case Kind::kScram:
            return true;
        case Kind::kPlain:
        case Kind::kLogin:
            return authenticator.plaintext_allowed(context);
        case Kind::kCramMd5:
            return authenticator.legacy_in_use();
    }
    return false;
}

std::unique_ptr<SaslServer> make(Authenticator::Impl& impl,
                                 const Mechanism& mechanism,
                                 LoginContext context) {
    switch (mechanism.kind) {
        case Kind::kExternal:
            return std::make_unique<ExternalServer>(impl, std::move(context));
        case Kind::kScramPlus:
        case Kind::kScram:
            return make_scram_server(impl, mechanism.hash, mechanism.name, std::move(context));
        case Kind::kPlain:
            return std::make_unique<PlainServer>(impl, std::move(context));
        case Kind::kLogin:
            return std::make_unique<LoginServer>(impl, std::move(context));
        case Kind::kCramMd5:
            return std::make_unique<CramMd5Server>(impl, std::move(context));
    }
    return nullptr;
}

}  // namespace

base::Result<bool> is_same_user(const Authenticator::Impl& impl,
                                const Identity& identity,
                                std::string_view authorize_as) {
    if (authorize_as.empty()) {
        return true;
    }
    TRY(const Login login, impl.look_up(authorize_as));
    return login.account && login.account->id == identity.account.id;
}

std::vector<std::string_view> sasl_mechanisms(const Authenticator& authenticator,
                                              const LoginContext& context) {
    std::vector<std::string_view> names;
    for (const Mechanism& mechanism : kMechanisms) {
        if (is_offered(authenticator, context, mechanism.kind)) {
            names.push_back(mechanism.name);
        }
    }
    return names;
}

base::Result<std::unique_ptr<SaslServer>> make_sasl_server(Authenticator& authenticator,
                                                           std::string_view mechanism,
                                                           LoginContext context) {
    const auto found =
        std::find_if(kMechanisms.begin(), kMechanisms.end(), [mechanism](const Mechanism& known) {
            return base::iequals(known.name, mechanism);
        });
    if (found == kMechanisms.end()) {
        return fail(Errc::kUnsupported, "no such mechanism");
    }
    if (!is_offered(authenticator, context, found->kind)) {
        const bool in_clear = found->kind == Kind::kPlain || found->kind == Kind::kLogin;
        return fail(in_clear ? Errc::kDenied : Errc::kUnsupported,
                    std::string(found->name) + " is not offered on this connection");
    }
    return make(authenticator.impl(), *found, std::move(context));
}

}  // namespace account
