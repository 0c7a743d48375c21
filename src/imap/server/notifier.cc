#include "imap/server/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/list.h"
#include "imap/server/mailbox_lines.h"
#include "mail/acl.h"
#include "mail/mailbox_tree.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

using Filter = NotifyGroup::Filter;

namespace {

// More than a client can mean.
constexpr std::size_t kMailboxesMax = 20'000;
// So many mailboxes in which something happened while the client took nothing.
constexpr std::size_t kWaitingMax = 1000;
constexpr std::size_t kOwnMax = 1000;

bool is_below(std::string_view path, std::string_view above) {
    return path.size() > above.size() && path.starts_with(above) &&
           path[above.size()] == kSeparator;
}

// RFC 5465 3.1: what STATUS must hold of the events that are wanted.
std::uint32_t status_items(std::uint32_t events) {
    std::uint32_t items = kStatusMessages | kStatusUidNext | kStatusUidValidity;
    if ((events & kFlagChange) != 0) {
        items |= kStatusUnseen | kStatusHighestModseq;
    }
    return items;
}

}  // namespace

bool may_cover_others(const NotifyGroup& group) {
    switch (group.filter) {
        case Filter::kSubscribed:
            return group.events != 0;
        case Filter::kSubtree:
        case Filter::kMailboxes:
            return group.events != 0 &&
                   std::ranges::any_of(group.mailboxes, [](const std::string& name) {
                       return name == mail::kOthersName || is_below(name, mail::kOthersName);
                   });
        default:
            return false;
    }
}

bool Notifier::covers(const NotifyGroup& group, const mail::MailboxInfo& info) const {
    const auto is_it = [&](const std::string& name) { return info.path == name; };
    switch (group.filter) {
        // Rules of delivery are no part of this room, so every personal mailbox is an inbox (6.3).
        case Filter::kInboxes:
        case Filter::kPersonal:
            return info.ref.owner == session_.user();
        case Filter::kSubscribed:
            return info.subscribed;
        case Filter::kSubtree:
            return std::ranges::any_of(group.mailboxes, [&](const std::string& name) {
                return is_it(name) || is_below(info.path, name);
            });
        case Filter::kMailboxes:
            return std::ranges::any_of(group.mailboxes, is_it);
        default:
            return false;
    }
}

// Of several groups all events together, but for a group that wants none of its mailboxes.
std::uint32_t Notifier::events_for(const mail::MailboxInfo& info) const {
    std::uint32_t events = 0;
    for (const NotifyGroup& group : groups_) {
        if (covers(group, info)) {
            if (group.events == 0) {
                return 0;
            }
            events |= group.events;
        }
    }
    return events;
}

std::uint32_t Notifier::events_for(const Known& known, mail::Ref ref) const {
    mail::MailboxInfo info;
    info.ref = ref;
    info.path = known.path;
    info.subscribed = subscribed_.contains(known.path);
    return events_for(info);
}

bool Notifier::is_selected(mail::Ref ref) const {
    return session_.has_view() && session_.view().ref() == ref;
}

Notifier::Entries Notifier::entries_of(mail::Ref ref) const {
    Entries entries;
    const auto annotations = session_.mailboxes().annotations(session_.user(), ref);
    if (annotations) {
        for (const mail::Annotation& annotation : *annotations) {
            entries[annotation.name] = std::hash<std::string>()(annotation.value);
        }
    }
    return entries;
}

void Notifier::Known::count(const mail::MailboxInfo& info) {
    uid_next = info.uid_next;
    messages = info.messages;
    unseen = info.unseen;
    modseq = info.highest_modseq;
}

Notifier::Known Notifier::know(const mail::MailboxInfo& info) const {
    Known known;
    known.path = info.path;
    known.selectable = info.selectable;
    known.readable = (info.rights & mail::kRightRead) != 0;
    known.uid_validity = info.uid_validity;
    known.count(info);
    if (wants(kMailboxMetadataChange) && (events_for(info) & kMailboxMetadataChange) != 0) {
        known.entries = entries_of(info.ref);
    }
    return known;
}

Result<> Notifier::begin(NotifyArguments wishes) {
    for (NotifyGroup& group : wishes.groups) {
        if (group.filter == Filter::kSelected || group.filter == Filter::kSelectedDelayed) {
            selected_ = std::move(group);
        } else {
            all_events_ |= group.events;
            groups_.push_back(std::move(group));
        }
    }
    // Who listens before he looks misses nothing.
    watch(session_.user());
    // What others share with everybody, or no more, is a reading of the tree: only who may mean theirs is told.
    if (std::ranges::any_of(groups_, may_cover_others)) {
        watch(mail::kAnyone);
    }
    if (session_.has_view()) {
        watch(session_.view().ref().owner);
    }
    TRY(auto infos, session_.mailboxes().list(session_.user()));
    while (watch_owners(infos)) {
        TRY(infos, session_.mailboxes().list(session_.user()));
    }
    if (infos.size() > kMailboxesMax) {
        return base::fail(Errc::kTooLong, "too many mailboxes to be watched");
    }
    TRY(const auto subscribed, session_.mailboxes().subscriptions(session_.user()));
    subscribed_ = {subscribed.begin(), subscribed.end()};
    for (const mail::MailboxInfo& info : infos) {
        Known& known = known_[info.ref] = know(info);
        const std::uint32_t events = events_for(info);
        if (events == 0) {
            continue;
        }
        const bool of_messages = (events & kMessageEvents) != 0 && info.selectable;
        // RFC 5465 3.1: it may be looked up, and no more.
        if (of_messages && !known.readable) {
            put_list("\\NoAccess", info.path);
        } else if (of_messages && wishes.status && !is_selected(info.ref)) {
            session_.put(status_line(session_, info, status_items(events)));
        }
    }
    if (wants(kServerMetadataChange)) {
        server_entries_ = entries_of({session_.user(), 0});
    }
    return {};
}

bool Notifier::watch(account::AccountId owner) {
    if ((all_events_ | selected_.events) == 0 || watched_.contains(owner)) {
        return false;
    }
    watched_[owner] = session_.mailboxes().hub().watch(
        session_.loop(), owner, std::nullopt, [this](const mail::Event& event) { hear(event); });
    return true;
}

bool Notifier::watch_owners(const std::vector<mail::MailboxInfo>& infos) {
    bool more = false;
    for (const mail::MailboxInfo& info : infos) {
        more = (events_for(info) != 0 && watch(info.ref.owner)) || more;
    }
    return more;
}

void Notifier::watch_view(mail::Ref ref) {
    if (watch(ref.owner)) {
        hear({.ref = ref, .kinds = mail::kMessagesChanged});
    }
}

void Notifier::hear(const mail::Event& event) {
    const bool only_messages = event.kinds == mail::kMessagesChanged;
    // Of others' mailboxes those that are not known are none of this user's.
    const bool wanted = is_selected(event.ref) ? selected_.events != 0 || !only_messages
                                               : !only_messages || (wants(kMessageEvents) &&
                                                                    known_.contains(event.ref));
    if (!wanted) {
        return;
    }
    waiting_[event.ref] |= event.kinds;
    if (waiting_.size() > kWaitingMax) {
        overflown_ = true;
        waiting_.clear();
        return;
    }
    session_.wake();
}

bool Notifier::take_selected() {
    if (!session_.has_view()) {
        return false;
    }
    const auto place = waiting_.find(session_.view().ref());
    if (place == waiting_.end() || (place->second & mail::kMessagesChanged) == 0) {
        return false;
    }
    // Where messages come and go while their mailbox is selected, the client hears of it otherwise.
    place->second &= ~std::uint32_t{mail::kMessagesChanged};
    if (const auto known = known_.find(place->first); known != known_.end()) {
        const auto info = session_.mailboxes().find(session_.user(), known->second.path);
        if (info && info->ref == place->first) {
            Entries entries = std::move(known->second.entries);
            known->second = know(*info);
            known->second.entries = std::move(entries);
        }
    }
    if (place->second == 0) {
        waiting_.erase(place);
    }
    return true;
}

// Messages that came or changed are asked for mailbox by mailbox; after any other event the whole tree is.
Task<Result<>> Notifier::tell() {
    Waiting waiting = std::exchange(waiting_, {});
    const bool only_messages = std::ranges::all_of(waiting, [&](const auto& one) {
        return one.second == mail::kMessagesChanged && known_.contains(one.first);
    });
    if (!only_messages) {
        co_return co_await tell_tree(std::move(waiting));
    }
    for (const auto& [ref, kinds] : waiting) {
        Known& known = known_[ref];
        const auto info = session_.mailboxes().find(session_.user(), known.path);
        if (info && info->ref == ref && (info->rights & mail::kRightLookup) != 0) {
            tell_messages(*info, known);
            CO_TRY_VOID(co_await session_.flush_if_full());
        }
    }
    co_return Result<>();
}

Task<Result<>> Notifier::tell_tree(Waiting waiting) {
    const auto infos = session_.mailboxes().list(session_.user());
    if (!infos) {
        session_.services().log.warning(
            "mailboxes cannot be listed",
            {{"session", session_.id()}, {"error", infos.error().text}});
        co_return Result<>();
    }
    Infos now;
    for (const mail::MailboxInfo& info : *infos) {
        now[info.ref] = &info;
    }
    tell_names(waiting, now);
    tell_subscriptions(now);
    for (const auto& [ref, kinds] : waiting) {
        const auto place = now.find(ref);
        if (ref == mail::Ref{session_.user(), 0} && (kinds & mail::kMetadataChanged) != 0) {
            tell_server_entries();
        }
        if (place == now.end()) {
            continue;
        }
        Known& known = known_[ref];
        tell_messages(*place->second, known);
        if ((kinds & mail::kMetadataChanged) != 0) {
            tell_entries(*place->second, known);
        }
        CO_TRY_VOID(co_await session_.flush_if_full());
    }
    co_return Result<>();
}

void Notifier::note_own(std::string what) {
    if (own_.size() == kOwnMax) {
        own_.clear();
    }
    own_.insert(std::move(what));
}

bool Notifier::take_own(const std::string& what) {
    return own_.erase(what) != 0;
}

void Notifier::forget_own() {
    own_.clear();
    own_messages_.clear();
}

void Notifier::note_own_messages(mail::Ref ref, const mail::UidSet& uids) {
    if (known_.contains(ref) && !is_selected(ref)) {
        own_messages_[ref] = own_messages_[ref].unite(uids);
    }
}

void Notifier::note_own_name(std::string_view path) {
    note_own("name " + std::string(path));
}

void Notifier::note_own_subscription(std::string_view path) {
    note_own("subscription " + std::string(path));
}

void Notifier::note_own_entry(mail::Ref ref, std::string_view entry) {
    note_own(fmt::format("entry {}/{} {}", ref.owner, ref.mailbox, base::to_lower(entry)));
}

}  // namespace imap
