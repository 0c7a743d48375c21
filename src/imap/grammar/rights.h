// The arguments of ACL's commands (RFC 4314 6), of QUOTA's (RFC 9208 4.1) and of METADATA's (RFC 5464 5). Names of
// mailboxes stand here as on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/rights.h"

namespace imap {

struct SetAclArguments {
    std::string mailbox;
    std::string identifier;
    mail::RightsChange change;
};

// kInvalid: a letter that is no right.
[[nodiscard]] base::Result<SetAclArguments> parse_set_acl(std::string_view text);

inline constexpr std::size_t kMetadataEntriesMax = 100;

struct GetMetadataArguments {
    std::string mailbox;  // "" is the server
    std::vector<std::string> entries;
    std::optional<std::uint32_t> octets_max;
    std::uint32_t depth = 0;  // levels below each entry; kEndless: all
    static constexpr std::uint32_t kEndless = 0xffffffff;
};

[[nodiscard]] base::Result<GetMetadataArguments> parse_get_metadata(std::string_view text);

struct SetMetadataArguments {
    struct Change {
        std::string entry;
        std::optional<std::string> value;  // nothing removes it
    };

    std::string mailbox;
    std::vector<Change> changes;
};

[[nodiscard]] base::Result<SetMetadataArguments> parse_set_metadata(std::string_view text);

}  // namespace imap
