// The directory: domains, accounts, aliases, catch-alls, and where mail for an address goes. What changes
// while people use the server lives here, in the store, and is read through any store::Reader. Mailing
// lists have a page of their own, mailing_list.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

using AccountId = std::uint64_t;  // never zero, never used again

struct Account {
    AccountId id = 0;
    Address address;
    std::string full_name;           // "Fred Smith" or empty
    bool disabled = false;           // may neither log in nor receive
    std::uint64_t quota_octets = 0;  // 0: none
    std::uint64_t quota_messages = 0;
    bool administrator = false;
};

// One mailbox owner that a recipient address stands for.
struct LocalRecipient {
    AccountId account = 0;
    Address address;     // the account's own
    std::string detail;  // what stood behind the '+', or empty
    std::uint64_t quota_octets = 0;
    std::uint64_t quota_messages = 0;

    // Takes the message whatever it has already.
    void forget_quotas() { quota_octets = quota_messages = 0; }
};

// Where mail for one address goes; each account and each remote address once, whatever the aliases say.
struct Resolution {
    std::vector<LocalRecipient> local;
    std::vector<Address> remote;
    std::vector<Address> lists;  // mailing lists of ours (mailing_list.h), as they are written
};

// Reads. All of them are keyed look-ups; none scans but the lists.
[[nodiscard]] base::Result<bool> is_local_domain(const store::Reader& reader,
                                                 std::string_view domain);
// kUnsupported: the domain is not ours. kNotFound: it is, the user is unknown. kDenied: disabled.
// `postmaster` without a domain, and at any of our domains without such a user, is the administrator.
// kTooLong: through its aliases the address stands for more than 20,000, or is nested 16 deep.
[[nodiscard]] base::Result<Resolution> resolve(const store::Reader& reader, const Address& address);
[[nodiscard]] base::Result<std::optional<Account>> find_account(const store::Reader& reader,
                                                                const Address& address);
[[nodiscard]] base::Result<std::optional<Account>> find_account(const store::Reader& reader,
                                                                AccountId id);
// May `account` send as `sender`: its own address (with any detail) or an alias that reaches it.
[[nodiscard]] base::Result<bool> owns_address(const store::Reader& reader,
                                              const Account& account,
                                              const Address& sender);
// VRFY: accounts whose local part or full name is `text`. EXPN: the members of the alias `text`, or of the
// mailing list, of which the first 1,000.
[[nodiscard]] base::Result<std::vector<Account>> verify(const store::Reader& reader,
                                                        std::string_view text);
[[nodiscard]] base::Result<std::vector<Address>> expand(const store::Reader& reader,
                                                        std::string_view text);
// Who gets postmaster's mail: the administrators, disabled ones aside; at most 16 of them.
[[nodiscard]] base::Result<std::vector<Account>> find_administrators(const store::Reader& reader);
[[nodiscard]] base::Result<std::vector<std::string>> list_domains(const store::Reader& reader);
[[nodiscard]] base::Result<std::vector<Account>> list_accounts(const store::Reader& reader,
                                                               std::string_view domain);

// The aliases of a domain; the catch-all's address has an empty local part.
struct Alias {
    Address address;  // its local part folded
    std::vector<Address> members;

    // As set_alias() takes it: `staff@hamburger.example`, or `@hamburger.example` for the catch-all.
    [[nodiscard]] std::string name() const;
};

[[nodiscard]] base::Result<std::vector<Alias>> list_aliases(const store::Reader& reader,
                                                            std::string_view domain);

// Changes, for use inside a store::Change. Each checks what it is told: kExists, kNotFound, kSyntax.
[[nodiscard]] base::Result<> add_domain(store::Transaction& change, std::string_view domain);
[[nodiscard]] base::Result<> remove_domain(store::Transaction& change, std::string_view domain);
[[nodiscard]] base::Result<AccountId> add_account(store::Transaction& change,
                                                  const Account& account);
[[nodiscard]] base::Result<> update_account(store::Transaction& change, const Account& account);
[[nodiscard]] base::Result<> remove_account(store::Transaction& change, const Address& address);

// An account with everything it has, in as many changes as that takes: begin_removal() ends the account
// itself and frees its address; the other rooms then take away what is the id's; end_removal() forgets it.
[[nodiscard]] base::Result<AccountId> begin_removal(store::Transaction& change,
                                                    const Address& address);
[[nodiscard]] base::Result<std::vector<AccountId>> list_removals(const store::Reader& reader);
[[nodiscard]] base::Result<bool> is_being_removed(const store::Reader& reader, AccountId id);
void end_removal(store::Transaction& change, AccountId id);

// `members` replace what the alias had. "@domain" as the alias' address is the domain's catch-all. kInvalid:
// it would lead back to itself, through other aliases perhaps.
[[nodiscard]] base::Result<> set_alias(store::Transaction& change,
                                       std::string_view address,
                                       const std::vector<Address>& members);
[[nodiscard]] base::Result<> remove_alias(store::Transaction& change, std::string_view address);

}  // namespace account
