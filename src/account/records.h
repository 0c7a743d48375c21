// The directory's records: their keys and their values. docs/architecture/storage-format.md, "Accounts",
// is the same in words; change both together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "account/secrets.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

// Every key begins with one of these. Other rooms have others: a key says whose record it is.
enum class KeyTag : std::uint8_t {
    kDomain = 'D',
    kAccount = 'A',
    kAddress = 'a',
    kAlias = 'L',
    kList = 'l',
    kName = 'N',
    kPassword = 'P',
    kCommon = 'n',
};

[[nodiscard]] std::string prefix(KeyTag tag);
[[nodiscard]] std::string domain_key(std::string_view domain);
[[nodiscard]] std::string account_key(AccountId id);
// By the folded local part; an empty one is the domain's catch-all in aliases.
[[nodiscard]] std::string address_key(const Address& address);
[[nodiscard]] std::string addresses_prefix(std::string_view domain);
[[nodiscard]] std::string alias_key(const Address& address);
[[nodiscard]] std::string aliases_prefix(std::string_view domain);
// What VRFY finds accounts by: the folded full name, and the folded local part.
[[nodiscard]] std::string name_prefix(std::string_view name);
[[nodiscard]] std::string name_key(std::string_view name, AccountId id);
// An account's secrets: all of them, the password's, the legacy one, application passwords by name.
[[nodiscard]] std::string secrets_prefix(AccountId id);
[[nodiscard]] std::string password_key(AccountId id);
[[nodiscard]] std::string legacy_key(AccountId id);
[[nodiscard]] std::string applications_prefix(AccountId id);
[[nodiscard]] std::string application_key(AccountId id, std::string_view name);
// Records of which there is one: the next account id, the number of legacy secrets, the keys of the decoys
// and of rewritten senders.
[[nodiscard]] std::string next_id_key();
[[nodiscard]] std::string legacy_count_key();
[[nodiscard]] std::string decoy_key_key();
[[nodiscard]] std::string srs_key_key();
[[nodiscard]] std::string administrators_prefix();
[[nodiscard]] std::string administrator_key(AccountId id);
[[nodiscard]] std::string removals_prefix();
[[nodiscard]] std::string removal_key(AccountId id);
[[nodiscard]] std::string outside_prefix();
[[nodiscard]] std::string outside_key(AccountId id);

// What the keys above carry.
[[nodiscard]] base::Result<std::string> domain_of_key(std::string_view key);
// The address of an address or alias key, its local part folded.
[[nodiscard]] base::Result<Address> address_of_key(std::string_view key);
// The id at a key's end (names, administrators) or behind its tag (accounts, secrets).
[[nodiscard]] base::Result<AccountId> id_at_end(std::string_view key);
[[nodiscard]] base::Result<AccountId> id_behind_tag(std::string_view key);

// The value of a record that says nothing but that it is there.
[[nodiscard]] std::string encode_mark();
[[nodiscard]] std::string encode_account(const Account& account);
[[nodiscard]] base::Result<Account> decode_account(AccountId id, std::string_view record);
[[nodiscard]] std::string encode_number(std::uint64_t number);
[[nodiscard]] base::Result<std::uint64_t> decode_number(std::string_view record);
[[nodiscard]] std::string encode_text(std::string_view text);
[[nodiscard]] base::Result<std::string> decode_text(std::string_view record);
[[nodiscard]] std::string encode_members(const std::vector<Address>& members);
[[nodiscard]] base::Result<std::vector<Address>> decode_members(std::string_view record);
[[nodiscard]] std::string encode_password(const PasswordRecord& password);
[[nodiscard]] base::Result<PasswordRecord> decode_password(std::string_view record);
[[nodiscard]] std::string encode_application(const ApplicationRecord& application);
[[nodiscard]] base::Result<ApplicationRecord> decode_application(std::string_view name,
                                                                 std::string_view record);

// Reads one record and decodes it; nothing when it is not there.
template <class Decode>
auto read(const store::Reader& reader, const std::string& key, Decode decode)
    -> base::Result<std::optional<typename decltype(decode(std::string_view()))::value_type>> {
    using Value = typename decltype(decode(std::string_view()))::value_type;
    TRY(const std::optional<std::string> record, reader.get(key));
    if (!record) {
        return std::optional<Value>();
    }
    TRY(Value value, decode(*record));
    return std::optional<Value>(std::move(value));
}

}  // namespace account
