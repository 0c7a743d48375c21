// CAPABILITY, ID (RFC 2971), NOOP, CHECK, LOGOUT (RFC 9051 6.1, RFC 3501 6.4.1).
#include <fmt/format.h>

#include "imap/grammar/arguments.h"
#include "imap/server/capabilities.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {

using base::Task;

Task<Handled> on_capability(Session& session, const Request& /*request*/) {
    session.put(fmt::format("* CAPABILITY {}\r\n", capabilities(session)));
    co_return ok("that is all");
}

// News are told behind it, as behind every command.
Task<Handled> on_noop(Session& /*session*/, const Request& /*request*/) {
    co_return ok("done");
}

Task<Handled> on_id(Session& session, const Request& request) {
    const auto fields = parse_id(request.arguments);
    if (!fields) {
        co_return usage(request.command);
    }
    std::string text;
    for (const auto& [name, value] : *fields) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value.value_or(""));
    }
    if (!text.empty()) {
        session.services().log.info("imap client", {{"session", session.id()}, {"id", text}});
    }
    session.put("* ID (\"name\" \"staffetta\")\r\n");
    co_return ok("pleased to meet you");
}

Task<Handled> on_logout(Session& session, const Request& /*request*/) {
    session.put(fmt::format("* BYE {} says goodbye\r\n", session.options().hostname));
    Reply reply = ok("goodbye");
    reply.then = Reply::Then::kClose;
    session.unselect();
    co_return reply;
}

}  // namespace imap
