// Administration of mailboxes: an account's tree, and what others may do in it.
#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "account/directory.h"
#include "app/administration.h"
#include "app/units.h"
#include "base/blocking_loop.h"
#include "mail/mailboxes.h"
#include "mail/rights.h"

namespace app {
namespace {

constexpr std::array<std::pair<std::string_view, mail::Role>, 8> kRoles{{
    {"all", mail::Role::kAll},
    {"archive", mail::Role::kArchive},
    {"drafts", mail::Role::kDrafts},
    {"flagged", mail::Role::kFlagged},
    {"important", mail::Role::kImportant},
    {"junk", mail::Role::kJunk},
    {"sent", mail::Role::kSent},
    {"trash", mail::Role::kTrash},
}};

base::Result<mail::Role> parse_role(std::string_view text) {
    if (text.empty()) {
        return mail::Role::kNone;
    }
    for (const auto& [name, role] : kRoles) {
        if (name == text) {
            return role;
        }
    }
    return base::fail(base::Errc::kInvalid,
                      fmt::format("\"{}\" is no role; write all, archive, drafts, flagged, "
                                  "important, junk, sent or trash",
                                  text));
}

std::string_view role_name(mail::Role role) {
    for (const auto& [name, known] : kRoles) {
        if (known == role) {
            return name;
        }
    }
    return {};
}

base::Result<account::AccountId> find_user(const store::Store& store, std::string_view text) {
    TRY(const account::Address address, account::parse_address(text));
    TRY(const auto account, account::find_account(*store.snapshot(), address));
    if (!account) {
        return base::fail(base::Errc::kNotFound, fmt::format("{}: no such account", text));
    }
    return account->id;
}

std::string describe(const mail::MailboxInfo& info) {
    if (!info.selectable) {
        return info.path + "  only a level above others\n";
    }
    std::string line = fmt::format("{}  {} messages, {} unseen, {}",
                                   info.path,
                                   info.messages,
                                   info.unseen,
                                   format_size(info.octets));
    if (info.role != mail::Role::kNone) {
        line += fmt::format("  {}", role_name(info.role));
    }
    return line + "\n";
}

// "lrs" replaces what one may, "+w" adds, "-w" takes away, "none" leaves nothing.
base::Result<mail::RightsChange> parse_change(std::string_view text) {
    mail::RightsChange change;
    if (text == "none") {
        return change;
    }
    if (text.starts_with('+') || text.starts_with('-')) {
        change.mode = text.front() == '+' ? mail::RightsMode::kAdd : mail::RightsMode::kRemove;
        text.remove_prefix(1);
    }
    auto rights = mail::parse_rights(text);
    if (!rights) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("\"{}\" are no rights; write letters of lrswipkxtea (RFC "
                                      "4314), or none",
                                      text));
    }
    change.rights = *rights;
    return change;
}

// The administrator is told which mailbox it was about.
template <class T>
base::Result<T> about(std::string_view path, base::Result<T> result) {
    if (!result) {
        result.error().text = fmt::format("{}: {}", path, result.error().text);
    }
    return result;
}

}  // namespace

Administration::Outcome Administration::mailbox_list(const AdminRequest& request) const {
    TRY(const account::AccountId user, find_user(store_, request.arguments[0]));
    TRY(const auto list, mailboxes_.list(user));
    std::string text;
    for (const mail::MailboxInfo& info : list) {
        text += describe(info);
    }
    return text;
}

Administration::Outcome Administration::mailbox_create(const AdminRequest& request) const {
    const std::string& path = request.arguments[1];
    TRY(const account::AccountId user, find_user(store_, request.arguments[0]));
    TRY(const mail::Role role, parse_role(option(request, "role")));
    base::BlockingLoop loop(clock_);
    TRY_VOID(loop.run(mailboxes_.prepare(loop, user)));
    TRY(const auto made, about(path, loop.run(mailboxes_.create(loop, user, path, role))));
    TRY_VOID(loop.run(mailboxes_.subscribe(loop, user, made.path, true)));
    return describe(made);
}

Administration::Outcome Administration::mailbox_rename(const AdminRequest& request) const {
    const std::string& from = request.arguments[1];
    const std::string& to = request.arguments[2];
    TRY(const account::AccountId user, find_user(store_, request.arguments[0]));
    base::BlockingLoop loop(clock_);
    TRY_VOID(about(from, loop.run(mailboxes_.rename(loop, user, from, to))));
    return fmt::format("{} is {} now\n", from, to);
}

Administration::Outcome Administration::mailbox_remove(const AdminRequest& request) const {
    const std::string& path = request.arguments[1];
    TRY(const account::AccountId user, find_user(store_, request.arguments[0]));
    base::BlockingLoop loop(clock_);
    TRY_VOID(about(path, loop.run(mailboxes_.remove(loop, user, path))));
    return fmt::format("mailbox {} removed\n", path);
}

Administration::Outcome Administration::mailbox_acl(const AdminRequest& request) const {
    const std::string& path = request.arguments[1];
    TRY(const account::AccountId user, find_user(store_, request.arguments[0]));
    TRY(const mail::MailboxInfo info, about(path, mailboxes_.find(user, path)));
    const std::string who = option(request, "who");
    if (!who.empty()) {
        TRY(const mail::RightsChange change, parse_change(option(request, "rights")));
        base::BlockingLoop loop(clock_);
        TRY_VOID(about(who, loop.run(mailboxes_.set_acl(loop, user, info.ref, who, change))));
    }
    TRY(const auto entries, mailboxes_.acl(user, info.ref));
    std::string text;
    for (const mail::AclEntry& entry : entries) {
        text += fmt::format("{}  {}\n", entry.identifier, mail::to_text(entry.rights));
    }
    return text;
}

}  // namespace app
