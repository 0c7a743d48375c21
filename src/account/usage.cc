#include "account/usage.h"

#include <algorithm>
#include <string>
#include <vector>

#include "account/records.h"
#include "store/key.h"

namespace account {

base::Result<std::uint64_t> outside_octets(const store::Reader& reader, AccountId id) {
    TRY(const auto octets, read(reader, outside_key(id), decode_number));
    return octets.value_or(0);
}

base::Result<std::uint64_t> mail_limit(const store::Reader& reader,
                                       AccountId id,
                                       std::uint64_t quota_octets) {
    TRY(const std::uint64_t outside, outside_octets(reader, id));
    return quota_octets - std::min(quota_octets, outside);
}

void set_outside_octets(store::Transaction& change, AccountId id, std::uint64_t octets) {
    if (octets == 0) {
        change.erase(outside_key(id));
    } else {
        change.put(outside_key(id), encode_number(octets));
    }
}

base::Result<> clear_outside_octets(store::Transaction& change) {
    std::vector<std::string> keys;
    const std::string first = outside_prefix();
    TRY_VOID(change.scan(first, store::prefix_end(first), [&](std::string_view key, auto) {
        keys.emplace_back(key);
        return true;
    }));
    for (const std::string& key : keys) {
        change.erase(key);
    }
    return {};
}

}  // namespace account
