// GETMETADATA and SETMETADATA (RFC 5464 4), by which special uses are read and changed as well (RFC 6154 4).
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "imap/grammar/rights.h"
#include "imap/grammar/writer.h"
#include "imap/server/handlers.h"
#include "imap/server/notifier.h"
#include "imap/server/session.h"
#include "mail/special_use.h"

namespace imap {

using base::Errc;
using base::Result;
using base::Task;

namespace {

// The mailbox, or for "" the server as a whole.
Result<mail::Ref, Reply> find(Session& session, const std::string& wire) {
    if (wire.empty()) {
        return mail::Ref{session.user(), 0};
    }
    const auto name = decode_mailbox(wire, session.name_form());
    if (!name) {
        return tl::unexpected<Reply>(no("no such mailbox", "NONEXISTENT"));
    }
    const auto info = session.mailboxes().find(session.user(), *name);
    if (!info) {
        return tl::unexpected<Reply>(not_found(info.error()));
    }
    return info->ref;
}

// RFC 5464 4.2.2: the entry itself, and so many levels below it.
bool is_wanted(std::string_view name, std::string_view entry, std::uint32_t depth) {
    if (base::iequals(name, entry)) {
        return true;
    }
    if (depth == 0 || !base::istarts_with(name, entry) || name[entry.size()] != '/') {
        return false;
    }
    const bool deep = name.substr(entry.size() + 1).find('/') != std::string_view::npos;
    return depth == GetMetadataArguments::kEndless || !deep;
}

// RFC 5464 6.2.2: how the server's administrator is reached: postmaster at one's own domain is one of ours. A URI,
// so that characters beyond ASCII are percent-encoded (RFC 6068 2).
mail::Annotation admin_entry(const Session& session) {
    std::string uri = "mailto:postmaster@";
    for (const char c : session.account().address.domain) {
        uri += static_cast<unsigned char>(c) < 0x80
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return {.name = "/shared/admin", .value = std::move(uri)};
}

// What put_entries() found too long to tell.
struct Told {
    std::size_t longest_left_out = 0;
};

Told put_entries(Session& session,
                 const GetMetadataArguments& arguments,
                 const std::vector<mail::Annotation>& annotations) {
    Told told;
    std::string values;
    for (const mail::Annotation& annotation : annotations) {
        const bool wanted = std::ranges::any_of(arguments.entries, [&](const std::string& entry) {
            return is_wanted(annotation.name, entry, arguments.depth);
        });
        if (wanted && arguments.octets_max && annotation.value.size() > *arguments.octets_max) {
            told.longest_left_out = std::max(told.longest_left_out, annotation.value.size());
        } else if (wanted) {
            values += values.empty() ? "" : " ";
            append_astring(values, annotation.name, session.header_form());
            values += ' ';
            append_literal(values, annotation.value);
        }
    }
    if (!values.empty()) {
        std::string line = "* METADATA ";
        append_astring(line, arguments.mailbox, session.header_form());
        session.put(line + " (" + values + ")\r\n");
    }
    return told;
}

// RFC 6154 5.4: the mailbox whose special use these changes give to that of `ref`; empty when there is none.
std::string find_displaced(Session& session, mail::Ref ref, const SetMetadataArguments& arguments) {
    std::set<mail::Role> given;
    for (const SetMetadataArguments::Change& change : arguments.changes) {
        const auto role = base::iequals(change.entry, mail::kSpecialUse)
                              ? mail::find_special_use(change.value.value_or(""))
                              : std::nullopt;
        if (role) {
            given.insert(*role);
        }
    }
    if (given.empty()) {
        return {};
    }
    // Once a command, however many entries it names: the list is as long as there are mailboxes.
    const auto all = session.mailboxes().list(session.user());
    if (!all) {
        return {};
    }
    for (const mail::MailboxInfo& info : *all) {
        if (given.contains(info.role) && info.ref.owner == ref.owner && info.ref != ref) {
            return info.path;
        }
    }
    return {};
}

// RFC 5464 3.2. What is below one of them may be asked for by its name alone, with DEPTH.
bool is_entry(std::string_view name) {
    return base::iequals(name, "/private") || base::iequals(name, "/shared") ||
           base::istarts_with(name, "/private/") || base::istarts_with(name, "/shared/");
}

Reply no_entry() {
    return bad(
        "entries begin with /private/ or /shared/; a vendor's have four parts; all have 255 octets "
        "of "
        "visible ASCII at most, and no *, % or empty levels");
}

}  // namespace

Task<Handled> on_getmetadata(Session& session, const Request& request) {
    const auto arguments = parse_get_metadata(request.arguments);
    if (!arguments) {
        co_return refuse(request.command, arguments.error());
    }
    if (!std::ranges::all_of(arguments->entries, is_entry)) {
        co_return no_entry();
    }
    const auto ref = find(session, arguments->mailbox);
    if (!ref) {
        co_return ref.error();
    }
    auto annotations = session.mailboxes().annotations(session.user(), *ref);
    if (!annotations) {
        co_return reply_of(annotations.error());
    }
    if (ref->mailbox == 0) {
        annotations->push_back(admin_entry(session));
    }
    const Told told = put_entries(session, *arguments, *annotations);
    co_return ok("that is all",
                 told.longest_left_out == 0
                     ? ""
                     : fmt::format("METADATA LONGENTRIES {}", told.longest_left_out));
}

Task<Handled> on_setmetadata(Session& session, const Request& request) {
    auto arguments = parse_set_metadata(request.arguments);
    if (!arguments && arguments.error().code == Errc::kTooLong) {
        co_return no(arguments.error().text, "METADATA TOOMANY");
    }
    if (!arguments) {
        co_return usage(request.command);
    }
    const auto ref = find(session, arguments->mailbox);
    if (!ref) {
        co_return ref.error();
    }
    const std::string displaced = find_displaced(session, *ref, *arguments);
    std::vector<mail::Mailboxes::AnnotationChange> changes;
    for (SetMetadataArguments::Change& change : arguments->changes) {
        if (session.notifier() != nullptr) {
            session.notifier()->note_own_entry(*ref, change.entry);
        }
        changes.push_back({std::move(change.entry), std::move(change.value)});
    }
    const auto done = co_await session.mailboxes().annotate(
        session.loop(), session.user(), *ref, std::move(changes));
    if (!done && done.error().code == Errc::kTooLong) {
        const std::uint64_t most = session.mailboxes().limits().annotation_octets_max;
        co_return no("the value is too long", fmt::format("METADATA MAXSIZE {}", most));
    }
    if (!done && done.error().code == Errc::kUnsupported) {
        co_return no("no use of a mailbox", "USEATTR");
    }
    if (!done && done.error().code == Errc::kInvalid) {
        co_return no_entry();
    }
    if (done && !displaced.empty()) {
        std::string line = "* METADATA ";
        append_mailbox(line, displaced, session.name_form());
        session.put(fmt::format("{} ({} NIL)\r\n", line, mail::kSpecialUse));
    }
    co_return done ? ok("done") : reply_of(done.error());
}

}  // namespace imap
