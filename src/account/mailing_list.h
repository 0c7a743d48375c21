// Mailing lists: an address whose mail goes to members, who join and leave one by one. Each list has four
// names: its own; NAME-owner and NAME-request, which are its owners' (RFC 2142 6); and NAME-bounces, the
// reverse-path of what it sends out, theirs as well. A list of 50,000 members is 50,000 small records, so
// joining one rewrites nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/result.h"
#include "store/store.h"

namespace account {

enum class Posting : std::uint8_t { kMembers, kOwners, kAnybody };  // owners may in any case

// "members", "owners", "anybody", and back.
[[nodiscard]] std::string_view posting_name(Posting posting);
[[nodiscard]] std::optional<Posting> posting_named(std::string_view name);

struct MailingList {
    Address address;
    std::string description;  // what people see in List-Id (RFC 2919 2), or empty
    Posting posting = Posting::kMembers;
    std::string unsubscribe_url;  // "https://...", for one click (RFC 8058), or empty
    // On so many days mail for a member may fail before they get nothing more (list_bounces.h). 0: nobody counts, and
    // every notice goes to the owners.
    std::uint32_t failures_max = 5;
};

// Which of a list's names an address is.
enum class ListName : std::uint8_t { kItself, kOwner, kRequest, kBounces };

struct ListPlace {
    Address list;  // as the list is written
    ListName name = ListName::kItself;
};

enum class Membership : std::uint8_t { kMember, kOwner };

[[nodiscard]] base::Result<std::optional<MailingList>> find_list(const store::Reader& reader,
                                                                 const Address& address);
// The list that VRFY and EXPN mean: by its whole address, or by its name in any domain of ours.
[[nodiscard]] base::Result<std::optional<MailingList>> find_list_called(const store::Reader& reader,
                                                                        std::string_view text);
// The list that one of its names leads to; `team-owner` is a list's own before it is an owner's.
[[nodiscard]] base::Result<std::optional<ListPlace>> find_list_name(const store::Reader& reader,
                                                                    const Address& address);
// NAME-bounces and so on.
[[nodiscard]] Address list_name(const Address& list, ListName name);

[[nodiscard]] base::Result<std::vector<MailingList>> list_lists(const store::Reader& reader,
                                                                std::string_view domain);
// Visits the members or owners, by domain and local part, those behind `after` when one is named. False
// ends it.
[[nodiscard]] base::Result<> visit_members(const store::Reader& reader,
                                           const Address& list,
                                           Membership membership,
                                           const std::optional<Address>& after,
                                           const std::function<bool(const Address& member)>& visit);
[[nodiscard]] base::Result<bool> is_member(const store::Reader& reader,
                                           const Address& list,
                                           Membership membership,
                                           const Address& who);
// Whether a message from `sender`, an envelope's, may be sent to the list.
//
// BUGS: an envelope's sender is what the client says; only who logs in has to tell the truth.
[[nodiscard]] base::Result<bool> may_post(const store::Reader& reader,
                                          const MailingList& list,
                                          const Address& sender);

// Changes, for use inside a store::Change. kNotFound: no such list or domain; kExists: one of the four
// names is somebody's already; kSyntax, kInvalid: what is wrong with the rest.
[[nodiscard]] base::Result<> add_list(store::Transaction& change, const MailingList& list);
[[nodiscard]] base::Result<> update_list(store::Transaction& change, const MailingList& list);
// With its members and owners.
[[nodiscard]] base::Result<> remove_list(store::Transaction& change, const Address& address);
// A member at one of our domains must be somebody; a list may be a member of another one. kExists,
// kNotFound: joined already, never joined.
[[nodiscard]] base::Result<> join_list(store::Transaction& change,
                                       const Address& list,
                                       Membership membership,
                                       const Address& who);
[[nodiscard]] base::Result<> leave_list(store::Transaction& change,
                                        const Address& list,
                                        Membership membership,
                                        const Address& who);

}  // namespace account
