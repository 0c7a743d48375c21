#include "imap/server/mailbox_lines.h"

#include <fmt/format.h>

#include <iterator>

#include "account/text.h"
#include "imap/grammar/list.h"
#include "mail/special_use.h"

namespace imap {

std::string mailbox_attributes(const mail::MailboxInfo* info, bool subscribed) {
    std::string text;
    const auto add = [&](std::string_view name) {
        if (!name.empty()) {
            text.append(text.empty() ? "" : " ").append(name);
        }
    };
    if (info == nullptr) {
        add("\\NonExistent");
    } else {
        add(info->selectable ? "" : "\\Noselect");
        add(info->has_children ? "\\HasChildren" : "\\HasNoChildren");
        add(mail::special_use_name(info->role));
    }
    add(subscribed ? "\\Subscribed" : "");
    return text;
}

std::string list_line(const Session& session, std::string_view attributes, std::string_view name) {
    std::string line = fmt::format("* LIST ({}) \"/\" ", attributes);
    append_mailbox(line, name, session.name_form());
    return line;
}

void tell_normalized(Session& session, std::string_view supplied, std::string_view name) {
    const auto before = account::normalize(supplied);
    const auto after = account::normalize(name);
    if (!session.enabled(kRev2) || !before || !after || (*before == supplied && *after == name)) {
        return;
    }
    const auto info = session.mailboxes().find(session.user(), *after);
    std::string line =
        list_line(session, mailbox_attributes(info ? &*info : nullptr, false), *after);
    line += " (\"OLDNAME\" (";
    append_mailbox(line, supplied, session.name_form());
    session.put(line + "))\r\n");
}

std::string status_line(Session& session, const mail::MailboxInfo& info, std::uint32_t items) {
    std::string text;
    const auto add = [&](StatusItem item, std::string_view name, auto value) {
        if ((items & item) != 0) {
            fmt::format_to(
                std::back_inserter(text), "{}{} {}", text.empty() ? "" : " ", name, value);
        }
    };
    add(kStatusMessages, "MESSAGES", info.messages);
    if ((items & kStatusRecent) != 0) {
        add(kStatusRecent, "RECENT", session.mailboxes().count_recent(info).value_or(0));
    }
    add(kStatusUidNext, "UIDNEXT", info.uid_next);
    add(kStatusUidValidity, "UIDVALIDITY", info.uid_validity);
    add(kStatusUnseen, "UNSEEN", info.unseen);
    add(kStatusDeleted, "DELETED", info.deleted);
    add(kStatusSize, "SIZE", info.octets);
    add(kStatusHighestModseq, "HIGHESTMODSEQ", info.highest_modseq);
    add(kStatusMailboxId, "MAILBOXID", fmt::format("({})", info.object_id));
    add(kStatusAppendLimit, "APPENDLIMIT", session.options().message_octets_max);
    add(kStatusDeletedStorage, "DELETED-STORAGE", info.deleted_octets);
    std::string line = "* STATUS ";
    append_mailbox(line, info.path, session.name_form());
    return line + " (" + text + ")\r\n";
}

}  // namespace imap
