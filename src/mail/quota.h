// What an account may keep (RFC 9208 5): octets and messages, each mailbox entry counted in full.
#pragma once

#include <cstdint>

#include "account/directory.h"
#include "base/result.h"
#include "mail/records.h"
#include "store/store.h"

namespace mail {

// Of messages, or how much of them there may be.
struct Amount {
    std::uint64_t octets = 0;
    std::uint64_t messages = 0;
};

// Would `more` be too much for an account that has what `counters` say? `limits`: 0 is none. What the
// account's files take of a quota that they share is not there for mail.
[[nodiscard]] base::Result<bool> is_over_quota(const store::Reader& reader,
                                               account::AccountId account,
                                               const AccountCounters& counters,
                                               Amount limits,
                                               Amount more);

}  // namespace mail
