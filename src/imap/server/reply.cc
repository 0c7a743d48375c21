#include "imap/server/reply.h"

namespace imap {

using base::Errc;

Reply reply_of(const base::Error& error) {
    switch (error.code) {
        case Errc::kDenied:
            return no("you have no right to do that", "NOPERM");
        case Errc::kNotFound:
            return no("no such mailbox", "NONEXISTENT");
        case Errc::kExists:
            return no("it exists already", "ALREADYEXISTS");
        case Errc::kInvalid:
            return no("that cannot be done", "CANNOT");
        case Errc::kInUse:
            return no("it is in use", "INUSE");
        case Errc::kOverQuota:
            return no("over quota", "OVERQUOTA");
        case Errc::kTooLong:
            return no("a limit is reached", "LIMIT");
        case Errc::kUnsupported:
            return no("not supported", "CANNOT");
        case Errc::kSyntax:
            return bad("that makes no sense", "CLIENTBUG");
        case Errc::kCorrupt:
            return no("stored data are damaged, tell the administrator", "CORRUPTION");
        case Errc::kNoSpace:
            return no("the server's disk is full, tell the administrator", "UNAVAILABLE");
        default:
            return no("the mail store fails, try again later", "UNAVAILABLE");
    }
}

Reply not_found(const base::Error& error) {
    return error.code == Errc::kInvalid ? no("no such mailbox", "NONEXISTENT") : reply_of(error);
}

}  // namespace imap
