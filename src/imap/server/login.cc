// LOGIN, AUTHENTICATE (RFC 9051 6.2, RFC 4959), STARTTLS and UNAUTHENTICATE (RFC 8437).
#include <fmt/format.h>

#include <utility>

#include "account/login_context.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "imap/grammar/arguments.h"
#include "imap/server/capabilities.h"
#include "imap/server/handlers.h"
#include "imap/server/notifier.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

account::LoginContext Session::login_context() const {
    return account::login_context(lines_.stream(), "imap");
}

bool Session::can_start_tls() const {
    return lines_.stream().can_start_tls() && lines_.stream().tls() == nullptr;
}

void Session::log_in(account::Identity identity) {
    services_.log.info("logged in",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"account", identity.account.address.to_string()},
                        {"mechanism", identity.mechanism},
                        {"tls", has_tls() ? "yes" : "no"}});
    services_.metrics
        .counter(
            "staffetta_logins_total", "Logins by result", {{"protocol", "imap"}, {"result", "ok"}})
        .add();
    identity_ = std::make_unique<account::Identity>(std::move(identity));
    standing_ = {};
}

void Session::log_out() {
    unselect();
    notifier_.reset();
    identity_.reset();
    login_deadline_ = services_.clock.steady() + options_.login_timeout_s;
    features_ = 0;
}

Reply Session::login_failed(const base::Error& error, std::string_view mechanism) {
    services_.metrics
        .counter("staffetta_logins_total",
                 "Logins by result",
                 {{"protocol", "imap"}, {"result", std::string(base::errc_name(error.code))}})
        .add();
    services_.log.info("login failed",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"mechanism", mechanism},
                        {"error", error.text}});
    Reply reply;
    switch (error.code) {
        case Errc::kDenied:
            reply = no("wrong user name or password", "AUTHENTICATIONFAILED");
            break;
        case Errc::kInvalid:
            reply = no("you cannot act for another user", "AUTHORIZATIONFAILED");
            break;
        case Errc::kSyntax:
            reply = bad("the response is not what the mechanism prescribes");
            break;
        case Errc::kUnavailable:
            reply = no("too many failed logins from your address, come back later", "UNAVAILABLE");
            break;
        default:
            return no("the mail store fails, try again later", "UNAVAILABLE");
    }
    if (++login_failures_ >= options_.login_failures_max) {
        lines_.put("* BYE too many failed logins\r\n");
        reply.then = Reply::Then::kClose;
    }
    return reply;
}

Task<Result<std::string>> Session::read_secret_line() {
    lines_.conceal_next_line();
    return read_further_line();
}

namespace {

// The mailboxes that every account has are made when it first logs in.
Task<Handled> enter(Session& session, account::Identity identity) {
    const account::AccountId user = identity.account.id;
    const auto prepared = co_await session.mailboxes().prepare(session.loop(), user);
    if (!prepared) {
        session.services().log.error("mailboxes cannot be made",
                                     {{"session", session.id()}, {"error", prepared.error().text}});
        co_return no("the mail store fails, try again later", "UNAVAILABLE");
    }
    session.log_in(std::move(identity));
    co_return ok("welcome", fmt::format("CAPABILITY {}", capabilities(session)));
}

// A challenge and the client's response to it, or what to reply when there is none.
Task<Result<Result<std::string, Reply>>> ask(Session& session, std::string challenge) {
    using Answer = Result<std::string, Reply>;
    session.put(fmt::format("+ {}\r\n", base::base64_encode(challenge)));
    const auto line = co_await session.read_secret_line();
    if (!line && line.error().code != Errc::kTooLong) {
        co_return tl::unexpected(line.error());
    }
    if (!line) {
        co_return Answer(tl::unexpected<Reply>(bad("the line is too long")));
    }
    auto response = parse_sasl_response(*line);
    if (!response || !*response) {
        co_return Answer(tl::unexpected<Reply>(
            bad(response ? "authentication cancelled" : "that is not base64")));
    }
    co_return Answer(std::move(**response));
}

Task<Handled> authenticate(Session& session,
                           std::unique_ptr<account::SaslServer> server,
                           std::optional<std::string> response) {
    if (!response && server->client_first()) {
        CO_TRY(auto first, co_await ask(session, ""));
        if (!first) {
            co_return std::move(first.error());
        }
        response = std::move(*first);
    }
    while (true) {
        auto step = co_await server->step(session.loop(), response.value_or(""));
        if (!step) {
            co_return session.login_failed(step.error(), "AUTHENTICATE");
        }
        auto* const success = std::get_if<account::SaslSuccess>(&*step);
        if (success != nullptr && !success->octets) {
            co_return co_await enter(session, std::move(success->identity));
        }
        // RFC 9051 6.2.2: OK has no room for the mechanism's last words, so they go out as a challenge
        // that is answered by nothing.
        CO_TRY(auto next,
               co_await ask(session,
                            success != nullptr ? *success->octets
                                               : std::get<account::SaslChallenge>(*step).octets));
        if (!next) {
            co_return std::move(next.error());
        }
        if (success != nullptr && next->empty()) {
            co_return co_await enter(session, std::move(success->identity));
        }
        if (success != nullptr) {
            co_return bad("the response is not what the mechanism prescribes");
        }
        response = std::move(*next);
    }
}

}  // namespace

Task<Handled> on_authenticate(Session& session, const Request& request) {
    auto arguments = parse_authenticate(request.arguments);
    if (!arguments) {
        co_return usage(request.command);
    }
    auto server = account::make_sasl_server(
        session.services().authenticator, arguments->mechanism, session.login_context());
    if (!server && server.error().code == Errc::kDenied) {
        co_return no("this mechanism needs TLS, send STARTTLS first", "PRIVACYREQUIRED");
    }
    if (!server) {
        co_return no("no such mechanism, CAPABILITY lists them", "CANNOT");
    }
    // RFC 4959 3. Clients of LOGIN send the user name with the command all the same.
    if (arguments->response && !(*server)->client_first() && arguments->mechanism != "LOGIN") {
        co_return bad("with this mechanism the server speaks first");
    }
    co_return co_await authenticate(session, std::move(*server), std::move(arguments->response));
}

Task<Handled> on_login(Session& session, const Request& request) {
    auto arguments = parse_login(request.arguments);
    if (!arguments) {
        co_return usage(request.command);
    }
    const account::LoginContext context = session.login_context();
    account::Authenticator& authenticator = session.services().authenticator;
    if (!authenticator.plaintext_allowed(context)) {
        co_return no("no password in clear on this connection, send STARTTLS first",
                     "PRIVACYREQUIRED");
    }
    auto identity = co_await authenticator.check_password(
        session.loop(), context, std::move(arguments->user), std::move(arguments->password));
    if (!identity) {
        co_return session.login_failed(identity.error(), "LOGIN");
    }
    co_return co_await enter(session, std::move(*identity));
}

Task<Handled> on_starttls(Session& session, const Request& /*request*/) {
    if (session.has_tls()) {
        co_return bad("TLS is active already");
    }
    if (!session.can_start_tls()) {
        co_return no("TLS is not available here");
    }
    Reply reply = ok("begin TLS negotiation");
    reply.then = Reply::Then::kStartTls;
    co_return reply;
}

Task<Handled> on_unauthenticate(Session& session, const Request& /*request*/) {
    session.log_out();
    Reply reply = ok("you are nobody again");
    reply.then = session.is_compressed() ? Reply::Then::kStopCompressing : Reply::Then::kGoOn;
    co_return reply;
}

}  // namespace imap
