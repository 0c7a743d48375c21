// What a Notifier tells: LIST of names and subscriptions, STATUS of messages, METADATA of annotations (RFC 5465 5).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "imap/grammar/list.h"
#include "imap/grammar/writer.h"
#include "imap/server/mailbox_lines.h"
#include "imap/server/notifier.h"

namespace imap {

namespace {

std::string_view above_of(std::string_view path) {
    const std::size_t end = path.rfind(kSeparator);
    return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

}  // namespace

void Notifier::Affected::tell(std::string_view path) {
    told.emplace(path);
}

void Notifier::Affected::tell_above(std::string_view path) {
    above.emplace(above_of(path));
}

void Notifier::put_list(std::string_view attributes, std::string_view path, std::string_view old) {
    std::string line = list_line(session_, attributes, path);
    if (!old.empty()) {
        line += " (\"OLDNAME\" (";
        append_mailbox(line, old, session_.name_form());
        line += "))";
    }
    session_.put(line + "\r\n");
}

// What is known of names is brought up to date whatever the client wants to hear.
void Notifier::tell_names(const Waiting& waiting, const Infos& now) {
    Affected affected;
    tell_gone(waiting, now, affected);
    tell_renamed(now, affected);
    tell_created(now, affected);
    tell_turned(now, affected);
    tell_above(now, affected);
    std::set<account::AccountId> fresh;
    for (const auto& [ref, info] : now) {
        Known& known = known_[ref];
        const bool readable = (info->rights & mail::kRightRead) != 0;
        // RFC 5465 5.9
        if (known.readable != readable && (events_for(*info) & kMessageEvents) != 0) {
            put_list(readable ? mailbox_attributes(info, false) : "\\NoAccess", info->path);
        }
        known.readable = readable;
        // Others' that are shared, or subscribed to, since. What came behind this listing was not heard.
        if (events_for(*info) != 0 && watch(ref.owner)) {
            fresh.insert(ref.owner);
        }
        if (fresh.contains(ref.owner)) {
            if (known.modseq != 0) {  // where all is news it stays so
                known.count(*info);
            }
            hear({.ref = ref, .kinds = mail::kMessagesChanged});
        }
    }
}

// RFC 5465 5.4: who may not look a mailbox up any more hears that it is gone.
void Notifier::tell_gone(const Waiting& waiting, const Infos& now, Affected& affected) {
    for (auto place = known_.begin(); place != known_.end();) {
        const auto& [ref, known] = *place;
        if (now.contains(ref)) {
            ++place;
            continue;
        }
        const std::uint32_t events = events_for(known, ref);
        const auto event = waiting.find(ref);
        const bool by_rights = event != waiting.end() && (event->second & mail::kAclChanged) != 0;
        if ((events & kMailboxName) != 0 && !take_own("name " + known.path)) {
            put_list("\\NonExistent", known.path);
            affected.tell_above(known.path);
        } else if ((events & kMessageEvents) != 0 && by_rights) {
            put_list("\\NoAccess", known.path);
        }
        place = known_.erase(place);
    }
}

// A mailbox takes its children along, of which nothing is said to whoever heard of it.
// RFC 5465 5.4 calls no others affected; but that they have children or not is what LIST tells of them.
void Notifier::tell_renamed(const Infos& now, Affected& affected) {
    struct Renamed {
        std::string old;
        const mail::MailboxInfo* info = nullptr;
        bool is_heard_of = false;
    };

    std::map<std::string, Renamed, std::less<>> renamed;  // by the new path, so parents come first
    for (const auto& [ref, info] : now) {
        const auto known = known_.find(ref);
        if (known != known_.end() && known->second.path != info->path) {
            renamed[info->path] = {std::exchange(known->second.path, info->path), info};
        }
    }
    for (auto& [path, one] : renamed) {
        const auto above = renamed.find(above_of(path));
        const bool goes_along = above != renamed.end() && above->second.is_heard_of &&
                                one.old == above->second.old + path.substr(above->first.size());
        if (goes_along || take_own("name " + path)) {
            one.is_heard_of = true;
            continue;
        }
        Known before = known_[one.info->ref];
        before.path = one.old;
        const std::uint32_t events = events_for(*one.info) | events_for(before, one.info->ref);
        if ((events & kMailboxName) == 0) {
            continue;
        }
        one.is_heard_of = true;
        put_list(mailbox_attributes(one.info, false), path, one.old);
        affected.tell(path);
        if (above_of(path) != above_of(one.old)) {
            affected.tell_above(path);
            affected.tell_above(one.old);
        }
    }
}

void Notifier::tell_created(const Infos& now, Affected& affected) {
    for (const auto& [ref, info] : now) {
        if (known_.contains(ref)) {
            continue;
        }
        Known& known = known_[ref] = know(*info);
        if (take_own("name " + info->path)) {
            continue;
        }
        // Messages that came with it, by RENAME of INBOX or while nobody was told, are news too.
        if (info->messages != 0) {
            known.uid_next = 1;
            known.messages = known.unseen = known.modseq = 0;
        }
        if ((events_for(*info) & kMailboxName) != 0) {
            put_list(mailbox_attributes(info, false), info->path);
            affected.tell(info->path);
            affected.tell_above(info->path);
        }
    }
}

// What is deleted while there are mailboxes below it stays as a name for them, and may become a mailbox again.
void Notifier::tell_turned(const Infos& now, Affected& affected) {
    for (const auto& [ref, info] : now) {
        Known& known = known_[ref];
        if (std::exchange(known.selectable, info->selectable) == info->selectable ||
            (events_for(*info) & kMailboxName) == 0 || take_own("name " + info->path)) {
            continue;
        }
        const std::string attributes = mailbox_attributes(info, false);
        put_list(info->selectable ? attributes : "\\NonExistent " + attributes, info->path);
        affected.tell(info->path);
        affected.tell_above(info->path);
    }
}

// RFC 5465 5.4: the name above is affected, too: it has children now, or none any more.
void Notifier::tell_above(const Infos& now, const Affected& affected) {
    for (const auto& [ref, info] : now) {
        if (affected.above.contains(info->path) && !affected.told.contains(info->path) &&
            (events_for(*info) & kMailboxName) != 0) {
            put_list(mailbox_attributes(info, false), info->path);
        }
    }
}

// RFC 5465 5.5
void Notifier::tell_subscriptions(const Infos& now) {
    const auto read = session_.mailboxes().subscriptions(session_.user());
    if (!read) {
        return;
    }
    std::set<std::string> before =
        std::exchange(subscribed_, std::set<std::string>(read->begin(), read->end()));
    std::set<std::string> changed;
    std::ranges::set_symmetric_difference(
        before, subscribed_, std::inserter(changed, changed.end()));
    if (changed.empty()) {
        return;
    }
    std::map<std::string_view, const mail::MailboxInfo*> by_path;
    for (const auto& [ref, info] : now) {
        by_path[info->path] = info;
    }
    for (const std::string& path : changed) {
        const auto place = by_path.find(path);
        const mail::MailboxInfo* const info = place == by_path.end() ? nullptr : place->second;
        mail::MailboxInfo asked = info == nullptr ? mail::MailboxInfo() : *info;
        asked.path = path;
        asked.subscribed = true;  // it was, or is
        asked.ref.owner = info == nullptr ? session_.user() : info->ref.owner;
        if ((events_for(asked) & kSubscriptionChange) != 0 && !take_own("subscription " + path)) {
            put_list(mailbox_attributes(info, subscribed_.contains(path)), path);
        }
    }
}

// RFC 5465 5.1 to 5.3: STATUS with what has changed.
void Notifier::tell_messages(const mail::MailboxInfo& info, Known& known) {
    const std::uint32_t events = events_for(info);
    const bool condstore = session_.enabled(kCondstore);
    std::uint32_t items = 0;
    mail::UidSet own;
    if (const auto place = own_messages_.find(info.ref); place != own_messages_.end()) {
        own = std::move(place->second);
        own_messages_.erase(place);
    }
    // Nothing but what the client put there itself.
    const bool only_own = !own.empty() && own.first() == known.uid_next &&
                          own.last() + 1 == info.uid_next &&
                          info.messages == known.messages + own.size();
    const bool moved = info.uid_next != known.uid_next || info.messages != known.messages;
    if ((events & kMessageNew) != 0 && moved) {
        items = kStatusMessages | kStatusUidNext | kStatusUidValidity;
    }
    if ((events & kFlagChange) != 0 && info.unseen != known.unseen) {
        items |= kStatusUnseen | kStatusUidValidity;
    }
    const bool tells_modseq = items != 0 || (events & kFlagChange) != 0;
    if (condstore && tells_modseq && info.highest_modseq != known.modseq) {
        items |= kStatusHighestModseq | kStatusUidValidity;
    }
    if ((events & kFlagChange) != 0 && info.uid_validity != known.uid_validity) {
        items |= kStatusUidValidity;
    }
    known.uid_validity = info.uid_validity;
    known.count(info);
    const bool visible = info.selectable && (info.rights & mail::kRightRead) != 0;
    if (items != 0 && visible && !only_own && !is_selected(info.ref)) {
        session_.put(status_line(session_, info, items));
    }
}

// RFC 5465 5.6
void Notifier::tell_entries(const mail::MailboxInfo& info, Known& known) {
    if ((events_for(info) & kMailboxMetadataChange) != 0) {
        const Entries before = std::exchange(known.entries, entries_of(info.ref));
        put_entries(info.path, before, known.entries, info.ref);
    }
}

// RFC 5465 5.7
void Notifier::tell_server_entries() {
    if (wants(kServerMetadataChange)) {
        const mail::Ref ref{session_.user(), 0};
        const Entries before = std::exchange(server_entries_, entries_of(ref));
        put_entries("", before, server_entries_, ref);
    }
}

//  metadata-resp = "METADATA" SP mailbox SP entry-list            ; RFC 5464 5
void Notifier::put_entries(std::string_view path,
                           const Entries& before,
                           const Entries& now,
                           mail::Ref ref) {
    std::string names;
    const auto note = [&](const std::string& name) {
        if (!take_own(fmt::format("entry {}/{} {}", ref.owner, ref.mailbox, name))) {
            names += ' ';
            append_astring(names, name, session_.header_form());
        }
    };
    for (const auto& [name, value] : now) {
        const auto place = before.find(name);
        if (place == before.end() || place->second != value) {
            note(name);
        }
    }
    for (const auto& [name, value] : before) {
        if (!now.contains(name)) {
            note(name);
        }
    }
    if (!names.empty()) {
        std::string line = "* METADATA ";
        append_mailbox(line, path, session_.name_form());
        session_.put(line + names + "\r\n");
    }
}

}  // namespace imap
