#include "imap/server/capabilities.h"

#include <fmt/format.h>

#include <string_view>

#include "account/sasl.h"
#include "imap/server/commands.h"

namespace imap {
namespace {

// Told in every state; those that only mean something to who is logged in follow.
constexpr std::string_view kAlways = "IMAP4rev1 IMAP4rev2 LITERAL+";
constexpr std::string_view kWhenLoggedIn = "INPROGRESS UTF8=ACCEPT";

// RFC 9738 3, RFC 9586.
std::string limits(Session& session) {
    const ServerOptions& options = session.options();
    std::string text = fmt::format(" APPENDLIMIT={}", options.message_octets_max);
    if (options.message_limit != 0) {
        text += fmt::format(" MESSAGELIMIT={}", options.message_limit);
    } else if (options.save_limit != 0) {
        text += fmt::format(" SAVELIMIT={}", options.save_limit);
    }
    return text;
}

}  // namespace

std::string capabilities(Session& session) {
    std::string text(kAlways);
    const bool logged_in = session.state() != kNotAuthenticated;
    for (const Command& command : commands()) {
        const bool is_early = (command.states & kNotAuthenticated) != 0;
        const bool is_starttls = command.capability == "STARTTLS";
        const bool tell = logged_in ? (command.states & kLoggedIn) != 0 : is_early;
        if (tell && !command.capability.empty() && (!is_starttls || session.can_start_tls())) {
            text.append(" ").append(command.capability);
        }
    }
    if (logged_in) {
        const bool uidonly = !session.services().uidonly_misuse.was_seen(session.user());
        return fmt::format(
            "{} {}{}{}", text, kWhenLoggedIn, uidonly ? " UIDONLY" : "", limits(session));
    }
    const account::LoginContext context = session.login_context();
    for (const auto mechanism :
         account::sasl_mechanisms(session.services().authenticator, context)) {
        text.append(" AUTH=").append(mechanism);
    }
    // RFC 9051 6.2.3
    return session.services().authenticator.plaintext_allowed(context) ? text
                                                                       : text + " LOGINDISABLED";
}

}  // namespace imap
