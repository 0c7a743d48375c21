// \Recent (RFC 3501 2.3.2): which messages no session has been told of yet. Kept in memory only.
//
// BUGS: after a restart the messages of a mailbox count as told. RFC 3501 leaves that open, and IMAP4rev2
// has given \Recent up.
#pragma once

#include <map>
#include <mutex>

#include "mail/types.h"

namespace imap {

// One for all sessions of a server, on every thread.
class Recents {
  public:
    // The first UID of `ref` that is recent for who asks, below `uid_next`. With `take`, it is nobody
    // else's any more: SELECT takes, EXAMINE and STATUS look.
    [[nodiscard]] mail::Uid first(mail::Ref ref, mail::Uid uid_next, bool take);

  private:
    std::mutex mutex_;
    std::map<mail::Ref, mail::Uid> told_;  // the first UID that nobody was told of
};

}  // namespace imap
