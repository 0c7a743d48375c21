// Where mail goes: accounts, subaddresses (RFC 5233), aliases of aliases, lists, postmaster, catch-alls.
//
// BUGS: an alias is followed at once, on the caller's thread: one of 20,000 members takes it a good part of
// a second. Lists of that size want a queue of their own.
#include <algorithm>
#include <deque>
#include <iterator>
#include <set>

#include "account/directory.h"
#include "account/mailing_list.h"
#include "account/records.h"
#include "base/ascii.h"
#include "store/key.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

constexpr char kDetailSeparator = '+';
constexpr std::size_t kMembersMax = 10'000;     // of one alias
constexpr std::size_t kRecipientsMax = 20'000;  // of one address, through all its aliases
constexpr std::size_t kNestingMax = 16;
constexpr std::size_t kPostmastersMax = 16;
constexpr std::size_t kOwnersMax = 100;   // of a list, that get what its owners are sent
constexpr std::size_t kShownMax = 1'000;  // of a list, by EXPN
constexpr std::string_view kPostmaster = "postmaster";

// `bob+list` as `bob` and `list`; nothing without a separator behind a user name.
struct Subaddress {
    Address user;
    std::string detail;
};

std::optional<Subaddress> split_detail(const Address& address) {
    const std::size_t at = address.local.find(kDetailSeparator);
    if (at == std::string::npos || at == 0) {
        return std::nullopt;
    }
    return Subaddress{{address.local.substr(0, at), address.domain}, address.local.substr(at + 1)};
}

base::Result<std::optional<std::vector<Address>>> find_alias(const store::Reader& reader,
                                                             const Address& address) {
    return read(reader, alias_key(address), decode_members);
}

// What one address stands for, one step down: nothing of ours, accounts, the members of an alias, a list.
struct Step {
    enum class Kind { kRemote, kUnknown, kAccounts, kMembers, kList };

    Kind kind = Kind::kUnknown;
    std::vector<Account> accounts;
    std::string detail;
    std::vector<Address> members;
    std::optional<Address> alias;  // whose members these are
    Address list;
};

base::Result<std::vector<Address>> first_members(const store::Reader& reader,
                                                 const Address& list,
                                                 Membership membership,
                                                 std::size_t count_max) {
    std::vector<Address> members;
    TRY_VOID(visit_members(reader, list, membership, std::nullopt, [&](const Address& member) {
        members.push_back(member);
        return members.size() < count_max;
    }));
    return members;
}

// What is sent to a list's owners finds somebody even when it has none.
base::Result<Step> look_up_list(const store::Reader& reader, const Address& address) {
    Step step;
    TRY(auto place, find_list_name(reader, address));
    if (!place) {
        return step;
    }
    if (place->name == ListName::kItself) {
        step.kind = Step::Kind::kList;
        step.list = std::move(place->list);
        return step;
    }
    TRY(step.members, first_members(reader, place->list, Membership::kOwner, kOwnersMax));
    step.kind = Step::Kind::kMembers;
    if (step.members.empty()) {
        step.kind = Step::Kind::kAccounts;
        TRY(step.accounts, find_administrators(reader));
    }
    return step;
}

// The user, alias or list that is called exactly so.
base::Result<Step> look_up_exactly(const store::Reader& reader, const Address& address) {
    Step step;
    TRY(std::optional<Account> account, find_account(reader, address));
    if (account) {
        step.kind = Step::Kind::kAccounts;
        step.accounts.push_back(std::move(*account));
        return step;
    }
    TRY(auto members, find_alias(reader, address));
    if (!members) {
        return look_up_list(reader, address);
    }
    step.kind = Step::Kind::kMembers;
    step.members = std::move(*members);
    step.alias = address;
    return step;
}

// RFC 5321 4.5.1: `postmaster` is always there.
base::Result<Step> look_up_postmaster(const store::Reader& reader, const Address& address) {
    Step step;
    if (!base::iequals(address.local, kPostmaster)) {
        return step;
    }
    TRY(step.accounts, find_administrators(reader));
    if (!step.accounts.empty()) {
        step.kind = Step::Kind::kAccounts;
    }
    return step;
}

base::Result<Step> look_up_catch_all(const store::Reader& reader, const Address& address) {
    Step step;
    Address catch_all{"", address.domain};
    TRY(auto members, find_alias(reader, catch_all));
    if (members) {
        step.kind = Step::Kind::kMembers;
        step.members = std::move(*members);
        step.alias = std::move(catch_all);
    }
    return step;
}

// In the order of precedence: `bob+list` itself, then `bob`, then postmaster, then the catch-all.
base::Result<Step> look_up(const store::Reader& reader, const Address& address) {
    if (address.domain.empty()) {
        return look_up_postmaster(reader, address);
    }
    TRY(const bool ours, is_local_domain(reader, address.domain));
    if (!ours) {
        Step step;
        step.kind = Step::Kind::kRemote;
        return step;
    }
    TRY(Step step, look_up_exactly(reader, address));
    if (step.kind != Step::Kind::kUnknown) {
        return step;
    }
    if (auto subaddress = split_detail(address)) {
        TRY(step, look_up_exactly(reader, subaddress->user));
        if (step.kind != Step::Kind::kUnknown) {
            step.detail = std::move(subaddress->detail);
            return step;
        }
    }
    TRY(step, look_up_postmaster(reader, address));
    if (step.kind != Step::Kind::kUnknown) {
        return step;
    }
    return look_up_catch_all(reader, address);
}

// Follows an address through the aliases, breadth first. Each address is looked at once, which ends
// loops; members that are unknown or disabled are left out as long as anybody is left.
class Resolver {
  public:
    explicit Resolver(const store::Reader& reader) : reader_(reader) {}

    base::Result<Resolution> run(const Address& address) {
        TRY_VOID(enter(address, 0));
        while (!waiting_.empty()) {
            const Waiting next = std::move(waiting_.front());
            waiting_.pop_front();
            TRY(Step step, look_up(reader_, next.address));
            TRY_VOID(take(next, std::move(step)));
        }
        if (resolution_.local.empty() && resolution_.remote.empty() && resolution_.lists.empty()) {
            return met_disabled_
                       ? fail(Errc::kDenied, address.to_string() + " is disabled")
                       : fail(Errc::kNotFound, "there is nobody at " + address.to_string());
        }
        return std::move(resolution_);
    }

  private:
    struct Waiting {
        Address address;
        std::size_t depth = 0;
    };

    base::Result<> enter(const Address& address, std::size_t depth) {
        if (depth > kNestingMax || seen_.size() >= kRecipientsMax) {
            return fail(Errc::kTooLong, "an alias is nested too deep or stands for too many");
        }
        if (seen_.insert(address_key(address)).second) {
            waiting_.push_back({address, depth});
        }
        return {};
    }

    base::Result<> enter_all(const std::vector<Address>& addresses, std::size_t depth) {
        for (const Address& address : addresses) {
            TRY_VOID(enter(address, depth));
        }
        return {};
    }

    base::Result<> take(const Waiting& from, Step step) {
        switch (step.kind) {
            case Step::Kind::kUnknown:
                return {};
            case Step::Kind::kRemote:
                if (from.depth == 0) {
                    return fail(Errc::kUnsupported, from.address.domain + " is no domain of ours");
                }
                resolution_.remote.push_back(from.address);
                return {};
            case Step::Kind::kAccounts:
                for (Account& account : step.accounts) {
                    add(std::move(account), step.detail);
                }
                return {};
            case Step::Kind::kMembers:
                return enter_all(step.members, from.depth + 1);
            case Step::Kind::kList:
                if (lists_.insert(address_key(step.list)).second) {
                    resolution_.lists.push_back(std::move(step.list));
                }
                return {};
        }
        return {};
    }

    void add(Account account, const std::string& detail) {
        if (account.disabled) {
            met_disabled_ = true;
        } else if (accounts_.insert(account.id).second) {
            resolution_.local.push_back({account.id,
                                         std::move(account.address),
                                         detail,
                                         account.quota_octets,
                                         account.quota_messages});
        }
    }

    const store::Reader& reader_;
    std::deque<Waiting> waiting_;
    std::set<std::string> seen_;
    std::set<AccountId> accounts_;
    std::set<std::string> lists_;
    bool met_disabled_ = false;
    Resolution resolution_;
};

// `user@domain`, or `@domain` for the catch-all as an address with an empty local part.
base::Result<Address> parse_alias_address(std::string_view text) {
    if (text.starts_with('@')) {
        Address address;
        TRY(address.domain, normalize_domain(text.substr(1)));
        return address;
    }
    TRY(Address address, parse_address(text));
    if (address.local.empty()) {
        return fail(Errc::kSyntax, "an alias has a local part, or is written @domain");
    }
    return address;
}

std::string alias_text(const Address& address) {
    return address.local.empty() ? "@" + address.domain : address.to_string();
}

// A member at one of our domains must be somebody: a slip of the pen would lose that person's mail.
base::Result<> check_member(const store::Reader& reader,
                            const Address& alias,
                            const Address& member) {
    if (alias_key(member) == alias_key(alias)) {
        return fail(Errc::kInvalid, alias_text(alias) + " would be its own member");
    }
    TRY(const Step step, look_up(reader, member));
    if (step.kind == Step::Kind::kUnknown) {
        return fail(Errc::kNotFound, "there is nobody at " + member.to_string());
    }
    return {};
}

// Does mail for `alias` come back to it? Called with its members already in place.
base::Result<> check_no_loop(const store::Reader& reader, const Address& alias) {
    std::set<std::string> seen;
    const std::string ours = alias_key(alias);
    TRY(const auto members, find_alias(reader, alias));
    std::deque<Address> waiting(members->begin(), members->end());
    for (; !waiting.empty(); waiting.pop_front()) {
        if (!seen.insert(address_key(waiting.front())).second) {
            continue;
        }
        if (seen.size() > kRecipientsMax) {
            return fail(Errc::kTooLong, "an alias stands for too many");
        }
        TRY(Step step, look_up(reader, waiting.front()));
        if (step.alias && alias_key(*step.alias) == ours) {
            return fail(Errc::kInvalid,
                        alias_text(alias) + " would lead back to itself through " +
                            waiting.front().to_string());
        }
        std::move(step.members.begin(), step.members.end(), std::back_inserter(waiting));
    }
    return {};
}

}  // namespace

base::Result<std::vector<Account>> find_administrators(const store::Reader& reader) {
    std::vector<AccountId> ids;
    const std::string prefix = administrators_prefix();
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&ids](std::string_view key, std::string_view) {
            ids.push_back(id_at_end(key).value_or(0));
            return ids.size() < kPostmastersMax;
        }));
    std::vector<Account> administrators;
    for (const AccountId id : ids) {
        TRY(std::optional<Account> account, find_account(reader, id));
        if (account && !account->disabled) {
            administrators.push_back(std::move(*account));
        }
    }
    return administrators;
}

std::string Alias::name() const {
    return alias_text(address);
}

base::Result<Resolution> resolve(const store::Reader& reader, const Address& address) {
    return Resolver(reader).run(address);
}

base::Result<bool> owns_address(const store::Reader& reader,
                                const Account& account,
                                const Address& sender) {
    const auto resolution = resolve(reader, sender);
    if (!resolution) {
        switch (resolution.error().code) {
            case Errc::kUnsupported:
            case Errc::kNotFound:
            case Errc::kDenied:
            case Errc::kTooLong:
                return false;
            default:
                return tl::unexpected(resolution.error());
        }
    }
    return std::any_of(
        resolution->local.begin(),
        resolution->local.end(),
        [&account](const LocalRecipient& local) { return local.account == account.id; });
}

// RFC 5321 3.5.1. A name without a domain is looked for in every domain of ours.
base::Result<std::vector<Address>> expand(const store::Reader& reader, std::string_view text) {
    std::vector<Address> names;
    if (auto address = parse_address(text)) {
        names.push_back(std::move(*address));
    } else {
        TRY(const std::vector<std::string> domains, list_domains(reader));
        for (const std::string& domain : domains) {
            names.push_back({std::string(text), domain});
        }
    }
    for (const Address& name : names) {
        if (name.local.empty()) {
            continue;
        }
        TRY(auto members, find_alias(reader, name));
        if (members) {
            return std::move(*members);
        }
    }
    TRY(const auto list, find_list_called(reader, text));
    if (list) {
        return first_members(reader, list->address, Membership::kMember, kShownMax);
    }
    return fail(Errc::kNotFound, "there is no alias or list " + std::string(text));
}

base::Result<std::vector<Alias>> list_aliases(const store::Reader& reader,
                                              std::string_view domain) {
    TRY(const std::string name, normalize_domain(domain));
    std::vector<Alias> aliases;
    base::Result<> readable;
    const std::string prefix = aliases_prefix(name);
    const auto visit = [&](std::string_view key, std::string_view value) -> base::Result<> {
        Alias alias;
        TRY(alias.address, address_of_key(key));
        TRY(alias.members, decode_members(value));
        aliases.push_back(std::move(alias));
        return {};
    };
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view key, std::string_view value) {
            readable = visit(key, value);
            return readable.has_value();
        }));
    TRY_VOID(readable);
    return aliases;
}

base::Result<> set_alias(store::Transaction& change,
                         std::string_view address,
                         const std::vector<Address>& members) {
    TRY(const Address alias, parse_alias_address(address));
    TRY(const bool ours, is_local_domain(change, alias.domain));
    if (!ours) {
        return fail(Errc::kNotFound, "there is no domain " + alias.domain);
    }
    if (!alias.local.empty()) {
        TRY(const std::optional<std::string> taken, change.get(address_key(alias)));
        if (taken) {
            return fail(Errc::kExists, alias.to_string() + " is an account");
        }
        TRY(const auto list, find_list_name(change, alias));
        if (list) {
            return fail(Errc::kExists,
                        alias.to_string() + " is a name of the list " + list->list.to_string());
        }
    }
    if (members.empty() || members.size() > kMembersMax) {
        return fail(Errc::kInvalid, "an alias stands for 1 to 10,000 addresses");
    }
    for (const Address& member : members) {
        TRY_VOID(check_member(change, alias, member));
    }
    const std::string key = alias_key(alias);
    TRY(const std::optional<std::string> before, change.get(key));
    change.put(key, encode_members(members));
    auto sound = check_no_loop(change, alias);
    if (!sound && before) {
        change.put(key, *before);
    } else if (!sound) {
        change.erase(key);
    }
    return sound;
}

base::Result<> remove_alias(store::Transaction& change, std::string_view address) {
    TRY(const Address alias, parse_alias_address(address));
    TRY(const std::optional<std::string> record, change.get(alias_key(alias)));
    if (!record) {
        return fail(Errc::kNotFound, "there is no alias " + alias_text(alias));
    }
    change.erase(alias_key(alias));
    return {};
}

}  // namespace account
