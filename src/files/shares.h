// Shares as they stand in the store: trees that belong to nobody and are mounted into the trees of those
// who have rights in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "base/result.h"
#include "files/rights.h"
#include "store/store.h"

namespace files {

// In the order of their names, each with its grants.
[[nodiscard]] base::Result<std::vector<Share>> list_shares(const store::Reader& reader);
[[nodiscard]] base::Result<std::optional<Share>> find_share(const store::Reader& reader,
                                                            std::string_view name);

// The changes below are for use inside a store::Change. Names and paths are normalised as join() does;
// kInvalid says what is wrong with one. kNotFound: no such share, or no such grant.

// kExists. Of its grants it takes none.
[[nodiscard]] base::Result<> add_share(store::Transaction& change, const Share& share);
[[nodiscard]] base::Result<> set_share_limits(store::Transaction& change,
                                              std::string_view name,
                                              Limits limits);
// Takes its grants away as well. What stands in its folder stays there.
[[nodiscard]] base::Result<> remove_share(store::Transaction& change, std::string_view name);
// In place of what was granted for the same path to the same principal.
[[nodiscard]] base::Result<> set_grant(store::Transaction& change,
                                       std::string_view name,
                                       Grant grant);
[[nodiscard]] base::Result<> revoke_grant(store::Transaction& change,
                                          std::string_view name,
                                          Grant grant);
// All that the room keeps in the store of an account that is being removed.
[[nodiscard]] base::Result<> remove_account_records(store::Transaction& change,
                                                    account::AccountId id);

// "anonymous", "everyone", "@hamburger.example" or "bob@hamburger.example". kNotFound for an account or a domain
// that is not ours.
[[nodiscard]] base::Result<Principal> parse_principal(const store::Reader& reader,
                                                      std::string_view text);
[[nodiscard]] base::Result<std::string> format_principal(const store::Reader& reader,
                                                         const Principal& principal);

}  // namespace files
