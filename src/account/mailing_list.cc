#include "account/mailing_list.h"

#include <algorithm>
#include <array>

#include "account/directory.h"
#include "account/list_records.h"
#include "account/records.h"
#include "base/ascii.h"
#include "store/key.h"

namespace account {
namespace {

using base::Errc;
using base::fail;

// With the longest suffix a name still has the 64 octets that everybody can take (RFC 5321 4.5.3.1.1).
constexpr std::size_t kLocalOctetsMax = 56;
constexpr std::size_t kDescriptionOctetsMax = 200;
constexpr std::size_t kUrlOctetsMax = 900;  // a header line has at most 998 (RFC 5322 2.1.1)

struct Suffix {
    ListName name;
    std::string_view text;
};

constexpr std::array kNames = {Suffix{ListName::kItself, ""},
                               Suffix{ListName::kOwner, "-owner"},
                               Suffix{ListName::kRequest, "-request"},
                               Suffix{ListName::kBounces, "-bounces"}};

constexpr std::array<std::pair<Posting, std::string_view>, 3> kPostings = {
    {{Posting::kMembers, "members"}, {Posting::kOwners, "owners"}, {Posting::kAnybody, "anybody"}}};

// What List-Id can name without quoting, and what survives every mail program's hands.
bool is_list_local(std::string_view local) {
    const auto is_ordinary = [](char c) {
        return base::is_alnum(c) || c == '-' || c == '.' || c == '_';
    };
    return !local.empty() && local.size() <= kLocalOctetsMax &&
           std::all_of(local.begin(), local.end(), is_ordinary) && local.front() != '.' &&
           local.back() != '.' && local.find("..") == std::string_view::npos;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return base::is_control(c); });
}

// RFC 8058 3.1 wants https; angle brackets and spaces would end it in its field.
bool is_unsubscribe_url(std::string_view url) {
    return url.starts_with("https://") && url.size() <= kUrlOctetsMax && base::is_ascii(url) &&
           !has_control(url) && url.find_first_of(" <>\",") == std::string_view::npos;
}

base::Result<> check_fields(const MailingList& list) {
    if (!is_list_local(list.address.local)) {
        return fail(Errc::kSyntax,
                    "a list's name has 1 to 56 letters, digits, hyphens, dots or underscores");
    }
    if (list.description.size() > kDescriptionOctetsMax || has_control(list.description) ||
        !base::is_utf8(list.description)) {
        return fail(Errc::kSyntax, "a description has at most 200 octets, no controls");
    }
    if (!list.unsubscribe_url.empty() && !is_unsubscribe_url(list.unsubscribe_url)) {
        return fail(Errc::kSyntax, "the address to unsubscribe at begins with https://");
    }
    return {};
}

base::Result<> must_exist(const store::Reader& reader, const Address& list) {
    TRY(const auto record, reader.get(list_key(list)));
    if (!record) {
        return fail(Errc::kNotFound, "there is no list " + list.to_string());
    }
    return {};
}

// Is it an account, an alias, or one of a list's names?
base::Result<bool> is_taken(const store::Reader& reader, const Address& address) {
    for (const std::string& key : {address_key(address), alias_key(address)}) {
        TRY(const auto record, reader.get(key));
        if (record) {
            return true;
        }
    }
    TRY(const auto place, find_list_name(reader, address));
    return place.has_value();
}

base::Result<> erase_all(store::Transaction& change, const std::string& prefix) {
    std::vector<std::string> keys;
    TRY_VOID(change.scan(
        prefix, store::prefix_end(prefix), [&keys](std::string_view key, std::string_view) {
            keys.emplace_back(key);
            return true;
        }));
    for (const std::string& key : keys) {
        change.erase(key);
    }
    return {};
}

// Mail for somebody of ours who is nobody would be lost with every message.
base::Result<> check_new_member(const store::Reader& reader,
                                const Address& list,
                                const Address& who) {
    if (who.local.empty() || who.domain.empty()) {
        return fail(Errc::kSyntax, "a member is a whole address");
    }
    TRY(const auto place, find_list_name(reader, who));
    if (place && list_key(place->list) == list_key(list)) {
        return fail(Errc::kInvalid, "a list cannot be its own member");
    }
    const auto resolution = resolve(reader, who);
    if (!resolution && resolution.error().code != Errc::kUnsupported &&
        resolution.error().code != Errc::kDenied) {
        return tl::unexpected(resolution.error());
    }
    return {};
}

}  // namespace

std::string_view posting_name(Posting posting) {
    return kPostings.at(static_cast<std::size_t>(posting)).second;
}

std::optional<Posting> posting_named(std::string_view name) {
    for (const auto& [posting, text] : kPostings) {
        if (text == name) {
            return posting;
        }
    }
    return std::nullopt;
}

Address list_name(const Address& list, ListName name) {
    return {list.local + std::string(kNames.at(static_cast<std::size_t>(name)).text), list.domain};
}

base::Result<std::optional<MailingList>> find_list(const store::Reader& reader,
                                                   const Address& address) {
    return read(reader, list_key(address), [&address](std::string_view record) {
        return decode_list(address.domain, record);
    });
}

base::Result<std::optional<ListPlace>> find_list_name(const store::Reader& reader,
                                                      const Address& address) {
    for (const auto& [name, suffix] : kNames) {
        if (!base::iends_with(address.local, suffix) || address.local.size() == suffix.size()) {
            continue;
        }
        const std::size_t octets = address.local.size() - suffix.size();
        TRY(auto list, find_list(reader, {address.local.substr(0, octets), address.domain}));
        if (list) {
            return std::optional(ListPlace{std::move(list->address), name});
        }
    }
    return std::optional<ListPlace>();
}

base::Result<std::optional<MailingList>> find_list_called(const store::Reader& reader,
                                                          std::string_view text) {
    if (const auto address = parse_address(text)) {
        return find_list(reader, *address);
    }
    TRY(const std::vector<std::string> domains, list_domains(reader));
    for (const std::string& domain : domains) {
        TRY(auto list, find_list(reader, {std::string(text), domain}));
        if (list) {
            return list;
        }
    }
    return std::optional<MailingList>();
}

base::Result<std::vector<MailingList>> list_lists(const store::Reader& reader,
                                                  std::string_view domain) {
    TRY(const std::string name, normalize_domain(domain));
    std::vector<MailingList> lists;
    base::Result<> readable;
    const std::string prefix = lists_prefix(name);
    TRY_VOID(reader.scan(
        prefix, store::prefix_end(prefix), [&](std::string_view, std::string_view record) {
            auto list = decode_list(name, record);
            if (!list) {
                readable = base::forward_error(list);
                return false;
            }
            lists.push_back(std::move(*list));
            return true;
        }));
    TRY_VOID(readable);
    return lists;
}

base::Result<> visit_members(const store::Reader& reader,
                             const Address& list,
                             Membership membership,
                             const std::optional<Address>& after,
                             const std::function<bool(const Address& member)>& visit) {
    return visit_member_states(reader, list, membership, after, [&visit](const Member& member) {
        return visit(member.address);
    });
}

base::Result<bool> is_member(const store::Reader& reader,
                             const Address& list,
                             Membership membership,
                             const Address& who) {
    TRY(const auto record, reader.get(member_key(list, membership, who)));
    return record.has_value();
}

base::Result<bool> may_post(const store::Reader& reader,
                            const MailingList& list,
                            const Address& sender) {
    if (list.posting == Posting::kAnybody) {
        return true;
    }
    TRY(const bool owner, is_member(reader, list.address, Membership::kOwner, sender));
    if (owner || list.posting == Posting::kOwners) {
        return owner;
    }
    return is_member(reader, list.address, Membership::kMember, sender);
}

base::Result<> add_list(store::Transaction& change, const MailingList& list) {
    TRY_VOID(check_fields(list));
    TRY(const bool ours, is_local_domain(change, list.address.domain));
    if (!ours) {
        return fail(Errc::kNotFound, "there is no domain " + list.address.domain);
    }
    for (const auto& [name, suffix] : kNames) {
        const Address address = list_name(list.address, name);
        TRY(const bool taken, is_taken(change, address));
        if (taken) {
            return fail(Errc::kExists, address.to_string() + " exists already");
        }
    }
    change.put(list_key(list.address), encode_list(list));
    return {};
}

base::Result<> update_list(store::Transaction& change, const MailingList& list) {
    TRY_VOID(check_fields(list));
    TRY_VOID(must_exist(change, list.address));
    change.put(list_key(list.address), encode_list(list));
    return {};
}

base::Result<> remove_list(store::Transaction& change, const Address& address) {
    TRY_VOID(must_exist(change, address));
    TRY_VOID(erase_all(change, members_prefix(address, Membership::kMember)));
    TRY_VOID(erase_all(change, members_prefix(address, Membership::kOwner)));
    change.erase(list_key(address));
    return {};
}

base::Result<> join_list(store::Transaction& change,
                         const Address& list,
                         Membership membership,
                         const Address& who) {
    TRY_VOID(must_exist(change, list));
    TRY(const bool known, is_member(change, list, membership, who));
    if (known) {
        return fail(Errc::kExists, who.to_string() + " has joined already");
    }
    TRY_VOID(check_new_member(change, list, who));
    change.put(member_key(list, membership, who), encode_member({.address = who}));
    return {};
}

base::Result<> leave_list(store::Transaction& change,
                          const Address& list,
                          Membership membership,
                          const Address& who) {
    TRY_VOID(must_exist(change, list));
    TRY(const bool known, is_member(change, list, membership, who));
    if (!known) {
        return fail(Errc::kNotFound, who.to_string() + " never joined");
    }
    change.erase(member_key(list, membership, who));
    return {};
}

}  // namespace account
