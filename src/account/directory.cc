#include "account/directory.h"

#include "account/list_records.h"
#include "account/mailing_list.h"
#include "account/records.h"
#include "account/secrets.h"
#include "account/text.h"
#include "base/ascii.h"
#include "store/key.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kOwnLocalOctetsMax = 64;  // RFC 5321 4.5.3.1.1: what everybody can take
constexpr std::size_t kFullNameOctetsMax = 256;
constexpr std::size_t kVerifiedMax = 20;

bool has_control(std::string_view text) {
    for (const char c : text) {
        if (base::is_control(c)) {
            return true;
        }
    }
    return false;
}

base::Result<> check_account(const Account& account) {
    const std::string& local = account.address.local;
    if (local.empty() || local.size() > kOwnLocalOctetsMax || has_control(local) ||
        !base::is_utf8(local)) {
        return fail(Errc::kSyntax, "an account's local part has 1 to 64 octets, no controls");
    }
    if (account.full_name.size() > kFullNameOctetsMax || has_control(account.full_name) ||
        !base::is_utf8(account.full_name)) {
        return fail(Errc::kSyntax, "a full name has at most 256 octets, no controls");
    }
    return {};
}

// May an account be known by `address`? Its domain must be ours and nobody else known by it.
base::Result<> check_free(const store::Reader& reader, const Address& address) {
    TRY(const bool ours, is_local_domain(reader, address.domain));
    if (!ours) {
        return fail(Errc::kNotFound, "there is no domain " + address.domain);
    }
    for (const std::string& key : {address_key(address), alias_key(address)}) {
        TRY(const std::optional<std::string> taken, reader.get(key));
        if (taken) {
            return fail(Errc::kExists, address.to_string() + " exists already");
        }
    }
    TRY(const auto list, find_list_name(reader, address));
    if (list) {
        return fail(Errc::kExists,
                    address.to_string() + " is a name of the list " + list->list.to_string());
    }
    return {};
}

void put_indexes(store::Transaction& change, const Account& account) {
    change.put(address_key(account.address), encode_number(account.id));
    change.put(name_key(account.address.local, account.id), encode_mark());
    if (!account.full_name.empty()) {
        change.put(name_key(account.full_name, account.id), encode_mark());
    }
    if (account.administrator) {
        change.put(administrator_key(account.id), encode_mark());
    }
}

void erase_indexes(store::Transaction& change, const Account& account) {
    change.erase(address_key(account.address));
    change.erase(name_key(account.address.local, account.id));
    if (!account.full_name.empty()) {
        change.erase(name_key(account.full_name, account.id));
    }
    change.erase(administrator_key(account.id));
}

base::Result<bool> has_any(const store::Reader& reader, const std::string& prefix) {
    bool any = false;
    TRY_VOID(
        reader.scan(prefix, store::prefix_end(prefix), [&any](std::string_view, std::string_view) {
            any = true;
            return false;
        }));
    return any;
}

// `domain` as keys have it; kSyntax for an address literal too, which nobody can own.
base::Result<std::string> own_domain_name(std::string_view domain) {
    TRY(std::string name, normalize_domain(domain));
    if (name.starts_with('[')) {
        return fail(Errc::kSyntax, "an address literal is no domain to have accounts in");
    }
    return name;
}

}  // namespace

base::Result<bool> is_local_domain(const store::Reader& reader, std::string_view domain) {
    const auto name = normalize_domain(domain);
    if (!name) {
        return false;
    }
    TRY(const std::optional<std::string> record, reader.get(domain_key(*name)));
    return record.has_value();
}

base::Result<std::optional<Account>> find_account(const store::Reader& reader,
                                                  const Address& address) {
    TRY(const auto id, read(reader, address_key(address), decode_number));
    if (!id) {
        return std::optional<Account>();
    }
    TRY(std::optional<Account> account, find_account(reader, *id));
    if (!account) {
        return fail(Errc::kCorrupt, address.to_string() + " is of an account that is not there");
    }
    return account;
}

base::Result<std::optional<Account>> find_account(const store::Reader& reader, AccountId id) {
    return read(reader, account_key(id), [id](std::string_view record) {
        return decode_account(id, record);
    });
}

// RFC 5321 3.5.1: a whole address, a user name, or the full name.
base::Result<std::vector<Account>> verify(const store::Reader& reader, std::string_view text) {
    std::vector<Account> accounts;
    if (const auto address = parse_address(text)) {
        TRY(std::optional<Account> account, find_account(reader, *address));
        if (account && !account->disabled) {
            accounts.push_back(std::move(*account));
        }
        return accounts;
    }
    std::vector<AccountId> ids;
    const std::string prefix = name_prefix(text);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&ids](std::string_view key, std::string_view) {
            ids.push_back(id_at_end(key).value_or(0));
            return ids.size() < kVerifiedMax;
        }));
    for (const AccountId id : ids) {
        TRY(std::optional<Account> account, find_account(reader, id));
        if (account && !account->disabled) {
            accounts.push_back(std::move(*account));
        }
    }
    return accounts;
}

base::Result<std::vector<std::string>> list_domains(const store::Reader& reader) {
    std::vector<std::string> domains;
    const std::string first = prefix(KeyTag::kDomain);
    TRY_VOID(reader.scan(
        first, store::prefix_end(first), [&domains](std::string_view key, std::string_view) {
            domains.push_back(domain_of_key(key).value_or(""));
            return true;
        }));
    return domains;
}

base::Result<std::vector<Account>> list_accounts(const store::Reader& reader,
                                                 std::string_view domain) {
    TRY(const std::string name, own_domain_name(domain));
    std::vector<AccountId> ids;
    const std::string prefix = addresses_prefix(name);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&ids](std::string_view, std::string_view record) {
            ids.push_back(decode_number(record).value_or(0));
            return true;
        }));
    std::vector<Account> accounts;
    accounts.reserve(ids.size());
    for (const AccountId id : ids) {
        TRY(std::optional<Account> account, find_account(reader, id));
        if (account) {
            accounts.push_back(std::move(*account));
        }
    }
    return accounts;
}

base::Result<> add_domain(store::Transaction& change, std::string_view domain) {
    TRY(const std::string name, own_domain_name(domain));
    TRY(const std::optional<std::string> record, change.get(domain_key(name)));
    if (record) {
        return fail(Errc::kExists, "the domain " + name + " exists already");
    }
    change.put(domain_key(name), encode_mark());
    return {};
}

base::Result<> remove_domain(store::Transaction& change, std::string_view domain) {
    TRY(const std::string name, own_domain_name(domain));
    TRY(const std::optional<std::string> record, change.get(domain_key(name)));
    if (!record) {
        return fail(Errc::kNotFound, "there is no domain " + name);
    }
    for (const std::string& prefix :
         {addresses_prefix(name), aliases_prefix(name), lists_prefix(name)}) {
        TRY(const bool any, has_any(change, prefix));
        if (any) {
            return fail(Errc::kInUse,
                        "the domain " + name + " still has accounts, aliases or lists");
        }
    }
    change.erase(domain_key(name));
    return {};
}

base::Result<AccountId> add_account(store::Transaction& change, const Account& account) {
    TRY_VOID(check_account(account));
    TRY_VOID(check_free(change, account.address));
    TRY(const auto next, read(change, next_id_key(), decode_number));
    Account added = account;
    added.id = next.value_or(1);
    change.put(next_id_key(), encode_number(added.id + 1));
    change.put(account_key(added.id), encode_account(added));
    put_indexes(change, added);
    return added.id;
}

base::Result<> update_account(store::Transaction& change, const Account& account) {
    TRY_VOID(check_account(account));
    TRY(const std::optional<Account> old, find_account(change, account.id));
    if (!old) {
        return fail(Errc::kNotFound, "there is no account " + std::to_string(account.id));
    }
    if (address_key(old->address) != address_key(account.address)) {
        TRY_VOID(check_free(change, account.address));
    }
    erase_indexes(change, *old);
    change.put(account_key(account.id), encode_account(account));
    put_indexes(change, account);
    return {};
}

base::Result<> remove_account(store::Transaction& change, const Address& address) {
    TRY(const std::optional<Account> account, find_account(change, address));
    if (!account) {
        return fail(Errc::kNotFound, "there is no account " + address.to_string());
    }
    erase_indexes(change, *account);
    TRY_VOID(remove_all_secrets(change, account->id));
    change.erase(account_key(account->id));
    return {};
}

}  // namespace account
