// Removing an account to the last message: first the account, in one change, then what it had, a bounded
// number of messages a change, so that nobody's mail waits for it.
#pragma once

#include <cstddef>

#include "account/directory.h"
#include "base/result.h"
#include "files/files.h"
#include "store/store.h"

namespace app {

inline constexpr std::size_t kRemovedAtOnce = 5000;

// With its files, where `files` is not null. Waits for the disk. After an error, or a crash, finish_removals() goes on.
[[nodiscard]] base::Result<> remove_account_whole(store::Store& store,
                                                  files::Files* files,
                                                  const account::Address& address,
                                                  std::size_t messages_max = kRemovedAtOnce);

// Whatever was begun and not ended; at every start.
[[nodiscard]] base::Result<> finish_removals(store::Store& store,
                                             files::Files* files,
                                             std::size_t messages_max = kRemovedAtOnce);

}  // namespace app
