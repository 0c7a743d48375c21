// Access control lists in the store (RFC 4314): who may do what with whose mailbox. A list names people
// by their account, so it outlives a change of address and never passes to a namesake.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/rights.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

// Who stands for everybody in a list; no account has this number.
inline constexpr account::AccountId kAnyone = 0;

struct AclGrant {
    account::AccountId who = kAnyone;
    bool negative = false;  // what is taken away from him
    Rights rights = 0;
};

// An identifier as RFC 4314 2 writes it: "anyone" or an address, "-" in front takes away. kNotFound.
struct AclName {
    account::AccountId who = kAnyone;
    bool negative = false;
};

[[nodiscard]] base::Result<AclName> parse_identifier(const store::Reader& reader,
                                                     std::string_view identifier);
[[nodiscard]] base::Result<std::vector<AclGrant>> load_acl(const store::Reader& reader, Ref ref);
// No rights: the grant goes.
[[nodiscard]] base::Result<> put_grant(store::Transaction& change, Ref ref, const AclGrant& grant);
[[nodiscard]] base::Result<> erase_acl(store::Transaction& change, Ref ref);
// What `user` may do: everything in his own mailboxes, else what the list gives and does not take.
[[nodiscard]] base::Result<Rights> rights_of(const store::Reader& reader,
                                             account::AccountId user,
                                             Ref ref);
// kNotFound when `user` may not even know of it (kRightsToKnow), kDenied when he lacks one of `rights`.
[[nodiscard]] base::Result<> require(const store::Reader& reader,
                                     account::AccountId user,
                                     Ref ref,
                                     Rights rights);
// Mailboxes of others that a list gives `user` something of.
[[nodiscard]] base::Result<std::vector<Ref>> shared_with(const store::Reader& reader,
                                                         account::AccountId user);
// What others gave to an account that goes, and what it gave to others.
[[nodiscard]] base::Result<> erase_grants_to(store::Transaction& change, account::AccountId user);
[[nodiscard]] base::Result<> erase_grants_by(store::Transaction& change, account::AccountId owner);

}  // namespace mail
