#include "imap/server/fetch_seen.h"

#include <algorithm>
#include <utility>

namespace imap {

using base::Task;

namespace {

Task<void> look_again(Session& session) {
    View& view = session.view();
    if (auto latest = co_await session.mailboxes().open(session.loop(), view.ref())) {
        view.look_at(std::move(*latest));
    }
}

// What news of flags are told with.
std::vector<FetchKind> news_of_flags(const Session& session) {
    std::vector<FetchKind> kinds = {FetchKind::kFlags};
    if (session.enabled(kCondstore)) {
        kinds.push_back(FetchKind::kModseq);
    }
    if (session.enabled(kQresync) && !session.enabled(kUidOnly)) {
        kinds.push_back(FetchKind::kUid);
    }
    return kinds;
}

}  // namespace

Task<mail::UidSet> set_seen(Session& session, mail::UidSet uids) {
    View& view = session.view();
    // Somebody may have taken \Seen away since this session looked.
    co_await look_again(session);
    mail::UidSet unseen;
    view.told()->for_each_in(uids, [&](std::size_t /*index*/, const mail::Entry& entry) {
        if ((view.current(entry).flags & mail::kSeen) == 0) {
            unseen.add(entry.uid);
        }
    });
    if (unseen.empty()) {
        co_return unseen;
    }
    const auto stored = co_await session.mailboxes().store(
        session.loop(),
        session.user(),
        view.opened(),
        unseen,
        mail::FlagChange{mail::StoreMode::kAdd, mail::kSeen, {}, std::nullopt});
    if (!stored) {
        session.services().log.warning("\\Seen was not set",
                                       {{"session", session.id()}, {"error", stored.error().text}});
    }
    co_await look_again(session);
    co_return unseen;
}

std::vector<FetchItem> items_to_tell_flags(const Session& session,
                                           const std::vector<FetchItem>& asked) {
    std::vector<FetchItem> missing;
    for (const FetchKind kind : news_of_flags(session)) {
        if (std::ranges::find(asked, kind, &FetchItem::kind) == asked.end()) {
            FetchItem item;
            item.kind = kind;
            missing.push_back(item);
        }
    }
    return missing;
}

}  // namespace imap
