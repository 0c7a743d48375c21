// The special uses of mailboxes by their names (RFC 6154 2, RFC 8457).
#pragma once

#include <optional>
#include <string_view>

#include "mail/types.h"

namespace mail {

// RFC 6154 4: the annotation that shows and changes a mailbox' special use.
inline constexpr std::string_view kSpecialUse = "/private/specialuse";

// "\\Drafts"; empty for kNone.
[[nodiscard]] std::string_view special_use_name(Role role);
// Whatever the case; nothing for what no mailbox can be given: what is no special use, and \All and \Flagged, which
// show messages of other mailboxes (RFC 6154 2) and there are none of here.
[[nodiscard]] std::optional<Role> find_special_use(std::string_view name);

}  // namespace mail
