#include "files/shares.h"

#include <utility>

#include "account/address.h"
#include "account/usage.h"
#include "files/path.h"
#include "files/records.h"
#include "store/key.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

tl::unexpected<base::Error> no_share() {
    return base::fail(Errc::kNotFound, "there is no such share");
}

// Moves on the number that tells who has the shares in memory that they have changed.
Result<> touch(store::Transaction& change) {
    TRY(const std::optional<std::string> record, change.get(table_key()));
    TRY(const std::uint64_t version, record ? decode_number(*record) : Result<std::uint64_t>(0));
    change.put(table_key(), encode_number(version + 1));
    return {};
}

// Visits the records behind `first`; an error of `visit` ends it.
template <class Visit>
Result<> each(const store::Reader& reader, const std::string& first, Visit visit) {
    Result<> outcome;
    TRY_VOID(reader.scan(
        first, store::prefix_end(first), [&](std::string_view key, std::string_view value) {
            outcome = visit(key, value);
            return outcome.has_value();
        }));
    return outcome;
}

Result<std::vector<Grant>> load_grants(const store::Reader& reader, std::string_view share) {
    std::vector<Grant> grants;
    const auto add = [&](std::string_view key, std::string_view value) -> Result<> {
        TRY(Grant grant, grant_of_key(share, key));
        TRY(grant.rights, decode_rights(value));
        grants.push_back(std::move(grant));
        return {};
    };
    TRY_VOID(each(reader, grants_prefix(share), add));
    return grants;
}

Result<std::string> normal_name(std::string_view name) {
    TRY(const std::string path, join("/", name));
    if (path == "/" || split(path).parent != "/" || name.find('/') != std::string_view::npos) {
        return base::fail(Errc::kInvalid, "a share has one name, without a slash");
    }
    return path.substr(1);
}

Result<std::string> existing(const store::Reader& reader, std::string_view name) {
    TRY(std::string normal, normal_name(name));
    TRY(const auto record, reader.get(share_key(normal)));
    if (!record) {
        return no_share();
    }
    return normal;
}

Result<> erase_all(store::Transaction& change, const std::string& first) {
    std::vector<std::string> keys;
    TRY_VOID(each(change, first, [&](std::string_view key, std::string_view /*value*/) {
        keys.emplace_back(key);
        return Result<>();
    }));
    for (const std::string& key : keys) {
        change.erase(key);
    }
    return {};
}

}  // namespace

Result<std::vector<Share>> list_shares(const store::Reader& reader) {
    std::vector<Share> shares;
    const auto add = [&](std::string_view key, std::string_view value) -> Result<> {
        Share share;
        TRY(share.name, share_of_key(key));
        TRY(share.limits, decode_limits(value));
        shares.push_back(std::move(share));
        return {};
    };
    TRY_VOID(each(reader, prefix(RecordKind::kShare), add));
    for (Share& share : shares) {
        TRY(share.grants, load_grants(reader, share.name));
    }
    return shares;
}

Result<std::optional<Share>> find_share(const store::Reader& reader, std::string_view name) {
    Share share;
    TRY(share.name, normal_name(name));
    TRY(const std::optional<std::string> record, reader.get(share_key(share.name)));
    if (!record) {
        return std::optional<Share>();
    }
    TRY(share.limits, decode_limits(*record));
    TRY(share.grants, load_grants(reader, share.name));
    return std::optional(std::move(share));
}

Result<> add_share(store::Transaction& change, const Share& share) {
    TRY(const std::string name, normal_name(share.name));
    TRY(const auto known, change.get(share_key(name)));
    if (known) {
        return base::fail(Errc::kExists, "the share exists already");
    }
    change.put(share_key(name), encode_limits(share.limits));
    return touch(change);
}

Result<> set_share_limits(store::Transaction& change, std::string_view name, Limits limits) {
    TRY(const std::string normal, existing(change, name));
    change.put(share_key(normal), encode_limits(limits));
    return touch(change);
}

Result<> remove_share(store::Transaction& change, std::string_view name) {
    TRY(const std::string normal, existing(change, name));
    TRY_VOID(erase_all(change, grants_prefix(normal)));
    change.erase(share_key(normal));
    // Should the share come back, its folder is counted anew.
    change.erase(usage_key(share_volume(normal)));
    return touch(change);
}

Result<> set_grant(store::Transaction& change, std::string_view name, Grant grant) {
    TRY(const std::string normal, existing(change, name));
    TRY(grant.path, join("/", grant.path));
    change.put(grant_key(normal, grant), encode_rights(grant.rights));
    return touch(change);
}

Result<> revoke_grant(store::Transaction& change, std::string_view name, Grant grant) {
    TRY(const std::string normal, existing(change, name));
    TRY(grant.path, join("/", grant.path));
    const std::string key = grant_key(normal, grant);
    TRY(const auto known, change.get(key));
    if (!known) {
        return base::fail(Errc::kNotFound, "there is no such grant");
    }
    change.erase(key);
    return touch(change);
}

Result<> remove_account_records(store::Transaction& change, account::AccountId id) {
    change.erase(usage_key(account_volume(id)));
    account::set_outside_octets(change, id, 0);
    TRY(const std::vector<Share> shares, list_shares(change));
    bool changed = false;
    for (const Share& share : shares) {
        for (const Grant& grant : share.grants) {
            if (grant.who.kind == Principal::Kind::kAccount && grant.who.account == id) {
                change.erase(grant_key(share.name, grant));
                changed = true;
            }
        }
    }
    return changed ? touch(change) : Result<>();
}

Result<Principal> parse_principal(const store::Reader& reader, std::string_view text) {
    Principal principal;
    if (text == "anonymous" || text == "everyone") {
        principal.kind =
            text == "anonymous" ? Principal::Kind::kAnonymous : Principal::Kind::kEveryone;
        return principal;
    }
    if (text.starts_with('@')) {
        const auto domain = account::normalize_domain(text.substr(1));
        TRY(const bool ours,
            domain ? account::is_local_domain(reader, *domain) : Result<bool>(false));
        if (!ours) {
            return base::fail(Errc::kNotFound, "there is no such domain here");
        }
        principal.kind = Principal::Kind::kDomain;
        principal.domain = *domain;
        return principal;
    }
    TRY(const account::Address address, account::parse_address(text));
    TRY(const auto account, account::find_account(reader, address));
    if (!account) {
        return base::fail(Errc::kNotFound, "there is no such account");
    }
    principal.kind = Principal::Kind::kAccount;
    principal.account = account->id;
    return principal;
}

Result<std::string> format_principal(const store::Reader& reader, const Principal& principal) {
    switch (principal.kind) {
        case Principal::Kind::kAnonymous:
            return std::string("anonymous");
        case Principal::Kind::kEveryone:
            return std::string("everyone");
        case Principal::Kind::kDomain:
            return "@" + principal.domain;
        case Principal::Kind::kAccount:
            break;
    }
    TRY(const auto account, account::find_account(reader, principal.account));
    return account ? account->address.to_string() : "an account that was removed";
}

}  // namespace files
