// SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 3).
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "account/text.h"
#include "base/ascii.h"
#include "imap/grammar/arguments.h"
#include "imap/grammar/rights.h"
#include "imap/grammar/writer.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

Result<mail::MailboxInfo, Reply> find(Session& session, const std::string& wire) {
    const auto name = decode_mailbox(wire, session.name_form());
    if (!name) {
        return tl::unexpected<Reply>(no("no such mailbox", "NONEXISTENT"));
    }
    auto info = session.mailboxes().find(session.user(), *name);
    if (!info) {
        return tl::unexpected<Reply>(not_found(info.error()));
    }
    return std::move(*info);
}

// RFC 4314 3: an identifier is a name as LOGIN takes it, prepared by SASLprep. One without a domain is somebody of
// the user's own. Nothing when it cannot be prepared, or is empty then.
std::optional<std::string> whole_identifier(const Session& session, std::string_view identifier) {
    const std::string sign(identifier.starts_with('-') ? "-" : "");
    auto name = account::saslprep(identifier.substr(sign.size()));
    if (!name || name->empty()) {
        return std::nullopt;
    }
    if (!base::iequals(*name, "anyone") && name->find('@') == std::string::npos) {
        *name += "@" + session.account().address.domain;
    }
    return sign + *name;
}

Task<Handled> change(Session& session,
                     std::string wire,
                     std::string identifier,
                     mail::RightsChange rights) {
    auto whole = whole_identifier(session, identifier);
    if (!whole) {
        co_return bad("that is no identifier");
    }
    const auto info = find(session, wire);
    if (!info) {
        co_return info.error();
    }
    const auto done = co_await session.mailboxes().set_acl(
        session.loop(), session.user(), info->ref, std::move(*whole), rights);
    if (!done && done.error().code == Errc::kNotFound) {
        co_return no("nobody here has that name", "CANNOT");
    }
    co_return done ? ok("done") : reply_of(done.error());
}

std::string line_of(const Session& session, std::string_view word, const mail::MailboxInfo& info) {
    std::string line = fmt::format("* {} ", word);
    append_mailbox(line, info.path, session.name_form());
    return line;
}

}  // namespace

Task<Handled> on_setacl(Session& session, const Request& request) {
    auto arguments = parse_set_acl(request.arguments);
    if (!arguments && arguments.error().code == Errc::kInvalid) {
        co_return bad("there is no such right");
    }
    if (!arguments) {
        co_return usage(request.command);
    }
    co_return co_await change(session,
                              std::move(arguments->mailbox),
                              std::move(arguments->identifier),
                              arguments->change);
}

Task<Handled> on_deleteacl(Session& session, const Request& request) {
    auto arguments = parse_two_astrings(request.arguments);
    if (!arguments) {
        co_return usage(request.command);
    }
    co_return co_await change(session,
                              std::move(arguments->first),
                              std::move(arguments->second),
                              {mail::RightsMode::kReplace, 0});
}

//  acl-data = "ACL" SP mailbox *(SP identifier SP rights)
Task<Handled> on_getacl(Session& session, const Request& request) {
    const auto wire = parse_one_astring(request.arguments);
    if (!wire) {
        co_return usage(request.command);
    }
    const auto info = find(session, *wire);
    if (!info) {
        co_return info.error();
    }
    const auto entries = session.mailboxes().acl(session.user(), info->ref);
    if (!entries) {
        co_return reply_of(entries.error());
    }
    std::string line = line_of(session, "ACL", *info);
    for (const mail::AclEntry& entry : *entries) {
        line += ' ';
        append_astring(line, entry.identifier, session.header_form());
        line += ' ';
        append_astring(line, mail::to_text(entry.rights, true), session.header_form());
    }
    session.put(line + "\r\n");
    co_return ok("that is all");
}

//  listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
Task<Handled> on_listrights(Session& session, const Request& request) {
    const auto arguments = parse_two_astrings(request.arguments);
    if (!arguments) {
        co_return usage(request.command);
    }
    const auto whole = whole_identifier(session, arguments->second);
    if (!whole) {
        co_return bad("that is no identifier");
    }
    const auto info = find(session, arguments->first);
    if (!info) {
        co_return info.error();
    }
    if ((info->rights & mail::kRightAdminister) == 0) {
        co_return no("you have no right to know", "NOPERM");
    }
    std::string line = line_of(session, "LISTRIGHTS", *info);
    line += ' ';
    append_astring(line, arguments->second, session.header_form());
    // The owner always has everything; for others each right stands alone. RFC 4314 2.1.1: so do c and d.
    const bool is_owner = info->ref.owner == session.user() &&
                          base::iequals(*whole, session.account().address.to_string());
    if (is_owner) {
        line += " " + mail::to_text(mail::kAllRights, true);
    } else {
        line += " \"\"";
        for (const char letter : mail::to_text(mail::kAllRights, true)) {
            line.append(" ").append(1, letter);
        }
    }
    session.put(line + "\r\n");
    co_return ok("that is all");
}

Task<Handled> on_myrights(Session& session, const Request& request) {
    const auto wire = parse_one_astring(request.arguments);
    if (!wire) {
        co_return usage(request.command);
    }
    const auto info = find(session, *wire);
    if (!info) {
        co_return info.error();
    }
    session.put(fmt::format(
        "{} {}\r\n", line_of(session, "MYRIGHTS", *info), mail::to_text(info->rights, true)));
    co_return ok("that is all");
}

}  // namespace imap
