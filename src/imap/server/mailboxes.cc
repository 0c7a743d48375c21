// The tree of mailboxes: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, NAMESPACE (RFC 9051 6.3.4-6.3.8, 6.3.10;
// RFC 6154 3 for special uses).
#include <fmt/format.h>

#include <utility>

#include "base/ascii.h"
#include "imap/grammar/arguments.h"
#include "imap/server/handlers.h"
#include "imap/server/mailbox_lines.h"
#include "imap/server/notifier.h"
#include "imap/server/session.h"
#include "mail/special_use.h"

namespace imap {

using base::Errc;
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

// What is no name at all: the text says why.
Reply bad_name(const base::Error& error) {
    return no(error.text, error.code == Errc::kTooLong ? "LIMIT" : "CANNOT");
}

// What keeps a name from being given to a mailbox.
Reply refuse_name(Session& session, const base::Error& error) {
    switch (error.code) {
        case Errc::kTooLong: {
            const mail::MailboxLimits& limits = session.mailboxes().limits();
            return no(
                fmt::format(
                    "a name has at most {} levels of {} octets, and there are {} mailboxes at most",
                    limits.depth_max,
                    limits.name_octets_max,
                    limits.mailboxes_max),
                "LIMIT");
        }
        case Errc::kInvalid:
            return bad_name(error);
        case Errc::kNotFound:
            return no(
                "that place is for other people's mailboxes, below the address of somebody here",
                "CANNOT");
        default:
            return reply_of(error);
    }
}

// Levels above a name were made with it.
void note_own_path(Session& session, std::string_view name) {
    if (session.notifier() == nullptr) {
        return;
    }
    for (std::size_t end = name.find(kSeparator); end != std::string_view::npos;
         end = name.find(kSeparator, end + 1)) {
        session.notifier()->note_own_name(name.substr(0, end));
    }
    session.notifier()->note_own_name(name);
}

bool is_selected(Session& session, const std::string& name) {
    if (!session.has_view()) {
        return false;
    }
    const auto info = session.mailboxes().find(session.user(), name, mail::Around::kLeftOut);
    return info && info->ref == session.view().ref();
}

}  // namespace

Task<Handled> on_create(Session& session, const Request& request) {
    const auto arguments = parse_create(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    const auto name = decode_name(session, arguments->mailbox);
    if (!name) {
        co_return bad_name(name.error());
    }
    mail::Role role = mail::Role::kNone;
    for (const std::string& use : arguments->uses) {
        const auto wanted = mail::find_special_use(use);
        if (!wanted || role != mail::Role::kNone) {
            co_return no("no special use that a mailbox here can have, or more than one",
                         "USEATTR");
        }
        role = *wanted;
    }
    const auto created = co_await session.await(
        request, session.mailboxes().create(session.loop(), session.user(), *name, role));
    if (!created && created.error().code == Errc::kInUse) {
        co_return no("another mailbox has that use", "USEATTR");
    }
    if (!created) {
        co_return refuse_name(session, created.error());
    }
    note_own_path(session, *name);
    tell_normalized(session, *name, *name);
    co_return ok("created", fmt::format("MAILBOXID ({})", created->object_id));
}

// Who deletes the mailbox it has selected itself has none selected then; all others are told BYE (RFC 2180 3.3).
Task<Handled> on_delete(Session& session, const Request& request) {
    const auto wire = parse_one_astring(request.arguments);
    if (!wire) {
        co_return usage(request.command);
    }
    const auto name = decode_name(session, *wire);
    if (!name) {
        co_return bad_name(name.error());
    }
    const bool was_selected = is_selected(session, *name);
    const auto removed = co_await session.await(
        request, session.mailboxes().remove(session.loop(), session.user(), *name));
    if (!removed && removed.error().code == Errc::kInUse) {
        co_return no("there are mailboxes below it", "HASCHILDREN");
    }
    if (removed && session.notifier() != nullptr) {
        session.notifier()->note_own_name(*name);
    }
    if (removed) {
        tell_normalized(session, *name, *name);
    }
    if (removed && was_selected) {
        session.unselect();
        session.put("* OK [CLOSED] the selected mailbox was deleted\r\n");
    }
    if (!removed && removed.error().code == Errc::kInvalid) {
        co_return bad_name(removed.error());
    }
    co_return removed ? ok("deleted") : reply_of(removed.error());
}

Task<Handled> on_rename(Session& session, const Request& request) {
    const auto wires = parse_two_astrings(request.arguments);
    if (!wires) {
        co_return usage(request.command);
    }
    const auto from = decode_name(session, wires->first);
    const auto to = decode_name(session, wires->second);
    if (!from || !to) {
        co_return bad_name(from ? to.error() : from.error());
    }
    const auto renamed = co_await session.await(
        request, session.mailboxes().rename(session.loop(), session.user(), *from, *to));
    if (renamed) {
        note_own_path(session, *to);
        tell_normalized(session, *from, *to);
    }
    // It is there, so it is the new name that leads nowhere.
    if (!renamed && session.mailboxes().find(session.user(), *from)) {
        co_return refuse_name(session, renamed.error());
    }
    co_return renamed ? ok("renamed") : reply_of(renamed.error());
}

namespace {

Task<Handled> subscribe(Session& session, const Request& request, bool subscribed) {
    const auto wire = parse_one_astring(request.arguments);
    if (!wire) {
        co_return usage(request.command);
    }
    const auto name = decode_name(session, *wire);
    if (!name) {
        co_return bad_name(name.error());
    }
    const auto done =
        co_await session.mailboxes().subscribe(session.loop(), session.user(), *name, subscribed);
    if (done && session.notifier() != nullptr) {
        session.notifier()->note_own_subscription(*name);
    }
    if (!done && done.error().code == Errc::kInvalid) {
        co_return bad_name(done.error());
    }
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
