// STORE and UID STORE (RFC 9051 6.4.6, RFC 7162 3.1.3).
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/ascii.h"
#include "imap/grammar/arguments.h"
#include "imap/server/fetch_items.h"
#include "imap/server/handlers.h"
#include "imap/server/message_limit.h"
#include "imap/server/renumbered.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

mail::StoreMode mode_of(StoreAction action) {
    switch (action) {
        case StoreAction::kAdd:
            return mail::StoreMode::kAdd;
        case StoreAction::kRemove:
            return mail::StoreMode::kRemove;
        default:
            return mail::StoreMode::kReplace;
    }
}

// UIDs as the client's numbers: for MODIFIED, which speaks as the command did.
std::string numbers_of(const View& view, const mail::UidSet& uids, bool is_uid) {
    if (is_uid) {
        return uids.to_text();
    }
    mail::UidSet numbers;
    view.told()->for_each_in(uids, [&](std::size_t index, const mail::Entry& /*entry*/) {
        numbers.add(static_cast<mail::Uid>(index) + 1);
    });
    return numbers.to_text();
}

// "* n FETCH (FLAGS (...))" for each message that the command changed, or found as it should be; with
// .SILENT just MODSEQ, for who has enabled CONDSTORE (RFC 7162 3.1.3).
Task<Result<>> put_flags(Session& session, mail::UidSet uids, bool silent, bool with_uid) {
    View& view = session.view();
    std::vector<std::pair<std::uint32_t, mail::Uid>> messages;
    view.told()->for_each_in(uids, [&](std::size_t index, const mail::Entry& entry) {
        messages.emplace_back(static_cast<std::uint32_t>(index) + 1, entry.uid);
    });
    const mail::SnapshotPtr latest = view.latest();
    mail::SnapshotCursor cursor(*latest);
    std::string line;
    for (const auto& [number, uid] : messages) {
        if (const mail::Entry* const entry = cursor.find(uid)) {
            line.clear();
            silent ? append_modseq_news(line, session, number, *entry, with_uid)
                   : append_flags_news(line, session, number, *entry, with_uid);
            session.put(line);
        }
        if (session.is_full()) {
            CO_TRY_VOID(co_await session.flush_if_full());
        }
    }
    co_return Result<>();
}

// The messages as they are now, without a word about those that went or came.
Task<Result<>> look_again(Session& session) {
    auto latest = co_await session.mailboxes().open(session.loop(), session.view().ref());
    if (!latest) {
        co_return tl::unexpected(std::move(latest.error()));
    }
    session.view().look_at(std::move(*latest));
    co_return Result<>();
}

// The bits of these names; nothing for a name that no message bears.
std::uint64_t bits_of(const mail::Snapshot& snapshot, const std::vector<std::string>& names) {
    std::uint64_t bits = 0;
    for (const std::string& name : names) {
        const auto bit = snapshot.keyword_bit(name);
        bits |= bit ? std::uint64_t{1} << *bit : 0;
    }
    return bits;
}

// What a change makes of the flags before it: it leaves some, and sets some.
template <typename Bits>
struct Change {
    Bits left;
    Bits set;
};

template <typename Bits>
Change<Bits> change_of(StoreAction action, Bits removed, Bits set) {
    switch (action) {
        case StoreAction::kAdd:
            return {static_cast<Bits>(~Bits{0}), set};
        case StoreAction::kRemove:
            return {static_cast<Bits>(~removed), 0};
        default:
            return {0, set};
    }
}

// Of the messages that a silent STORE changed, those that are now what the client makes of them: what it
// was told last, and its own change to that. The others will be told as news. What was told is in the bits of
// its own moment, as others may have given them to other keywords since.
mail::UidSet as_expected(const View& view,
                         const mail::UidSet& uids,
                         StoreAction action,
                         const Flags& flags) {
    const mail::Snapshot& before = *view.flags_told();
    const mail::Snapshot& latest = *view.latest();
    const auto system = change_of(action, flags.system, flags.system);
    const auto keywords =
        change_of(action, bits_of(before, flags.keywords), bits_of(latest, flags.keywords));
    const Renumbered now(before.keywords(), latest.keywords());
    mail::UidSet expected;
    mail::SnapshotCursor cursor(before);
    latest.for_each_in(uids, [&](std::size_t /*index*/, const mail::Entry& entry) {
        const mail::Entry* const told = cursor.find(entry.uid);
        if (told == nullptr || entry.flags != ((told->flags & system.left) | system.set)) {
            return;
        }
        const std::uint64_t left = told->keywords & keywords.left;
        if (now.has_all(left) && entry.keywords == (now.of(left) | keywords.set)) {
            expected.add(entry.uid);
        }
    });
    return expected;
}

// RFC 2180 4.2.1: who wants to hear nothing, or speaks of UIDs, is not told NO for what has gone meanwhile.
Reply answer(const View& view,
             const mail::Stored& stored,
             const mail::UidSet& gone,
             bool is_uid,
             bool silent) {
    if (!stored.modified.empty()) {
        const auto code = fmt::format("MODIFIED {}", numbers_of(view, stored.modified, is_uid));
        // RFC 7162 3.1.3: NO where messages have gone as well.
        return gone.empty() ? ok("some were changed by somebody else", code)
                            : no("some have gone meanwhile, some were changed", code);
    }
    if (gone.empty()) {
        return ok("stored");
    }
    const std::string text = "some messages have gone meanwhile";
    return is_uid || silent ? ok(text, "EXPUNGEISSUED") : no(text, "EXPUNGEISSUED");
}

}  // namespace

Task<Handled> on_store(Session& session, const Request& request) {
    auto arguments = parse_store(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    View& view = session.view();
    auto uids = view.resolve(arguments->set, request.is_uid());
    if (!uids) {
        co_return bad("there is no message of that number");
    }
    if (view.read_only()) {
        co_return no("the mailbox is open for reading only", "READ-ONLY");
    }
    if (arguments->unchanged_since) {
        session.enable_condstore();
    }
    if (uids->empty()) {
        co_return ok("there was nothing to store");
    }
    const Limited limited = limit_messages(std::move(*uids), session.options().message_limit);
    const auto stored = co_await session.await(
        request,
        session.mailboxes().store(session.loop(),
                                  session.user(),
                                  view.opened(),
                                  limited.uids,
                                  mail::FlagChange{mode_of(arguments->action),
                                                   arguments->flags.system,
                                                   arguments->flags.keywords,
                                                   arguments->unchanged_since}));
    if (!stored && stored.error().code == Errc::kTooLong) {
        co_return no(
            fmt::format("messages of a mailbox bear {} keywords at most", mail::kKeywordsMax),
            "LIMIT");
    }
    if (!stored) {
        co_return reply_of(stored.error());
    }
    const auto looked = co_await look_again(session);
    if (!looked) {
        co_return reply_of(looked.error());
    }
    const mail::UidSet done = limited.uids.subtract(stored->modified);
    const mail::UidSet there = view.latest()->intersect(done);
    if (view.take_keyword_news()) {
        put_flags_lines(session, view.latest()->keywords(), view.rights());
    }
    if (!arguments->silent || session.enabled(kCondstore)) {
        CO_TRY_VOID(co_await put_flags(session, there, arguments->silent, request.is_uid()));
    }
    mail::UidSet known = there;
    if (arguments->silent) {
        known = as_expected(view, there, arguments->action, arguments->flags);
    }
    if (arguments->silent && request.is_uid()) {
        // Flags that were told in front of this very command the client may take for what came of it.
        known = known.subtract(view.flags_just_told());
    }
    view.note_told(std::move(known), view.latest()->highest_modseq());
    co_return tell_limit(
        session,
        limited,
        answer(view, *stored, done.subtract(there), request.is_uid(), arguments->silent));
}

}  // namespace imap
