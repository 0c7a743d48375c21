// The AUTHORIZATION state: USER and PASS, APOP (RFC 1939 7), AUTH (RFC 5034), STLS (RFC 2595 4), UTF8
// (RFC 6856 2.1); and what follows a login.
#include <fmt/format.h>

#include <utility>

#include "account/login_context.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "pop3/grammar/command.h"
#include "pop3/server/session.h"

namespace pop3 {

using base::Errc;
using base::Result;
using base::Task;

account::LoginContext Session::login_context() const {
    account::LoginContext context = account::login_context(lines_.stream(), "pop3");
    context.apop_stamp = stamp_;
    return context;
}

// USER says nothing about whether such a user is there.
Task<Result<Reply>> Session::on_user(std::string arguments) {
    const auto user = parse_user(arguments);
    if (!user) {
        co_return usage("USER name");
    }
    if (!services_.authenticator.plaintext_allowed(login_context())) {
        co_return error_reply(say(Text::kPlaintextRefused));
    }
    std::get<Authorization>(state_).user = *user;
    co_return ok_reply(say(Text::kSendPass));
}

Task<Result<Reply>> Session::on_pass(std::string arguments) {
    // RFC 1939 7: behind a PASS that fails comes USER again.
    const std::string user = std::exchange(std::get<Authorization>(state_).user, "");
    const auto password = parse_password(arguments);
    if (!password) {
        co_return usage("PASS string");
    }
    if (user.empty()) {
        co_return protest(error_reply(say(Text::kUserFirst)));
    }
    auto identity = co_await services_.authenticator.check_password(
        loop_, login_context(), user, std::string(*password));
    if (!identity) {
        co_return login_failed(identity.error(), "USER");
    }
    co_return co_await enter_transaction(std::move(*identity));
}

Task<Result<Reply>> Session::on_apop(std::string arguments) {
    if (stamp_.empty()) {
        co_return error_reply(say(Text::kNoApop));
    }
    const auto apop = parse_apop(arguments);
    if (!apop) {
        co_return usage("APOP name digest");
    }
    auto identity = co_await services_.authenticator.check_apop(
        loop_, login_context(), std::string(apop->name), std::string(apop->digest));
    if (!identity) {
        co_return login_failed(identity.error(), "APOP");
    }
    co_return co_await enter_transaction(std::move(*identity));
}

Task<Result<Reply>> Session::on_auth(std::string arguments) {
    if (arguments.find_first_not_of(' ') == std::string::npos) {
        co_return list_mechanisms();
    }
    auto auth = parse_auth(arguments);
    if (!auth) {
        co_return usage("AUTH mechanism [initial-response]");
    }
    auto server =
        account::make_sasl_server(services_.authenticator, auth->mechanism, login_context());
    if (!server && server.error().code == Errc::kDenied) {
        co_return error_reply(say(Text::kNeedsTls));
    }
    if (!server) {
        co_return error_reply(say(Text::kNoSuchMechanism));
    }
    // Clients of LOGIN send the user name with the command, whatever RFC 5034 4 says.
    const bool allowed = (*server)->client_first() || base::iequals(auth->mechanism, "LOGIN");
    if (auth->response && !allowed) {
        co_return error_reply(say(Text::kNoInitialResponse));  // RFC 5034 4
    }
    co_return co_await authenticate(std::move(*server), std::move(auth->response));
}

// AUTH alone, as servers before RFC 5034 had it and clients still send it.
Reply Session::list_mechanisms() const {
    Reply::Lines lines;
    for (const std::string_view mechanism :
         account::sasl_mechanisms(services_.authenticator, login_context())) {
        lines.text += fmt::format("{}\r\n", mechanism);
    }
    Reply reply = ok_reply(say(Text::kMechanisms));
    reply.body = std::move(lines);
    return reply;
}

Task<Result<Reply>> Session::authenticate(std::unique_ptr<account::SaslServer> server,
                                          std::optional<std::string> response) {
    if (!response && server->client_first()) {
        CO_TRY(auto first, co_await ask(""));
        if (!first) {
            co_return std::move(first.error());
        }
        response = std::move(*first);
    }
    while (true) {
        auto step = co_await server->step(loop_, response.value_or(""));
        if (!step) {
            co_return login_failed(step.error(), "AUTH");
        }
        auto* const success = std::get_if<account::SaslSuccess>(&*step);
        if (success != nullptr && !success->octets) {
            co_return co_await enter_transaction(std::move(success->identity));
        }
        // RFC 5034 4: +OK has no room for the mechanism's last words, so they go out as a challenge
        // that is answered by nothing.
        CO_TRY(auto next,
               co_await ask(success != nullptr ? *success->octets
                                               : std::get<account::SaslChallenge>(*step).octets));
        if (!next) {
            co_return std::move(next.error());
        }
        if (success != nullptr) {
            if (!next->empty()) {
                co_return protest(error_reply(say(Text::kBadSaslResponse)));
            }
            co_return co_await enter_transaction(std::move(success->identity));
        }
        response = std::move(*next);
    }
}

// continue-req = "+" SP [base64] CRLF    ; RFC 5034 4
Task<Result<Result<std::string, Reply>>> Session::ask(std::string challenge) {
    lines_.put(fmt::format("+ {}\r\n", base::base64_encode(challenge)));
    lines_.conceal_next_line();
    const auto line = co_await lines_.read_line(kSaslLineOctetsMax, read_deadline());
    if (!line && line.error().code != Errc::kTooLong) {
        co_return tl::unexpected(line.error());
    }
    if (!line) {
        co_return Result<std::string, Reply>(tl::unexpected<Reply>(
            protest(error_reply(say(Text::kLineTooLong, kSaslLineOctetsMax)))));
    }
    auto response = parse_sasl_response(line->text);
    if (!response || !*response) {
        co_return Result<std::string, Reply>(tl::unexpected<Reply>(
            protest(error_reply(say(response ? Text::kAuthCancelled : Text::kNotBase64)))));
    }
    co_return std::move(**response);
}

Reply Session::login_failed(const base::Error& error, std::string_view mechanism) {
    services_.metrics
        .counter("staffetta_logins_total",
                 "Logins by result",
                 {{"protocol", "pop3"}, {"result", std::string(base::errc_name(error.code))}})
        .add();
    services_.log.info("login failed",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"mechanism", mechanism},
                        {"error", error.text}});
    Reply reply;
    switch (error.code) {
        case Errc::kDenied:
        case Errc::kInvalid:
            reply = error_reply(say(Text::kWrongPassword), kAuthCode);
            break;
        case Errc::kSyntax:
            reply = error_reply(say(Text::kBadSaslResponse));
            break;
        case Errc::kUnavailable:
            reply = error_reply(say(Text::kTryLater), kSystemTemporary);
            break;
        default:
            return error_reply(say(Text::kStoreFails), kSystemTemporary);
    }
    if (++login_failures_ >= options_.login_failures_max) {
        reply.text = say(Text::kTooManyLogins);
        reply.then = Reply::Then::kClose;
    }
    return reply;
}

// RFC 1939 4: the maildrop is opened, or the session stays in the AUTHORIZATION state.
Task<Result<Reply>> Session::enter_transaction(account::Identity identity) {
    auto lock = services_.maildrops.open(identity.account.id,
                                         options_.exclusive,
                                         std::chrono::seconds(options_.login_delay_s),
                                         now());
    if (!lock && lock.error().code == Errc::kInUse) {
        co_return error_reply(say(Text::kInUse), kInUseCode);
    }
    if (!lock) {
        co_return error_reply(say(Text::kLoginDelay, options_.login_delay_s), kLoginDelayCode);
    }
    auto inbox = co_await open_maildrop(identity.account.id);
    if (!inbox) {
        services_.log.error("maildrop cannot be opened",
                            {{"session", id_}, {"error", inbox.error().text}});
        const bool damaged = inbox.error().code == Errc::kCorrupt;
        co_return damaged ? error_reply(say(Text::kMaildropDamaged), kSystemPermanent)
                          : error_reply(say(Text::kStoreFails), kSystemTemporary);
    }
    const std::string name = identity.account.address.to_string();
    note_login(identity);
    auto& open = state_.emplace<Transaction>(
        std::move(identity.account), Maildrop(std::move(*inbox)), std::move(*lock));
    co_return ok_reply(
        say(Text::kLoggedIn, name, say_messages(open.maildrop.messages(), open.maildrop.octets())));
}

// UTF8 comes before the login (RFC 6856 2): it is known now in which form messages will go out, and sizes
// are those of that form.
Task<Result<mail::MailboxView>> Session::open_maildrop(account::AccountId account) {
    CO_TRY(mail::MailboxView inbox, services_.messages.open_inbox(account));
    if (!utf8_) {
        CO_TRY_VOID(co_await services_.messages.measure_surrogates(loop_, inbox.messages));
    }
    co_return inbox;
}

void Session::note_login(const account::Identity& identity) {
    services_.log.info("logged in",
                       {{"session", id_},
                        {"peer", lines_.stream().peer().to_string()},
                        {"account", identity.account.address.to_string()},
                        {"mechanism", identity.mechanism},
                        {"tls", lines_.stream().tls() != nullptr ? "yes" : "no"}});
    services_.metrics
        .counter(
            "staffetta_logins_total", "Logins by result", {{"protocol", "pop3"}, {"result", "ok"}})
        .add();
}

Task<Result<Reply>> Session::on_stls(std::string /*arguments*/) {
    if (lines_.stream().tls() != nullptr) {
        co_return error_reply(say(Text::kTlsActive));
    }
    if (!lines_.stream().can_start_tls()) {
        co_return error_reply(say(Text::kNoTls));
    }
    Reply reply = ok_reply(say(Text::kBeginTls));
    reply.then = Reply::Then::kStartTls;
    co_return reply;
}

Task<Result<Reply>> Session::on_utf8(std::string /*arguments*/) {
    utf8_ = true;
    co_return ok_reply(say(Text::kUtf8On));
}

}  // namespace pop3
