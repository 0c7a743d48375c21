#include "mail/acl.h"

#include <algorithm>

#include "account/directory.h"
#include "base/ascii.h"
#include "mail/records.h"
#include "mail/types.h"
#include "store/key.h"

namespace mail {
namespace {

using store::KeyReader;
using store::KeyWriter;

std::string grant_key(Ref ref, const AclGrant& grant) {
    return KeyWriter()
        .raw(mailbox_key(KeyTag::kAcl, ref))
        .u8(grant.negative ? 1 : 0)
        .u64(grant.who)
        .key();
}

std::string shared_key(account::AccountId who, Ref ref) {
    return KeyWriter()
        .raw(account_prefix(KeyTag::kSharedWith, who))
        .u64(ref.owner)
        .u64(ref.mailbox)
        .key();
}

base::Result<> collect_shared(const store::Reader& reader,
                              account::AccountId who,
                              std::vector<Ref>& refs) {
    const std::string prefix = account_prefix(KeyTag::kSharedWith, who);
    return reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view) {
            KeyReader parts(key.substr(prefix.size()));
            Ref ref;
            ref.owner = parts.u64();
            ref.mailbox = parts.u64();
            if (parts.finish()) {
                refs.push_back(ref);
            }
            return true;
        });
}

}  // namespace

base::Result<AclName> parse_identifier(const store::Reader& reader, std::string_view identifier) {
    AclName name;
    name.negative = identifier.starts_with('-');
    identifier.remove_prefix(name.negative ? 1 : 0);
    if (base::iequals(identifier, "anyone")) {
        return name;
    }
    const auto address = account::parse_address(identifier);
    if (!address) {
        return base::fail(base::Errc::kNotFound, "nobody has that identifier");
    }
    TRY(const auto found, account::find_account(reader, *address));
    if (!found) {
        return base::fail(base::Errc::kNotFound, "nobody has that identifier");
    }
    name.who = found->id;
    return name;
}

base::Result<std::vector<AclGrant>> load_acl(const store::Reader& reader, Ref ref) {
    std::vector<AclGrant> grants;
    base::Result<> damage;
    const std::string prefix = mailbox_key(KeyTag::kAcl, ref);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            KeyReader parts(key.substr(prefix.size()));
            AclGrant grant;
            grant.negative = parts.u8() != 0;
            grant.who = parts.u64();
            const auto rights = decode_number(record);
            if (!rights || !parts.finish() || (*rights & ~std::uint64_t{kAllRights}) != 0) {
                damage = base::fail(base::Errc::kCorrupt, "an access control list is damaged");
                return false;
            }
            grant.rights = static_cast<Rights>(*rights);
            grants.push_back(grant);
            return true;
        }));
    TRY_VOID(std::move(damage));
    return grants;
}

base::Result<> put_grant(store::Transaction& change, Ref ref, const AclGrant& grant) {
    if (grant.rights != 0) {
        change.put(grant_key(ref, grant), encode_number(grant.rights));
        change.put(shared_key(grant.who, ref), encode_mark());
        return {};
    }
    change.erase(grant_key(ref, grant));
    AclGrant other = grant;
    other.negative = !grant.negative;
    TRY(const auto remains, change.get(grant_key(ref, other)));
    if (!remains) {
        change.erase(shared_key(grant.who, ref));
    }
    return {};
}

base::Result<> erase_acl(store::Transaction& change, Ref ref) {
    TRY(const auto grants, load_acl(change, ref));
    for (AclGrant grant : grants) {
        grant.rights = 0;
        TRY_VOID(put_grant(change, ref, grant));
    }
    return {};
}

base::Result<Rights> rights_of(const store::Reader& reader, account::AccountId user, Ref ref) {
    if (user == kServer || user == ref.owner) {
        return kAllRights;
    }
    TRY(const auto grants, load_acl(reader, ref));
    Rights given = 0;
    Rights taken = 0;
    for (const AclGrant& grant : grants) {
        if (grant.who == kAnyone || grant.who == user) {
            Rights& sum = grant.negative ? taken : given;
            sum = static_cast<Rights>(sum | grant.rights);
        }
    }
    return static_cast<Rights>(given & ~taken);
}

base::Result<> require(const store::Reader& reader,
                       account::AccountId user,
                       Ref ref,
                       Rights rights) {
    TRY(const Rights has, rights_of(reader, user, ref));
    if ((has & rights) == rights) {
        return {};
    }
    return (has & kRightsToKnow) != 0 ? base::fail(base::Errc::kDenied, "the rights do not suffice")
                                      : base::fail(base::Errc::kNotFound, "no such mailbox");
}

base::Result<std::vector<Ref>> shared_with(const store::Reader& reader, account::AccountId user) {
    std::vector<Ref> refs;
    TRY_VOID(collect_shared(reader, user, refs));
    TRY_VOID(collect_shared(reader, kAnyone, refs));
    std::erase_if(refs, [user](const Ref& ref) { return ref.owner == user; });
    std::sort(refs.begin(), refs.end());
    refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
    return refs;
}

base::Result<> erase_grants_to(store::Transaction& change, account::AccountId user) {
    std::vector<Ref> refs;
    TRY_VOID(collect_shared(change, user, refs));
    for (const Ref& ref : refs) {
        for (const bool negative : {false, true}) {
            TRY_VOID(put_grant(change, ref, {user, negative, 0}));
        }
    }
    return {};
}

base::Result<> erase_grants_by(store::Transaction& change, account::AccountId owner) {
    std::vector<Ref> refs;
    const std::string prefix = account_prefix(KeyTag::kAcl, owner);
    TRY_VOID(change.scan(
        prefix, store::prefix_end(prefix), [&refs](std::string_view key, std::string_view) {
            const auto ref = parse_mailbox_key(key);
            if (ref && (refs.empty() || refs.back() != *ref)) {
                refs.push_back(*ref);
            }
            return true;
        }));
    for (const Ref& ref : refs) {
        TRY_VOID(erase_acl(change, ref));
    }
    return {};
}

}  // namespace mail
