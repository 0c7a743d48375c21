// `staffetta list`: mailing lists, and who is on them.
#include <fmt/format.h>

#include <utility>

#include "account/list_bounces.h"
#include "account/mailing_list.h"
#include "app/admin_members.h"
#include "app/administration.h"
#include "base/ascii.h"
#include "base/log.h"

namespace app {
namespace {

using account::Address;
using account::MailingList;
using account::Membership;
using base::Result;

Membership membership_of(const AdminRequest& request) {
    return option(request, "owner") == "yes" ? Membership::kOwner : Membership::kMember;
}

// What `list add` and `list set` may say of a list.
Result<> apply_options(const AdminRequest& request, MailingList& list) {
    for (const auto& [name, value] : request.options) {
        if (name == "description") {
            list.description = value;
        } else if (name == "unsubscribe-url") {
            list.unsubscribe_url = value;
        } else if (name == "posting") {
            const auto posting = account::posting_named(value);
            if (!posting) {
                return base::fail(base::Errc::kInvalid,
                                  fmt::format("\"{}\" may not post; write members, owners or "
                                              "anybody",
                                              value));
            }
            list.posting = *posting;
        } else if (name == "suspend-after") {
            const auto days = base::parse_number<std::uint32_t>(value);
            if (!days) {
                return base::fail(
                    base::Errc::kInvalid,
                    fmt::format("\"{}\" is no number of days; write 5, or 0 for never", value));
            }
            list.failures_max = *days;
        }
    }
    return {};
}

std::string describe(const MailingList& list) {
    return fmt::format("{}{}  {} may post{}\n",
                       list.address.to_string(),
                       list.description.empty() ? "" : fmt::format("  \"{}\"", list.description),
                       account::posting_name(list.posting),
                       list.unsubscribe_url.empty() ? "" : "  " + list.unsubscribe_url);
}

Result<std::string> names_of(const store::Reader& reader,
                             const Address& list,
                             Membership membership) {
    std::string text;
    TRY_VOID(account::visit_members(
        reader, list, membership, std::nullopt, [&text](const Address& member) {
            text += member.to_string() + "\n";
            return true;
        }));
    return text;
}

Result<std::uint64_t> count_of(const store::Reader& reader,
                               const Address& list,
                               Membership membership) {
    std::uint64_t count = 0;
    TRY_VOID(account::visit_members(
        reader, list, membership, std::nullopt, [&count](const Address&) { return ++count != 0; }));
    return count;
}

Result<MailingList> existing_list(const store::Reader& reader, std::string_view text) {
    TRY(const Address address, account::parse_address(text));
    TRY(auto list, account::find_list(reader, address));
    if (!list) {
        return base::fail(base::Errc::kNotFound, fmt::format("{}: there is no such list", text));
    }
    return std::move(*list);
}

// `list members --bouncing`
Result<std::string> bouncing_members(const store::Reader& reader, const Address& list) {
    std::string text;
    TRY_VOID(account::visit_member_states(
        reader, list, Membership::kMember, std::nullopt, [&text](const account::Member& member) {
            if (member.failures != 0) {
                text += fmt::format("{}  failed on {} day{}, last {}{}\n",
                                    member.address.to_string(),
                                    member.failures,
                                    member.failures == 1 ? "" : "s",
                                    base::format_rfc3339(member.last_failure),
                                    member.suspended ? ", suspended" : "");
            }
            return true;
        }));
    return text;
}

// `list import` gives the same names again and again.
Result<> join_or_stay(store::Transaction& change,
                      const Address& list,
                      Membership membership,
                      const Address& who) {
    TRY(const bool known, account::is_member(change, list, membership, who));
    return known ? Result<>() : account::join_list(change, list, membership, who);
}

using Move = Result<> (*)(store::Transaction&, const Address&, Membership, const Address&);

// Everybody who is named, or nobody: the list first, then who joins or leaves.
Result<std::size_t> move_members(store::Store& store, const AdminRequest& request, Move move) {
    TRY(const Address list, account::parse_address(request.arguments.front()));
    TRY(const auto members, members_of(request));
    TRY_VOID(store.change_and_wait([&](store::Transaction& change) -> Result<> {
        for (const Address& member : members) {
            TRY_VOID(move(change, list, membership_of(request), member));
        }
        return {};
    }));
    return members.size();
}

std::string count_text(std::size_t count, Membership membership) {
    return fmt::format("{} {}{}",
                       count,
                       membership == Membership::kOwner ? "owner" : "member",
                       count == 1 ? "" : "s");
}

}  // namespace

Administration::Outcome Administration::list_add(const AdminRequest& request) const {
    MailingList list;
    TRY(list.address, account::parse_address(request.arguments[0]));
    TRY_VOID(apply_options(request, list));
    TRY_VOID(store_.change_and_wait(
        [&list](store::Transaction& change) { return account::add_list(change, list); }));
    return fmt::format("list {} added\n", list.address.to_string());
}

Administration::Outcome Administration::list_set(const AdminRequest& request) const {
    MailingList changed;
    TRY_VOID(store_.change_and_wait([&](store::Transaction& change) -> Result<> {
        TRY(changed, existing_list(change, request.arguments[0]));
        TRY_VOID(apply_options(request, changed));
        return account::update_list(change, changed);
    }));
    return describe(changed);
}

Administration::Outcome Administration::list_remove(const AdminRequest& request) const {
    TRY(const Address address, account::parse_address(request.arguments[0]));
    TRY_VOID(store_.change_and_wait(
        [&address](store::Transaction& change) { return account::remove_list(change, address); }));
    return fmt::format("list {} removed\n", address.to_string());
}

Administration::Outcome Administration::list_show(const AdminRequest& request) const {
    const auto reader = store_.snapshot();
    TRY(const MailingList list, existing_list(*reader, request.arguments[0]));
    TRY(const auto members, count_of(*reader, list.address, Membership::kMember));
    TRY(const auto owners, count_of(*reader, list.address, Membership::kOwner));
    return fmt::format("{}{}, {}\n",
                       describe(list),
                       count_text(members, Membership::kMember),
                       count_text(owners, Membership::kOwner));
}

Administration::Outcome Administration::list_list(const AdminRequest& request) const {
    const auto reader = store_.snapshot();
    std::vector<std::string> domains = request.arguments;
    if (domains.empty()) {
        TRY(domains, account::list_domains(*reader));
    }
    std::string text;
    for (const std::string& domain : domains) {
        TRY(const auto lists, account::list_lists(*reader, domain));
        for (const MailingList& list : lists) {
            text += describe(list);
        }
    }
    return text;
}

Administration::Outcome Administration::list_members(const AdminRequest& request) const {
    const auto reader = store_.snapshot();
    TRY(const MailingList list, existing_list(*reader, request.arguments[0]));
    if (option(request, "bouncing") == "yes") {
        return bouncing_members(*reader, list.address);
    }
    return names_of(*reader, list.address, membership_of(request));
}

Administration::Outcome Administration::list_join(const AdminRequest& request) const {
    const bool again = option(request, "again") == "yes";
    TRY(const std::size_t count,
        move_members(store_, request, again ? join_or_stay : account::join_list));
    return fmt::format(
        "{} joined {}\n", count_text(count, membership_of(request)), request.arguments[0]);
}

Administration::Outcome Administration::list_leave(const AdminRequest& request) const {
    TRY(const std::size_t count, move_members(store_, request, account::leave_list));
    return fmt::format(
        "{} left {}\n", count_text(count, membership_of(request)), request.arguments[0]);
}

Administration::Outcome Administration::list_resume(const AdminRequest& request) const {
    const auto resume = [](store::Transaction& change,
                           const Address& list,
                           Membership /*membership*/,
                           const Address& who) {
        return account::resume_member(change, list, who);
    };
    TRY(const std::size_t count, move_members(store_, request, resume));
    return fmt::format(
        "{} of {} resumed\n", count_text(count, Membership::kMember), request.arguments[0]);
}

}  // namespace app
