// STARTTLS (RFC 3207) and AUTH (RFC 4954; mechanisms are account's).
#include <fmt/format.h>

#include <utility>

#include "account/login_context.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

using base::Errc;

// RFC 4954 4 and 6.
Reply login_refusal(Errc code) {
    switch (code) {
        case Errc::kDenied:
            return {535, {5, 7, 8}, "wrong user name or password"};
        case Errc::kInvalid:
            return {535, {5, 7, 8}, "you cannot act for another user"};
        case Errc::kSyntax:
            return {501, {5, 5, 2}, "that is not what the mechanism prescribes"};
        default:
            return {454, {4, 7, 0}, "logging in does not work now, try again later"};
    }
}

}  // namespace

base::Task<Handled> Session::on_starttls(std::string_view /*arguments*/) {
    if (lines_.stream().tls() != nullptr) {
        co_return Reply{503, {5, 5, 1}, "TLS is active already"};
    }
    if (!lines_.stream().can_start_tls()) {
        co_return Reply{502, {5, 5, 1}, "STARTTLS is not offered here"};
    }
    co_return Reply{220, {2, 0, 0}, "go ahead", After::kStartTls};
}

// RFC 3207 4.2: what was said before the handshake counts for nothing, neither read nor unread.
base::Task<base::Result<>> Session::start_tls() {
    CO_TRY_VOID(co_await lines_.start_tls(deadline(options_.handshake_timeout)));
    hello_.reset();
    transaction_.reset();
    identity_.reset();
    co_return base::Result<>();
}

bool Session::may_log_in() const {
    return identity_ == nullptr &&
           (options_.port == Port::kSubmission ||
            (options_.port == Port::kRelay && options_.offer_auth_on_relay));
}

account::LoginContext Session::login_context() const {
    return account::login_context(lines_.stream(), "smtp");
}

base::Task<Handled> Session::on_auth(std::string_view arguments) {
    if (identity_ != nullptr) {
        co_return Reply{503, {5, 5, 1}, "you are logged in already"};
    }
    if (!may_log_in()) {
        co_return Reply{502, {5, 5, 1}, "AUTH is not offered on this port"};
    }
    const auto command = parse_auth(arguments);
    if (!command) {
        co_return Reply{501, {5, 5, 4}, std::string(command.error().what)};
    }
    const auto sasl =
        account::make_sasl_server(services_.authenticator, command->mechanism, login_context());
    if (!sasl && sasl.error().code == Errc::kDenied) {
        co_return Reply{538, {5, 7, 11}, "that mechanism needs STARTTLS first"};
    }
    if (!sasl) {
        co_return Reply{504, {5, 5, 4}, "unknown mechanism"};
    }
    std::string response;
    if (command->response) {
        auto decoded = base::base64_decode(*command->response);
        // LOGIN is older than its RFC's rule: clients send the user name with the command.
        const bool allowed = (*sasl)->client_first() || base::iequals(command->mechanism, "LOGIN");
        if (!decoded || !allowed) {
            co_return Reply{501, {5, 5, 2}, "bad initial response"};
        }
        response = std::move(*decoded);
    } else if ((*sasl)->client_first()) {
        CO_TRY(Response first, co_await challenge(""));
        if (first.refusal) {
            co_return std::move(*first.refusal);
        }
        response = std::move(first.octets);
    }
    co_return co_await authenticate(**sasl, std::move(response));
}

// RFC 4954 4: 334 with a challenge, a line in base64 or "*" in return.
base::Task<base::Result<Session::Response>> Session::challenge(std::string octets) {
    say({334, {}, base::base64_encode(octets)});
    lines_.conceal_next_line();
    const auto line =
        co_await lines_.read_line(line_octets_max(), deadline(options_.command_timeout));
    Response response;
    if (!line && line.error().code == Errc::kTooLong) {
        response.refusal = Reply{500, {5, 5, 6}, "the line is too long"};
        co_return response;
    }
    if (!line) {
        co_return tl::unexpected(line.error());
    }
    if (line->text == "*") {
        response.refusal = Reply{501, {5, 7, 0}, "given up"};
        co_return response;
    }
    auto decoded = line->crlf ? base::base64_decode(line->text) : std::nullopt;
    if (decoded) {
        response.octets = std::move(*decoded);
    } else {
        response.refusal = Reply{501, {5, 5, 2}, "that is not base64"};
    }
    co_return response;
}

base::Task<Handled> Session::authenticate(account::SaslServer& sasl, std::string response) {
    base::Loop& loop = lines_.stream().loop();
    while (true) {
        auto step = co_await sasl.step(loop, std::exchange(response, {}));
        if (!step) {
            services_.meters.count_login(false);
            services_.log.warning("login failed",
                                  {{"protocol", "smtp"},
                                   {"session", id_},
                                   {"peer", lines_.stream().peer().to_string()},
                                   {"reason", step.error().text}});
            co_return login_refusal(step.error().code);
        }
        auto* success = std::get_if<account::SaslSuccess>(&*step);
        const bool more = success == nullptr || success->octets.has_value();
        if (more) {
            // What a mechanism says at the very end has no place in 235: it is a challenge that is
            // answered with nothing (RFC 4954 4).
            CO_TRY(Response next,
                   co_await challenge(success == nullptr
                                          ? std::get<account::SaslChallenge>(*step).octets
                                          : *success->octets));
            if (next.refusal) {
                co_return std::move(*next.refusal);
            }
            response = std::move(next.octets);
        }
        if (success != nullptr) {
            if (more && !response.empty()) {
                co_return login_refusal(Errc::kSyntax);
            }
            identity_ = std::make_unique<account::Identity>(std::move(success->identity));
            services_.meters.count_login(true);
            services_.log.info("login",
                               {{"protocol", "smtp"},
                                {"session", id_},
                                {"user", identity_->account.address.to_string()},
                                {"mechanism", identity_->mechanism}});
            co_return Reply{235, {2, 7, 0}, "welcome"};
        }
    }
}

}  // namespace smtp
