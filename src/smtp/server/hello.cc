// HELO, EHLO, LHLO (RFC 5321 4.1.1.1, RFC 2033 4.1), what they offer and who says them; RSET, NOOP, QUIT.
#include <fmt/format.h>

#include <iterator>

#include "base/ascii.h"
#include "base/log.h"
#include "smtp/server/session.h"

namespace smtp {

base::Task<Handled> Session::on_helo(std::string_view arguments) {
    co_return greet(Greeting::kHelo, arguments);
}

base::Task<Handled> Session::on_ehlo(std::string_view arguments) {
    co_return greet(Greeting::kEhlo, arguments);
}

base::Task<Handled> Session::on_lhlo(std::string_view arguments) {
    co_return greet(Greeting::kLhlo, arguments);
}

// ehlo = "EHLO" SP ( Domain / address-literal ) CRLF. Who says it again starts anew (RFC 5321 4.1.4); a
// wrong name is no reason to refuse mail (the same).
Reply Session::greet(Greeting greeting, std::string_view arguments) {
    if (!is_hello_name(arguments)) {
        return {501, {5, 5, 4}, arguments.empty() ? "say who you are" : "that is no host name"};
    }
    hello_ = Hello{greeting, std::string(arguments)};
    welcome_ = false;
    transaction_.reset();
    // Replies are ASCII (RFC 5321 4.2), names need not be.
    std::string text = fmt::format(
        "{} greets {}", options_.hostname, base::is_ascii(arguments) ? arguments : "you");
    if (greeting != Greeting::kHelo) {
        text += capabilities();
    }
    return {250, {}, std::move(text)};
}

// ehlo-line = ehlo-keyword *( SP ehlo-param ), each here with the newline before it.
std::string Session::capabilities() const {
    std::string text = "\nPIPELINING";                                                   // RFC 2920
    fmt::format_to(std::back_inserter(text), "\nSIZE {}", options_.message_octets_max);  // RFC 1870
    text += "\n8BITMIME\nSMTPUTF8";        // RFC 6152, RFC 6531
    text += "\nCHUNKING\nBINARYMIME";      // RFC 3030
    text += "\nENHANCEDSTATUSCODES\nDSN";  // RFC 2034, RFC 3461
    fmt::format_to(
        std::back_inserter(text), "\nLIMITS RCPTMAX={}", options_.recipients_max);  // RFC 9422
    if (offers_release()) {                                                         // RFC 4865 4.1
        fmt::format_to(std::back_inserter(text),
                       "\nFUTURERELEASE {} {}",
                       options_.release_max.count(),
                       base::format_rfc3339(services_.clock.now() + options_.release_max));
    }
    if (lines_.stream().can_start_tls()) {
        text += "\nSTARTTLS";  // RFC 3207
    }
    if (may_log_in()) {
        std::string mechanisms;
        for (const std::string_view name :
             account::sasl_mechanisms(services_.authenticator, login_context())) {
            mechanisms += ' ';
            mechanisms += name;
        }
        text += mechanisms.empty() ? "" : "\nAUTH" + mechanisms;  // RFC 4954
    }
    return text + "\nHELP";
}

// The answer stands at MAIL and not at EHLO: there clients pass on what they hear, and who may log in has.
base::Task<std::optional<Reply>> Session::judge_stranger() {
    const net::Stream& stream = lines_.stream();
    if (welcome_ || !services_.check_client || options_.port != Port::kRelay ||
        stream.peer().is_loopback() || may_relay()) {
        co_return std::nullopt;
    }
    auto refusal = co_await services_.check_client(lines_.stream().loop(),
                                                   {.hello = hello_->name,
                                                    .hostname = options_.hostname,
                                                    .peer = stream.peer(),
                                                    .local = stream.local()});
    welcome_ = !refusal;
    co_return refusal;
}

base::Task<Handled> Session::on_rset(std::string_view /*arguments*/) {
    transaction_.reset();
    co_return Reply{250, {2, 0, 0}, "forgotten"};
}

base::Task<Handled> Session::on_noop(std::string_view /*arguments*/) {
    co_return Reply{250, {2, 0, 0}, "ok"};
}

base::Task<Handled> Session::on_quit(std::string_view /*arguments*/) {
    co_return Reply{
        221, {2, 0, 0}, fmt::format("{} closes the connection", options_.hostname), After::kClose};
}

}  // namespace smtp
