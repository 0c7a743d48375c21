// Members of mailing lists whom mail does not reach: failures are counted with the member, and one of whom there are
// too many gets nothing more until an owner or administrator lets them on again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "account/address.h"
#include "account/mailing_list.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

struct Member {
    Address address;
    std::uint32_t failures = 0;  // days on which one was told of
    base::WallTime last_failure;
    bool suspended = false;

    friend bool operator==(const Member&, const Member&) = default;
};

// As visit_members.
[[nodiscard]] base::Result<> visit_member_states(
    const store::Reader& reader,
    const Address& list,
    Membership membership,
    const std::optional<Address>& after,
    const std::function<bool(const Member& member)>& visit);
[[nodiscard]] base::Result<std::optional<Member>> find_member(const store::Reader& reader,
                                                              const Address& list,
                                                              const Address& who);

// The list whose failures come to this address, LIST-bounces, when it counts them.
[[nodiscard]] base::Result<std::optional<Address>> find_bounced_list(const store::Reader& reader,
                                                                     const Address& address);

// The member after one more failure; nothing changes when there was one less than a day before, and those of more
// than a month ago are forgotten. A pure function.
[[nodiscard]] Member after_failure(const MailingList& list, Member member, base::WallTime now);

// Changes, for use inside a store::Change. kNotFound: no such member.
[[nodiscard]] base::Result<> update_member(store::Transaction& change,
                                           const Address& list,
                                           const Member& member);
// Failures are forgotten, and mail goes to them again.
[[nodiscard]] base::Result<> resume_member(store::Transaction& change,
                                           const Address& list,
                                           const Address& who);

}  // namespace account
