#include "imap/server/target.h"

#include <utility>

#include "imap/grammar/mailbox_name.h"

namespace imap {

using base::Errc;
using base::Result;

namespace {

tl::unexpected<Reply> refuse(Reply reply) {
    return tl::unexpected<Reply>(std::move(reply));
}

}  // namespace

// RFC 9051 6.3.12: "unless it is certain that the destination mailbox cannot be created". What the rights hide and
// what is not there are answered alike.
Reply no_target(Session& session, std::string_view path) {
    const auto creatable = session.mailboxes().may_create(session.user(), path);
    if (creatable) {
        return no("no such mailbox, CREATE it first", "TRYCREATE");
    }
    switch (creatable.error().code) {
        case Errc::kDenied:
        case Errc::kNotFound:
            return no("no such mailbox, and not yours to CREATE", "NONEXISTENT");
        case Errc::kInvalid:
        case Errc::kTooLong:
            return no("that is no name for a mailbox", "CANNOT");
        default:
            return reply_of(creatable.error());
    }
}

Result<mail::MailboxInfo, Reply> find_target(Session& session, std::string_view wire) {
    const auto name = decode_mailbox(wire, session.name_form());
    if (!name) {
        return refuse(no("that is no name for a mailbox", "CANNOT"));
    }
    auto target = session.mailboxes().find(session.user(), *name);
    if (!target && target.error().code != Errc::kNotFound) {
        return refuse(reply_of(target.error()));
    }
    if (!target || !target->selectable) {
        return refuse(no_target(session, *name));
    }
    if ((target->rights & mail::kRightInsert) == 0) {
        return refuse(no("you have no right to put messages there", "NOPERM"));
    }
    return std::move(*target);
}

}  // namespace imap
