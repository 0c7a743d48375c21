#include "account/list_bounces.h"

#include <chrono>

#include "account/list_records.h"
#include "base/ascii.h"
#include "store/key.h"

namespace account {
namespace {

// A server that is away for a day tells of each message that was for its people.
constexpr auto kBetweenFailures = std::chrono::hours(24);
constexpr auto kForgotten = std::chrono::hours(24 * 30);

base::Result<Member> read_member(std::string_view key, std::string_view record) {
    TRY(const ListKey parsed, parse_list_key(key));
    return decode_member(parsed, record);
}

}  // namespace

base::Result<> visit_member_states(const store::Reader& reader,
                                   const Address& list,
                                   Membership membership,
                                   const std::optional<Address>& after,
                                   const std::function<bool(const Member& member)>& visit) {
    base::Result<> readable;
    const std::string prefix = members_prefix(list, membership);
    // The first key behind that of `after`, of which there is no extension.
    const std::string first = after ? member_key(list, membership, *after) + '\0' : prefix;
    TRY_VOID(reader.scan(
        first, store::prefix_end(prefix), [&](std::string_view key, std::string_view record) {
            const auto member = read_member(key, record);
            if (!member) {
                readable = tl::unexpected(member.error());
                return false;
            }
            return visit(*member);
        }));
    return readable;
}

base::Result<std::optional<Member>> find_member(const store::Reader& reader,
                                                const Address& list,
                                                const Address& who) {
    const std::string key = member_key(list, Membership::kMember, who);
    TRY(const auto record, reader.get(key));
    if (!record) {
        return std::optional<Member>();
    }
    TRY(Member member, read_member(key, *record));
    return std::optional(std::move(member));
}

base::Result<std::optional<Address>> find_bounced_list(const store::Reader& reader,
                                                       const Address& address) {
    const std::string suffix = list_name({}, ListName::kBounces).local;
    if (!base::iends_with(address.local, suffix)) {
        return std::optional<Address>();
    }
    TRY(const auto place, find_list_name(reader, address));
    if (!place || place->name != ListName::kBounces) {
        return std::optional<Address>();
    }
    TRY(const auto list, find_list(reader, place->list));
    return list && list->failures_max != 0 ? std::optional(list->address) : std::nullopt;
}

Member after_failure(const MailingList& list, Member member, base::WallTime now) {
    const base::Duration since = now - member.last_failure;
    if (member.suspended || (member.failures != 0 && since < kBetweenFailures)) {
        return member;
    }
    member.failures = since > kForgotten ? 1 : member.failures + 1;
    member.last_failure = now;
    member.suspended = list.failures_max != 0 && member.failures >= list.failures_max;
    return member;
}

base::Result<> update_member(store::Transaction& change,
                             const Address& list,
                             const Member& member) {
    const std::string key = member_key(list, Membership::kMember, member.address);
    TRY(const auto record, change.get(key));
    if (!record) {
        return base::fail(base::Errc::kNotFound, member.address.to_string() + " never joined");
    }
    change.put(key, encode_member(member));
    return {};
}

base::Result<> resume_member(store::Transaction& change, const Address& list, const Address& who) {
    TRY(const auto member, find_member(change, list, who));
    if (!member) {
        return base::fail(base::Errc::kNotFound, who.to_string() + " never joined");
    }
    return update_member(change, list, {.address = member->address});
}

}  // namespace account
