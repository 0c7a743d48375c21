// Accounts on their way out: gone for everybody at once, while what other rooms keep of them goes a
// bounded number of records a change. The mark lets a start finish what a crash cut short.
#include "account/directory.h"
#include "account/records.h"
#include "store/key.h"

namespace account {

base::Result<AccountId> begin_removal(store::Transaction& change, const Address& address) {
    TRY(const std::optional<Account> account, find_account(change, address));
    TRY_VOID(remove_account(change, address));
    change.put(removal_key(account->id), encode_mark());
    return account->id;
}

base::Result<std::vector<AccountId>> list_removals(const store::Reader& reader) {
    std::vector<AccountId> ids;
    const std::string first = removals_prefix();
    TRY_VOID(reader.scan(
        first, store::prefix_end(first), [&ids](std::string_view key, std::string_view) {
            ids.push_back(id_at_end(key).value_or(0));
            return true;
        }));
    return ids;
}

base::Result<bool> is_being_removed(const store::Reader& reader, AccountId id) {
    TRY(const std::optional<std::string> mark, reader.get(removal_key(id)));
    return mark.has_value();
}

void end_removal(store::Transaction& change, AccountId id) {
    change.erase(removal_key(id));
}

}  // namespace account
