// The records of mailing lists: their keys and their values. docs/architecture/storage-format.md,
// "Accounts", is the same in words; change both together.
#pragma once

#include <string>
#include <string_view>

#include "account/list_bounces.h"
#include "account/mailing_list.h"
#include "base/result.h"

namespace account {

// All records of lists begin with it.
[[nodiscard]] std::string list_records_prefix();
[[nodiscard]] std::string lists_prefix(std::string_view domain);
[[nodiscard]] std::string list_key(const Address& list);
// Of all members or owners of a list.
[[nodiscard]] std::string members_prefix(const Address& list, Membership membership);
[[nodiscard]] std::string member_key(const Address& list,
                                     Membership membership,
                                     const Address& member);

// What such a key says; local parts are folded.
struct ListKey {
    bool is_list = false;  // else it is of a member or owner
    Address list;
    Membership membership = Membership::kMember;
    Address member;
};

[[nodiscard]] base::Result<ListKey> parse_list_key(std::string_view key);

[[nodiscard]] std::string encode_list(const MailingList& list);
// `domain` is the key's.
[[nodiscard]] base::Result<MailingList> decode_list(std::string_view domain,
                                                    std::string_view record);
// Of members and owners: the local part as it was written, and failures where there were any.
[[nodiscard]] std::string encode_member(const Member& member);
[[nodiscard]] base::Result<Member> decode_member(const ListKey& key, std::string_view record);

}  // namespace account
