// UIDONLY (RFC 9586) and who cannot do with it.
#pragma once

#include <mutex>
#include <set>

#include "account/directory.h"

namespace imap {

// Accounts whose clients have enabled UIDONLY and used sequence numbers all the same, as some of
// Microsoft's do: their mail would not be seen any more. They are not offered it again, until the server is
// started anew.
class UidOnlyMisuse {
  public:
    void note(account::AccountId account);
    [[nodiscard]] bool was_seen(account::AccountId account);

  private:
    std::mutex mutex_;
    std::set<account::AccountId> accounts_;
};

}  // namespace imap
