// LIST with its extensions, LSUB and STATUS (RFC 9051 6.3.9 and 6.3.11, RFC 3501 6.3.9, RFC 5258, RFC 5819, RFC 6154,
// RFC 8438).
#include "imap/grammar/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/fair_share.h"
#include "imap/server/handlers.h"
#include "imap/server/mailbox_lines.h"
#include "imap/server/session.h"
#include "mail/email_source.h"

namespace imap {

using base::Result;
using base::Task;

namespace {

// One line of an answer: a mailbox, or a name that is only subscribed to, or has only children that are.
struct Row {
    const mail::MailboxInfo* info = nullptr;
    bool is_level = false;  // no mailbox, but above one: "Other Users/alice@crepes.example"
    bool subscribed = false;
    bool selected = false;      // by itself, not for what is below it
    bool child_chosen = false;  // RFC 5258 3.5: so is something below it,
    bool child_hidden = false;  // and something that the patterns hide
};

using Rows = std::map<std::string, Row, std::less<>>;

std::string attributes(const Row& row, std::uint32_t options) {
    const bool subscribed =
        row.subscribed && (options & (kReturnSubscribed | kSelectSubscribed)) != 0;
    if (row.info == nullptr && row.is_level) {
        return subscribed ? "\\Noselect \\HasChildren \\Subscribed" : "\\Noselect \\HasChildren";
    }
    return mailbox_attributes(row.info, subscribed);
}

std::string child_info(const Row& row, std::uint32_t options) {
    if (!row.child_chosen) {
        return {};
    }
    return (options & kSelectSubscribed) != 0 ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))"
                                              : " (\"CHILDINFO\" (\"SPECIAL-USE\"))";
}

bool is_chosen(const Row& row, std::uint32_t options) {
    if ((options & kSelectSubscribed) != 0 && !row.subscribed) {
        return false;
    }
    const bool has_role = row.info != nullptr && row.info->role != mail::Role::kNone;
    return (options & kSelectSpecialUse) == 0 || has_role;
}

using Patterns = std::vector<MailboxPattern>;

bool matches_any(const Patterns& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(), [name](const MailboxPattern& pattern) {
        return pattern.matches(name);
    });
}

// Marks the names above a chosen `name` that the patterns show.
void mark_above(Rows& rows, std::string_view name, bool is_shown, const Patterns& patterns) {
    for (std::size_t end = name.rfind(kSeparator); end != std::string_view::npos && end > 0;
         end = name.rfind(kSeparator, end - 1)) {
        const std::string_view above = name.substr(0, end);
        if (matches_any(patterns, above)) {
            Row& row = rows.try_emplace(std::string(above)).first->second;
            row.child_chosen = true;
            row.child_hidden |= !is_shown;
        }
    }
}

// Patterns in UTF-8, the reference in front (RFC 9051 6.3.9: ours joins them, as most servers do).
Result<Patterns> decode_patterns(const Session& session, const ListArguments& arguments) {
    std::set<std::string> decoded;
    for (const std::string& pattern : arguments.patterns) {
        TRY(std::string name, decode_mailbox(arguments.reference + pattern, session.name_form()));
        decoded.insert(std::move(name));
    }
    return Patterns(decoded.begin(), decoded.end());
}

// RFC 9051 6.3.9: "%" shows levels that are no mailboxes as well. In a person's own tree each level is one;
// above what others share none is.
void add_levels_above(Rows& rows, std::string_view path) {
    for (std::size_t end = path.rfind(kSeparator); end != std::string_view::npos && end > 0;
         end = path.rfind(kSeparator, end - 1)) {
        rows[std::string(path.substr(0, end))].is_level = true;
    }
}

// Every name that there is or that is subscribed to, with what is true of it.
Result<Rows> all_rows(Session& session, const std::vector<mail::MailboxInfo>& infos) {
    Rows rows;
    for (const mail::MailboxInfo& info : infos) {
        Row& row = rows[info.path];
        row.info = &info;
        row.subscribed = info.subscribed;
        add_levels_above(rows, info.path);
    }
    TRY(const auto subscribed, session.mailboxes().subscriptions(session.user()));
    for (const std::string& path : subscribed) {
        rows[path].subscribed = true;
    }
    return rows;
}

Task<Rows> choose(base::Loop& loop,
                  const Rows& all,
                  const Patterns& patterns,
                  std::uint32_t options) {
    Rows chosen;
    base::FairShare share(loop);
    for (const auto& [name, row] : all) {
        if (share.is_used_up()) {
            co_await share.give_way();
        }
        if (!is_chosen(row, options)) {
            continue;
        }
        const bool is_shown = matches_any(patterns, name);
        if (is_shown) {
            chosen[name].selected = true;
        }
        if ((options & kSelectRecursiveMatch) != 0) {
            mark_above(chosen, name, is_shown, patterns);
        }
    }
    // RFC 5258 3.5: CHILDINFO SHOULD NOT be told where all it stands for is shown.
    std::erase_if(chosen,
                  [](const auto& row) { return !row.second.selected && !row.second.child_hidden; });
    for (auto& [name, row] : chosen) {
        const auto known = all.find(name);
        row.info = known == all.end() ? nullptr : known->second.info;
        row.is_level = known != all.end() && known->second.is_level;
        row.subscribed = known != all.end() && known->second.subscribed;
    }
    co_return chosen;
}

Task<Result<>> put_rows(Session& session, Rows rows, ListArguments arguments) {
    base::FairShare share(session.loop());
    for (const auto& [name, row] : rows) {
        if (share.is_used_up()) {
            co_await share.give_way();
        }
        std::string line = list_line(session, attributes(row, arguments.options), name);
        line += child_info(row, arguments.options);
        line += "\r\n";
        // RFC 5819 2 and 3: only for what can be selected, and is listed for its own sake.
        if (arguments.status != 0 && row.selected && row.info != nullptr && row.info->selectable &&
            (row.info->rights & mail::kRightRead) != 0) {
            line += status_line(session, *row.info, arguments.status);
        }
        session.put(line);
        CO_TRY_VOID(co_await session.flush_if_full());
    }
    co_return Result<>();
}

}  // namespace

Task<Handled> on_list(Session& session, const Request& request) {
    auto arguments = parse_list(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    // RFC 9051 6.3.9: an empty pattern asks for the separator.
    if (!arguments->is_extended && arguments->patterns.front().empty()) {
        session.put("* LIST (\\Noselect) \"/\" \"\"\r\n");
        co_return ok("that is all");
    }
    const auto patterns = decode_patterns(session, *arguments);
    if (!patterns) {
        co_return ok("no mailbox has such a name");
    }
    const auto infos = session.mailboxes().list(session.user());
    if (!infos) {
        co_return reply_of(infos.error());
    }
    const auto all = all_rows(session, *infos);
    if (!all) {
        co_return reply_of(all.error());
    }
    Rows rows = co_await choose(session.loop(), *all, *patterns, arguments->options);
    // Names that are only subscribed to are shown to who asks for those.
    if ((arguments->options & kSelectSubscribed) == 0) {
        std::erase_if(rows, [](const auto& row) {
            return row.second.info == nullptr && !row.second.is_level;
        });
    }
    if ((arguments->status & kStatusHighestModseq) != 0) {
        session.enable_condstore();
    }
    CO_TRY_VOID(co_await put_rows(session, std::move(rows), std::move(*arguments)));
    co_return ok("that is all");
}

// RFC 3501 6.3.9: what is subscribed to; with "%" also, as \Noselect, the names above what is.
Task<Handled> on_lsub(Session& session, const Request& request) {
    const auto arguments = parse_lsub(request.arguments);
    if (!arguments) {
        co_return usage(request.command);
    }
    if (arguments->patterns.front().empty()) {
        session.put("* LSUB (\\Noselect) \"/\" \"\"\r\n");
        co_return ok("that is all");
    }
    const auto patterns = decode_patterns(session, *arguments);
    const auto subscribed = session.mailboxes().subscriptions(session.user());
    if (!patterns || !subscribed) {
        co_return patterns ? reply_of(subscribed.error()) : ok("no mailbox has such a name");
    }
    std::map<std::string, bool> names;  // true: subscribed itself
    base::FairShare share(session.loop());
    for (const std::string& path : *subscribed) {
        if (share.is_used_up()) {
            co_await share.give_way();
        }
        if (matches_any(*patterns, path)) {
            names[path] = true;
            continue;
        }
        for (std::size_t end = path.rfind(kSeparator); end != std::string::npos && end > 0;
             end = path.rfind(kSeparator, end - 1)) {
            const std::string above = path.substr(0, end);
            if (arguments->patterns.front().ends_with('%') && matches_any(*patterns, above)) {
                names.try_emplace(above, false);
            }
        }
    }
    for (const auto& [name, is_subscribed] : names) {
        std::string line = fmt::format("* LSUB ({}) \"/\" ", is_subscribed ? "" : "\\Noselect");
        append_mailbox(line, name, session.name_form());
        session.put(line + "\r\n");
        CO_TRY_VOID(co_await session.flush_if_full());
    }
    co_return ok("that is all");
}

Task<Handled> on_status(Session& session, const Request& request) {
    const auto arguments = parse_status(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    const auto name = decode_mailbox(arguments->mailbox, session.name_form());
    if (!name) {
        co_return no("no such mailbox", "NONEXISTENT");
    }
    const auto info = session.mailboxes().find(session.user(), *name);
    if (!info) {
        co_return not_found(info.error());
    }
    if (!info->selectable) {
        co_return no("there is no mailbox of that name, only others below it", "NONEXISTENT");
    }
    if ((info->rights & mail::kRightRead) == 0) {
        co_return no("you have no right to read it", "NOPERM");
    }
    if ((arguments->items & kStatusHighestModseq) != 0) {
        session.enable_condstore();
    }
    session.put(status_line(session, *info, arguments->items));
    co_return ok("that is all");
}

}  // namespace imap
