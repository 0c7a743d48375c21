// IDLE (RFC 2177, RFC 9051 6.3.13). While it lasts no handler is running: the session waits as between two
// commands, with nothing but its view, and the hub wakes it.
#include <utility>

#include "base/ascii.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {

using base::Result;
using base::Task;

void Session::begin_idle(std::string tag) {
    idle_tag_ = std::move(tag);
    if (view_ != nullptr) {
        subscription_ = services_.mailboxes.hub().watch(
            loop(), view_->ref().owner, view_->ref().mailbox, [this](const mail::Event& /*event*/) {
                lines_.stream().wake();
            });
    }
}

// What is new before the command is told behind the "+": the client is listening.
Task<Handled> on_idle(Session& session, const Request& request) {
    session.begin_idle(request.tag);
    session.put("+ idling\r\n");
    Reply reply;
    reply.is_held = true;
    co_return reply;
}

//  idle = "IDLE" CRLF "DONE"
// A command instead of DONE ends it as well, and is answered next.
Task<Result<>> Session::end_idle(std::string_view line) {
    const bool done = base::iequals(base::trim(line), "DONE") || is_command(line);
    subscription_.reset();
    std::string tag = std::exchange(idle_tag_, {});
    if (wants_news() || (view_ != nullptr && view_->is_asleep())) {
        CO_TRY_VOID(co_await tell_news(true, false));
    }
    co_return co_await conclude(std::move(tag), done ? ok("done") : bad("DONE is expected"));
}

}  // namespace imap
