// How many messages one command may work on (RFC 9738): those with the highest UIDs come first, and the client
// repeats the command for the others.
#pragma once

#include <cstdint>
#include <string>

#include "imap/server/session.h"
#include "mail/uid_set.h"

namespace imap {

// A set of messages, without those that are too many.
struct Limited {
    mail::UidSet uids;
    bool is_cut = false;  // then uids.first() is the lowest UID that is worked on

    [[nodiscard]] mail::Uid lowest() const { return uids.first(); }
};

// The last `most` of messages that are all there; all of them when `most` is zero.
[[nodiscard]] Limited limit_messages(mail::UidSet uids, std::uint64_t most);

// What COPY and APPEND take at most: MESSAGELIMIT's number or SAVELIMIT's; zero is no limit.
[[nodiscard]] std::uint64_t save_limit(const ServerOptions& options);

// "MESSAGELIMIT 1000 23221"
[[nodiscard]] std::string limit_code(std::uint64_t most, mail::Uid lowest);
// `reply` with that code when `limited` was cut. Where it bears another one already, that one keeps its place and
// the limit is told before it (RFC 9738 3.1).
[[nodiscard]] Reply tell_limit(Session& session, const Limited& limited, Reply reply);

}  // namespace imap
