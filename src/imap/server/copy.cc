// COPY and MOVE with UIDPLUS's answers (RFC 9051 6.4.7 and 6.4.8, RFC 4315 3, RFC 6851).
#include <fmt/format.h>

#include <utility>

#include "imap/grammar/arguments.h"
#include "imap/server/handlers.h"
#include "imap/server/message_limit.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

struct Order {
    mail::UidSet uids;
    mail::Ref target;
};

// What the command means, or the answer to one that means nothing.
Result<Order, Reply> understand(Session& session, const Request& request) {
    const auto refuse = [](Reply reply) { return tl::unexpected<Reply>(std::move(reply)); };
    const auto arguments = parse_copy(request.arguments);
    if (!arguments) {
        return refuse(usage(request.command));
    }
    const auto uids = session.view().resolve(arguments->set, request.is_uid());
    if (!uids) {
        return refuse(bad("there is no message of that number"));
    }
    const auto name = decode_mailbox(arguments->mailbox, session.name_form());
    if (!name) {
        return refuse(no("that is no name for a mailbox", "CANNOT"));
    }
    const auto target = session.mailboxes().find(session.user(), *name);
    if (!target && target.error().code == Errc::kNotFound) {
        return refuse(no("no such mailbox, CREATE it first", "TRYCREATE"));
    }
    if (!target) {
        return refuse(reply_of(target.error()));
    }
    if (!target->selectable) {
        return refuse(no("there is no mailbox of that name, CREATE it first", "TRYCREATE"));
    }
    return Order{*uids, target->ref};
}

std::string copyuid(const mail::Copied& copied) {
    return fmt::format(
        "COPYUID {} {} {}", copied.uid_validity, copied.from.to_text(), copied.to.to_text());
}

}  // namespace

Task<Handled> on_copy(Session& session, const Request& request) {
    auto order = understand(session, request);
    if (!order) {
        co_return std::move(order.error());
    }
    if (order->uids.empty()) {
        co_return ok("there was nothing to copy");
    }
    // RFC 9738 3.1: all or nothing, so nothing.
    const std::uint64_t most = save_limit(session.options());
    if (const Limited limited = limit_messages(order->uids, most); limited.is_cut) {
        co_return no("too many messages to copy, try fewer", limit_code(most, limited.lowest()));
    }
    const auto copied = co_await session.await(
        request,
        session.mailboxes().copy(
            session.loop(), session.user(), session.view().ref(), order->uids, order->target));
    if (!copied) {
        co_return reply_of(copied.error());
    }
    // RFC 9051 6.4.7: all or nothing is about what is there.
    if (copied->from.empty()) {
        co_return no("the messages have gone meanwhile", "EXPUNGEISSUED");
    }
    session.note_own_messages(order->target, copied->to);
    co_return ok("copied", copyuid(*copied));
}

// RFC 6851 4.3: COPYUID comes before the EXPUNGEs, which are told as news behind it.
Task<Handled> on_move(Session& session, const Request& request) {
    auto order = understand(session, request);
    if (!order) {
        co_return std::move(order.error());
    }
    if (session.view().read_only()) {
        co_return no("the mailbox is open for reading only", "READ-ONLY");
    }
    if (order->uids.empty()) {
        co_return ok("there was nothing to move");
    }
    const Limited limited = limit_messages(std::move(order->uids), session.options().message_limit);
    const auto moved = co_await session.await(
        request,
        session.mailboxes().move(
            session.loop(), session.user(), session.view().ref(), limited.uids, order->target));
    if (!moved) {
        co_return reply_of(moved.error());
    }
    if (moved->from.empty()) {
        co_return no("the messages have gone meanwhile", "EXPUNGEISSUED");
    }
    session.note_own_messages(order->target, moved->to);
    session.put(fmt::format("* OK [{}] moved\r\n", copyuid(*moved)));
    co_return tell_limit(session, limited, ok("moved"));
}

}  // namespace imap
