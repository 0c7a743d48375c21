// The tree of mailboxes: SUBSCRIBE, UNSUBSCRIBE, NAMESPACE (RFC 9051 6.3.7, 6.3.8, 6.3.10).
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/arguments.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {

using base::Task;

namespace {

// A name's last separator only says that mailboxes will come below it (RFC 9051 6.3.4).
base::Result<std::string> decode_name(const Session& session, std::string_view wire) {
    TRY(std::string name, decode_mailbox(wire, session.name_form()));
    if (name.ends_with(kSeparator)) {
        name.pop_back();
    }
    return name;
}

Reply bad_name() {
    return no("that is no name for a mailbox", "CANNOT");
}

}  // namespace

namespace {

Task<Handled> subscribe(Session& session, const Request& request, bool subscribed) {
    const auto wire = parse_one_astring(request.arguments);
    if (!wire) {
        co_return usage(request.command);
    }
    const auto name = decode_name(session, *wire);
    if (!name) {
        co_return bad_name();
    }
    const auto done =
        co_await session.mailboxes().subscribe(session.loop(), session.user(), *name, subscribed);
    co_return done ? ok("done") : reply_of(done.error());
}

}  // namespace

Task<Handled> on_subscribe(Session& session, const Request& request) {
    return subscribe(session, request, true);
}

Task<Handled> on_unsubscribe(Session& session, const Request& request) {
    return subscribe(session, request, false);
}

// Personal mailboxes have no prefix, other people's have one, and there are no others.
Task<Handled> on_namespace(Session& session, const Request& /*request*/) {
    session.put("* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n");
    co_return ok("that is all");
}

}  // namespace imap
