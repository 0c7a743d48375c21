// What an account keeps outside of its mail and has to fit into its quota all the same: its files, where
// the two share one. Who keeps it writes it down here; mail reads it.
#pragma once

#include <cstdint>

#include "account/directory.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

// Zero where nothing was ever written down.
[[nodiscard]] base::Result<std::uint64_t> outside_octets(const store::Reader& reader, AccountId id);
// What of `quota_octets` is there for the account's mail.
[[nodiscard]] base::Result<std::uint64_t> mail_limit(const store::Reader& reader,
                                                     AccountId id,
                                                     std::uint64_t quota_octets);
void set_outside_octets(store::Transaction& change, AccountId id, std::uint64_t octets);
// Of all accounts: nothing shares their quotas any more.
[[nodiscard]] base::Result<> clear_outside_octets(store::Transaction& change);

}  // namespace account
