#include "mail/quota.h"

#include "account/usage.h"

namespace mail {

base::Result<bool> is_over_quota(const store::Reader& reader,
                                 account::AccountId account,
                                 const AccountCounters& counters,
                                 Amount limits,
                                 Amount more) {
    const auto exceeds = [](std::uint64_t used, std::uint64_t added, std::uint64_t limit) {
        return added > limit || used > limit - added;
    };
    if (limits.messages != 0 && exceeds(counters.messages, more.messages, limits.messages)) {
        return true;
    }
    if (limits.octets == 0) {
        return false;
    }
    TRY(const std::uint64_t left, account::mail_limit(reader, account, limits.octets));
    return exceeds(counters.octets, more.octets, left);
}

}  // namespace mail
