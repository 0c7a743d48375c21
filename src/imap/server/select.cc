// SELECT and EXAMINE with CONDSTORE and QRESYNC (RFC 9051 6.3.2, RFC 7162 3.1.8 and 3.2.5), and what is done with a
// mailbox as a whole: CLOSE, UNSELECT, EXPUNGE (RFC 9051 6.4.1-6.4.3, RFC 4315 2.1).
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "imap/grammar/arguments.h"
#include "imap/server/fetch_items.h"
#include "imap/server/handlers.h"
#include "imap/server/mailbox_lines.h"
#include "imap/server/message_limit.h"
#include "imap/server/session.h"

namespace imap {

using base::Result;
using base::Task;

namespace {

// What SELECT counts, in a mailbox that may not be in memory.
struct Counts {
    std::size_t recent = 0;
    std::size_t first_unseen = 0;  // an index; the number of messages for none
};

// RFC 9051 7.3, 7.4: what SELECT tells.
void put_mailbox(Session& session,
                 const mail::MailboxInfo& info,
                 mail::Rights rights,
                 const mail::SnapshotHead& told,
                 const Counts& counts) {
    const bool rev2 = session.enabled(kRev2);
    put_flags_lines(session, told.keywords, rights);
    session.put(fmt::format("* {} EXISTS\r\n", told.messages));
    if (!rev2) {
        session.put(fmt::format("* {} RECENT\r\n", counts.recent));
        if (counts.first_unseen < told.messages && !session.enabled(kUidOnly)) {
            session.put(
                fmt::format("* OK [UNSEEN {}] the first unseen one\r\n", counts.first_unseen + 1));
        }
    }
    session.put(
        fmt::format("* OK [UIDVALIDITY {}] UIDs are valid\r\n* OK [UIDNEXT {}] the next UID\r\n"
                    "* OK [HIGHESTMODSEQ {}] the last change\r\n* OK [MAILBOXID ({})] its id\r\n",
                    told.uid_validity,
                    told.uid_next,
                    std::max<mail::Modseq>(told.highest_modseq, 1),
                    info.object_id));
    if (rev2) {
        std::string line = "* LIST () \"/\" ";
        append_mailbox(line, info.path, session.name_form());
        session.put(line + "\r\n");
    }
}

// RFC 7162 3.2.5.2: of the numbers and UIDs that the client remembers, the last pair that still holds:
// what has gone before it the client need not hear again.
mail::Uid last_match(const View& view, const QresyncParameter& parameter) {
    mail::Uid last = 0;
    auto number = parameter.match_numbers.ranges().begin();
    std::uint64_t at = parameter.match_numbers.empty() ? 0 : number->first;
    // As many numbers as UIDs, 1:4294967295 of both perhaps: no more are looked at than there are messages.
    for (const auto& uids : parameter.match_uids.ranges()) {
        for (std::uint64_t uid = uids.first; uid <= uids.last; ++uid) {
            const auto index = view.told()->find(static_cast<mail::Uid>(uid));
            if (!index || *index + 1 != at) {
                return last;
            }
            last = static_cast<mail::Uid>(uid);
            if (++at > number->last && ++number != parameter.match_numbers.ranges().end()) {
                at = number->first;
            }
        }
    }
    return last;
}

// RFC 7162 3.2.5: what has gone and what has changed since the client was here.
Task<Result<>> resynchronize(Session& session, QresyncParameter parameter) {
    View& view = session.view();
    const mail::Snapshot& told = *view.told();
    if (parameter.uid_validity != told.uid_validity()) {
        co_return Result<>();
    }
    // Who has no history, for whatever reason, names all that is not there.
    const mail::Vanished vanished = session.mailboxes()
                                        .vanished_since(view.ref(), parameter.modseq)
                                        .value_or(mail::Vanished{.complete = false, .uids = {}});
    mail::UidSet gone = view.gone_of(vanished);
    if (!vanished.complete) {
        const mail::Uid match = last_match(view, parameter);
        gone = match == 0 ? gone : gone.subtract({1, match});
    }
    if (parameter.known_uids) {
        gone = gone.intersect(*parameter.known_uids);
    }
    if (!gone.empty()) {
        session.put(fmt::format("* VANISHED (EARLIER) {}\r\n", gone.to_text()));
    }
    const mail::SnapshotPtr snapshot = view.told();
    std::vector<std::uint32_t> changed;
    snapshot->for_each_page([&](const mail::Page& page, std::size_t first) {
        if (page.highest_modseq <= parameter.modseq) {
            return;
        }
        for (std::size_t i = 0; i < page.entries.size(); ++i) {
            const mail::Entry& entry = page.entries[i];
            if (entry.modseq > parameter.modseq &&
                (!parameter.known_uids || parameter.known_uids->contains(entry.uid))) {
                changed.push_back(static_cast<std::uint32_t>(first + i));
            }
        }
    });
    std::string line;
    for (const std::uint32_t index : changed) {
        line.clear();
        append_flags_news(line, session, index + 1, snapshot->at(index), true);
        session.put(line);
        if (session.is_full()) {
            CO_TRY_VOID(co_await session.flush_if_full());
        }
    }
    co_return Result<>();
}

// The mailbox in question, or why it cannot be looked at.
Result<mail::MailboxInfo, Reply> find(Session& session, const std::string& wire) {
    const auto name = decode_mailbox(wire, session.name_form());
    if (!name) {
        return tl::unexpected<Reply>(no("no such mailbox", "NONEXISTENT"));
    }
    auto info = session.mailboxes().find(session.user(), *name, mail::Around::kLeftOut);
    if (!info) {
        return tl::unexpected<Reply>(not_found(info.error()));
    }
    if (!info->selectable) {
        return tl::unexpected<Reply>(
            no("there is no mailbox of that name, only others below it", "NONEXISTENT"));
    }
    if ((info->rights & mail::kRightRead) == 0) {
        return tl::unexpected<Reply>(no("you have no right to read it", "NOPERM"));
    }
    tell_normalized(session, *name, *name);
    return std::move(*info);
}

Reply opened(bool read_only) {
    return read_only ? ok("opened for reading", "READ-ONLY") : ok("opened", "READ-WRITE");
}

// Makes it the selected one, once all of it is in memory.
Task<Result<>> complete(Session& session, std::unique_ptr<Opening> opening) {
    mail::Mailboxes& mailboxes = session.mailboxes();
    const mail::Ref ref = opening->info.ref;
    mail::SnapshotPtr snapshot;
    if (opening->glimpse == nullptr) {
        CO_TRY(snapshot, co_await mailboxes.open(session.loop(), ref));
    } else {
        CO_TRY(snapshot, co_await mailboxes.open(session.loop(), std::move(opening->glimpse)));
    }
    const mail::Uid next = snapshot->uid_next();
    const mail::Uid recent = opening->first_recent
                                 ? *opening->first_recent
                                 : session.claim_recent(ref, opening->read_only(), next);
    auto view =
        std::make_unique<View>(std::move(opening->info), std::move(snapshot), opening->examined);
    view->add_recent(recent, next);
    session.select(std::move(view));
    co_return Result<>();
}

// Tells of a mailbox that is not in memory what a glimpse of it shows; its messages are read when that is
// out. Nothing when the glimpse does not suffice.
std::optional<Reply> open_early(Session& session, std::unique_ptr<Opening>& opening) {
    const mail::Glimpse& glimpse = *opening->glimpse;
    const mail::SnapshotHead& head = glimpse.head();
    opening->first_recent = session.claim_recent(head.ref, opening->read_only(), head.uid_next);
    Counts counts;
    if (!session.enabled(kRev2)) {
        const auto recent = glimpse.count_from(*opening->first_recent);
        const auto first_unseen = recent ? glimpse.first_unseen() : std::nullopt;
        if (!first_unseen) {
            return std::nullopt;
        }
        counts = {*recent, *first_unseen};
    }
    put_mailbox(session, opening->info, opening->rights(), head, counts);
    Reply reply = opened(opening->read_only());
    reply.then = Reply::Then::kFinishOpening;
    session.begin_opening(std::move(opening));
    return reply;
}

// RFC 9051 6.3.2: whatever comes of it, nothing stays selected. RFC 7162 3.2.11: CLOSED is told to every client.
void close_previous(Session& session) {
    if (session.has_view()) {
        session.unselect();
        session.put("* OK [CLOSED] the previous mailbox is closed\r\n");
    }
}

Task<Handled> open(Session& session, const Request& request, bool examined) {
    auto arguments = parse_select(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    if (arguments->qresync && !session.enabled(kQresync)) {
        co_return bad("QRESYNC is not enabled");
    }
    if (arguments->qresync && session.enabled(kUidOnly) &&
        !arguments->qresync->match_numbers.empty()) {
        co_return session.uid_required();
    }
    close_previous(session);
    auto info = find(session, arguments->mailbox);
    if (!info) {
        co_return std::move(info.error());
    }
    auto glimpse = session.mailboxes().glimpse(info->ref);
    if (!glimpse) {
        co_return reply_of(glimpse.error());
    }
    if (arguments->condstore) {
        session.enable(kCondstore);
    }
    auto opening = std::make_unique<Opening>(
        Opening{std::move(*info), examined, std::move(*glimpse), std::nullopt});
    // Whoever is to be told of changes, of past ones or as they come, is told out of the whole.
    if (opening->glimpse != nullptr && !arguments->qresync && session.notifier() == nullptr) {
        if (auto reply = open_early(session, opening)) {
            co_return std::move(*reply);
        }
    }
    const auto completed = co_await complete(session, std::move(opening));
    if (!completed) {
        co_return reply_of(completed.error());
    }
    const View& view = session.view();
    put_mailbox(session,
                view.info(),
                view.rights(),
                view.told()->head(),
                {view.recent_count(), view.told()->first_unseen()});
    if (arguments->qresync) {
        CO_TRY_VOID(co_await resynchronize(session, std::move(*arguments->qresync)));
    }
    co_return opened(view.read_only());
}

}  // namespace

// The client has its answer, and the next command may be on its way while all else is read.
Task<Result<>> Session::finish_opening() {
    CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    const auto completed = co_await complete(*this, std::move(opening_));
    if (!completed) {
        services_.log.warning("mailbox cannot be looked at",
                              {{"session", id_}, {"error", completed.error().text}});
        lines_.put("* BYE [UNAVAILABLE] the mail store fails, try again later\r\n");
        closing_ = true;
    }
    co_return Result<>();
}

Task<Handled> on_select(Session& session, const Request& request) {
    return open(session, request, false);
}

Task<Handled> on_examine(Session& session, const Request& request) {
    return open(session, request, true);
}

// RFC 9051 6.4.1: what is marked goes, and nobody is told.
Task<Handled> on_close(Session& session, const Request& request) {
    View& view = session.view();
    if (view.may(mail::kRightExpunge)) {
        const auto expunged = co_await session.await(
            request,
            session.mailboxes().expunge(
                session.loop(), session.user(), view.opened(), view.told()->uids()));
        // RFC 4314 4: who has just lost the right closes it all the same.
        if (!expunged && expunged.error().code != base::Errc::kDenied) {
            co_return reply_of(expunged.error());
        }
    }
    session.unselect();
    co_return ok("closed");
}

Task<Handled> on_unselect(Session& session, const Request& /*request*/) {
    session.unselect();
    co_return ok("closed, and nothing was removed");
}

namespace {

mail::UidSet deleted_of(const View& view, const mail::UidSet& uids) {
    mail::UidSet deleted;
    view.told()->for_each_in(uids, [&](std::size_t /*index*/, const mail::Entry& entry) {
        if ((view.current(entry).flags & mail::kDeleted) != 0) {
            deleted.add(entry.uid);
        }
    });
    return deleted;
}

}  // namespace

Task<Handled> on_expunge(Session& session, const Request& request) {
    View& view = session.view();
    std::optional<mail::UidSet> only;
    if (request.is_uid()) {
        const auto set = parse_set_alone(request.arguments);
        if (!set) {
            co_return usage(request.command);
        }
        only = view.resolve(*set, true);
    }
    if (view.read_only()) {
        co_return no("the mailbox is open for reading only", "READ-ONLY");
    }
    // RFC 9738 3.1: UID EXPUNGE is limited, EXPUNGE is not.
    Limited limited;
    if (only && session.options().message_limit != 0) {
        limited = limit_messages(deleted_of(view, *only), session.options().message_limit);
        only = limited.uids;
    }
    const auto expunged =
        co_await session.await(request,
                               session.mailboxes().expunge(
                                   session.loop(), session.user(), view.opened(), std::move(only)));
    if (!expunged) {
        co_return reply_of(expunged.error());
    }
    // RFC 7162 3.2.7: so that the client knows up to where it is in step.
    const bool tell = session.enabled(kCondstore) && expunged->modseq != 0;
    co_return tell_limit(session,
                         limited,
                         ok("gone", tell ? fmt::format("HIGHESTMODSEQ {}", expunged->modseq) : ""));
}

}  // namespace imap
