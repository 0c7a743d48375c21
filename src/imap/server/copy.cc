// COPY and MOVE with UIDPLUS's answers (RFC 9051 6.4.7 and 6.4.8, RFC 4315 3, RFC 6851).
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "imap/grammar/arguments.h"
#include "imap/server/handlers.h"
#include "imap/server/message_limit.h"
#include "imap/server/session.h"
#include "imap/server/target.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// What the command means, or the answer to one that means nothing.
Result<mail::Transfer, Reply> understand(Session& session, const Request& request) {
    const auto refuse = [](Reply reply) { return tl::unexpected<Reply>(std::move(reply)); };
    const auto arguments = parse_copy(request.arguments);
    if (!arguments) {
        return refuse(imap::refuse(request.command, arguments.error()));
    }
    const auto uids = session.view().resolve(arguments->set, request.is_uid());
    if (!uids) {
        return refuse(bad("there is no message of that number"));
    }
    auto target = find_target(session, arguments->mailbox);
    if (!target) {
        return refuse(std::move(target.error()));
    }
    // RFC 9051 6.4.7: COPY does all that it was told or nothing, and who speaks of numbers means messages that he
    // knows. RFC 5182 2.1: what has gone is in no saved result any more, nor among UIDs (RFC 9051 6.4.9).
    const bool by_number = !request.is_uid() && !arguments->set.is_saved;
    return mail::Transfer{
        .from = session.view().opened(),
        .uids = *uids,
        .to = target->ref,
        .missing = by_number ? mail::Missing::kPreventsAll : mail::Missing::kPassedOver};
}

// Why nothing was copied or moved; nothing when something was.
std::optional<Reply> failure_of(const Result<mail::Copied>& copied) {
    const bool has_gone = copied ? copied->from.empty() : copied.error().code == Errc::kInvalid;
    if (has_gone) {
        // RFC 2180 4.4.1
        return no("messages have gone meanwhile, so nothing was done", "EXPUNGEISSUED");
    }
    return copied ? std::nullopt : std::optional(reply_of(copied.error()));
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
        request, session.mailboxes().copy(session.loop(), session.user(), *order));
    if (auto failure = failure_of(copied)) {
        co_return std::move(*failure);
    }
    session.note_own_messages(order->to, copied->to);
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
    order->uids = limited.uids;
    const auto moved = co_await session.await(
        request, session.mailboxes().move(session.loop(), session.user(), *order));
    if (auto failure = failure_of(moved)) {
        co_return std::move(*failure);
    }
    session.note_own_messages(order->to, moved->to);
    session.put(fmt::format("* OK [{}] moved\r\n", copyuid(*moved)));
    co_return tell_limit(session, limited, ok("moved"));
}

}  // namespace imap
