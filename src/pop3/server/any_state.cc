// CAPA (RFC 2449 5), LANG (RFC 6856 3), and QUIT with the UPDATE state (RFC 1939 6).
#include <fmt/format.h>

#include <utility>

#include "base/ascii.h"
#include "pop3/server/session.h"

namespace pop3 {

using base::Result;
using base::Task;

bool Session::offers(const Command& command) const {
    const net::Stream& stream = lines_.stream();
    if (command.capability == "STLS") {
        return stream.can_start_tls() && stream.tls() == nullptr;
    }
    if (command.capability == "USER") {
        return services_.authenticator.plaintext_allowed(login_context());
    }
    return !command.capability.empty();
}

// RFC 2449 6, RFC 3206 6; the same lines before and after logging in.
std::string Session::capabilities() const {
    std::string lines;
    for (const Command& command : commands()) {
        if (!offers(command)) {
            continue;
        }
        lines += command.capability;
        if (command.capability == "SASL") {
            for (const std::string_view mechanism :
                 account::sasl_mechanisms(services_.authenticator, login_context())) {
                lines += ' ';
                lines += mechanism;
            }
        }
        lines += "\r\n";
    }
    lines += "RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n";
    if (options_.login_delay_s > 0) {
        lines += fmt::format("LOGIN-DELAY {}\r\n", options_.login_delay_s);
    }
    lines += "IMPLEMENTATION staffetta\r\n";
    return lines;
}

Task<Result<Reply>> Session::on_capa(std::string /*arguments*/) {
    Reply reply = ok_reply(say(Text::kCapabilities));
    reply.body = Reply::Lines{capabilities()};
    co_return reply;
}

Task<Result<Reply>> Session::on_lang(std::string arguments) {
    const std::string_view range = base::trim(arguments);
    if (range.empty()) {
        Reply::Lines lines;
        for (const LanguageName& language : languages()) {
            lines.text += fmt::format("{} {}\r\n", language.tag, language.name);
        }
        Reply reply = ok_reply(say(Text::kLanguages));
        reply.body = std::move(lines);
        co_return reply;
    }
    const auto language = find_language(range == "*" ? std::string_view(options_.language) : range);
    if (!language) {
        co_return error_reply(say(Text::kUnknownLanguage));
    }
    language_ = *language;
    const std::string_view tag = languages()[static_cast<std::size_t>(language_)].tag;
    co_return ok_reply(fmt::format("{} {}", tag, say(Text::kLanguageChanged)));
}

Task<Result<Reply>> Session::on_quit(std::string /*arguments*/) {
    if (state() == kTransaction) {
        co_return co_await update();
    }
    Reply reply = ok_reply(say(Text::kGoodbye, options_.hostname));
    reply.then = Reply::Then::kClose;
    co_return reply;
}

// RFC 1939 6, the UPDATE state: +OK is sent only when what was marked is gone from the disk, all of it.
Task<Result<Reply>> Session::update() {
    Transaction& open = transaction();
    note_fetched();
    std::vector<mail::Uid> uids = open.maildrop.deleted();
    const auto deleted = static_cast<std::uint32_t>(uids.size());
    Result<> removed;
    if (deleted > 0) {
        removed = co_await services_.messages.remove(loop_,
                                                     open.account.id,
                                                     open.maildrop.mailbox(),
                                                     std::move(uids),
                                                     trace_event("deleted"));
    }
    Reply reply;
    if (!removed) {
        services_.log.error("deletions failed",
                            {{"session", id_}, {"error", removed.error().text}});
        reply = error_reply(say(Text::kNothingDeleted), kSystemTemporary);
    } else {
        open.messages_deleted = deleted;
        reply = ok_reply(open.maildrop.messages() == 0
                             ? say(Text::kGoodbyeEmpty, options_.hostname)
                             : say(Text::kGoodbyeLeft,
                                   options_.hostname,
                                   say_messages(open.maildrop.messages(), open.maildrop.octets())));
    }
    reply.then = Reply::Then::kClose;
    co_return reply;
}

}  // namespace pop3
