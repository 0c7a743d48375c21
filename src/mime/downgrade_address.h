// Address lists and lists of phrases in US-ASCII: RFC 6857 3.2.1, 3.2.8 and RFC 6858 2.1.
#pragma once

#include <string>
#include <string_view>

#include "mime/downgrade.h"

namespace mime {

// The body of an address field, folded or not. Elements that are in US-ASCII but for their comments stay as
// they are; the comments of others follow behind them, unless they were a display name. Empty: there is no
// address in it. `style` is not kKeep.
[[nodiscard]] std::string downgrade_addresses(std::string_view body,
                                              HeaderDowngrade style,
                                              ToALabels to_a_labels);

// The body of Keywords: phrases between commas.
[[nodiscard]] std::string downgrade_phrases(std::string_view body);

}  // namespace mime
