// The special uses of mailboxes (RFC 6154 2, RFC 8457).
#pragma once

#include <optional>
#include <string_view>

#include "mail/mailboxes.h"

namespace imap {

// "\\Drafts"; empty for kNone.
[[nodiscard]] std::string_view role_name(mail::Role role);
// Whatever the case; nothing for what is no special use.
[[nodiscard]] std::optional<mail::Role> find_role(std::string_view name);

}  // namespace imap
