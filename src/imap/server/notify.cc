// NOTIFY (RFC 5465), and what a session tells between two commands because of it.
#include "imap/grammar/notify.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "imap/server/fetch_items.h"
#include "imap/server/handlers.h"
#include "imap/server/notifier.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// Names that mean no mailbox are passed over (RFC 5465 3.1), as those of none that is there.
void decode_names(const Session& session, NotifyArguments& wishes) {
    for (NotifyGroup& group : wishes.groups) {
        std::vector<std::string> names;
        for (const std::string& wire : group.mailboxes) {
            if (auto name = decode_mailbox(wire, session.name_form())) {
                names.push_back(std::move(*name));
            }
        }
        group.mailboxes = std::move(names);
    }
}

}  // namespace

// RFC 5465 3.1: what has gathered is told before the new wishes hold, as NOOP would.
Task<Handled> on_notify(Session& session, const Request& request) {
    auto wishes = parse_notify(request.arguments);
    if (!wishes && wishes.error().code == Errc::kUnsupported) {
        co_return no("there is no such event here",
                     fmt::format("BADEVENT ({})", kNotifyEventNames));
    }
    if (!wishes && wishes.error().code == Errc::kTooLong) {
        co_return no("that is too much to be told of", "NOTIFICATIONOVERFLOW");
    }
    if (!wishes) {
        co_return refuse(request.command, wishes.error());
    }
    CO_TRY_VOID(co_await session.tell_news(true, true));
    auto notifier = std::make_unique<Notifier>(session);
    if (!wishes->groups.empty()) {
        decode_names(session, *wishes);
        const auto begun = notifier->begin(std::move(*wishes));
        if (!begun && begun.error().code == Errc::kTooLong) {
            co_return no("there are too many mailboxes to be watched", "NOTIFICATIONOVERFLOW");
        }
        if (!begun) {
            co_return reply_of(begun.error());
        }
    }
    session.set_notifier(std::move(notifier));
    co_return ok("done");
}

void Session::set_notifier(std::unique_ptr<Notifier> notifier) {
    notifier_ = std::move(notifier);
}

bool Session::wants_news() const {
    return notifier_ == nullptr || notifier_->selected_events() != 0;
}

bool Session::has_notices() const {
    return notifier_ != nullptr && notifier_->is_waiting();
}

Task<Result<>> Session::tell_notices() {
    if (notifier_->is_overflown()) {
        lines_.put("* OK [NOTIFICATIONOVERFLOW] too much happens, ask again\r\n");
        notifier_ = std::make_unique<Notifier>(*this);
        co_return Result<>();
    }
    if (notifier_->take_selected()) {
        const bool may_expunge = !idle_tag_.empty() || !notifier_->is_delayed();
        CO_TRY_VOID(co_await tell_news(may_expunge, true));
    }
    co_return co_await notifier_->tell();
}

// RFC 5465 5.2: what the client wants to know of messages that are new, but for those it put there itself; and MODSEQ, where
// it wants that of whatever it is told unasked (RFC 7162 3.1).
Task<Result<>> Session::tell_new_messages(mail::Uid first) {
    constexpr mail::Uid kLast = std::numeric_limits<mail::Uid>::max();
    const mail::UidSet own = view_->take_own();
    if (notifier_ == nullptr || notifier_->new_message_items().empty() || first == 0) {
        co_return Result<>();
    }
    const mail::UidSet fresh = view_->told()->intersect({first, kLast}).subtract(own);
    std::vector<FetchItem> items = notifier_->new_message_items();
    if (enabled(kCondstore) &&
        std::ranges::find(items, FetchKind::kModseq, &FetchItem::kind) == items.end()) {
        items.push_back({.kind = FetchKind::kModseq});
    }
    co_return co_await put_messages(*this, fresh, items);
}

void Session::note_own_messages(mail::Ref ref, const mail::UidSet& uids) {
    if (notifier_ == nullptr) {
        return;
    }
    notifier_->note_own_messages(ref, uids);
    if (view_ != nullptr && view_->ref() == ref) {
        view_->note_own(uids);
    }
}

}  // namespace imap
