// GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 4.1). An account has one root, named after its address; limits are
// the administrator's to set.
#include <fmt/format.h>

#include <string>

#include "imap/grammar/arguments.h"
#include "imap/grammar/writer.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {

using base::Task;

namespace {

//  quota-response = "QUOTA" SP quota-root-name SP "(" [quota-resource *(SP quota-resource)] ")"
// Storage is told in units of 1,024 octets, used ones rounded up. A resource without a limit is not listed.
std::string quota_line(const Session& session, const mail::Quota& quota) {
    std::string resources;
    const auto add =
        [&](std::string_view name, const mail::Quota::Resource& resource, std::uint64_t unit) {
            if (resource.limit != 0) {
                resources += fmt::format("{}{} {} {}",
                                         resources.empty() ? "" : " ",
                                         name,
                                         (resource.used + unit - 1) / unit,
                                         resource.limit / unit);
            }
        };
    add("STORAGE", quota.storage_octets, 1024);
    add("MESSAGE", quota.messages, 1);
    add("MAILBOX", quota.mailboxes, 1);
    add("ANNOTATION-STORAGE", quota.annotation_octets, 1024);
    std::string line = "* QUOTA ";
    append_astring(line, quota.root, session.header_form());
    return line + " (" + resources + ")\r\n";
}

}  // namespace

Task<Handled> on_getquota(Session& session, const Request& request) {
    const auto root = parse_one_astring(request.arguments);
    if (!root) {
        co_return usage(request.command);
    }
    const auto quota = session.mailboxes().quota(session.user());
    if (!quota) {
        co_return reply_of(quota.error());
    }
    if (*root != quota->root) {
        co_return no("no such quota root", "NONEXISTENT");
    }
    session.put(quota_line(session, *quota));
    co_return ok("that is all");
}

Task<Handled> on_getquotaroot(Session& session, const Request& request) {
    const auto wire = parse_one_astring(request.arguments);
    if (!wire) {
        co_return usage(request.command);
    }
    const auto name = decode_mailbox(*wire, session.name_form());
    if (!name) {
        co_return no("no such mailbox", "NONEXISTENT");
    }
    const auto info = session.mailboxes().find(session.user(), *name);
    if (!info) {
        co_return not_found(info.error());
    }
    // RFC 9208 8: what others use is confidential. A guest learns by OVERQUOTA that nothing more fits.
    if (info->ref.owner != session.user()) {
        co_return no("another's quota", "NOPERM");
    }
    const auto quota = session.mailboxes().quota(info->ref.owner);
    if (!quota) {
        co_return reply_of(quota.error());
    }
    std::string line = "* QUOTAROOT ";
    append_mailbox(line, info->path, session.name_form());
    line += ' ';
    append_astring(line, quota->root, session.header_form());
    session.put(line + "\r\n" + quota_line(session, *quota));
    co_return ok("that is all");
}

Task<Handled> on_setquota(Session& /*session*/, const Request& request) {
    if (!parse_setquota(request.arguments)) {
        co_return usage(request.command);
    }
    co_return no("quotas are the administrator's to set", "NOPERM");
}

}  // namespace imap
