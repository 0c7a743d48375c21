// What a tree is called where `mirror` puts it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace agent {

// The folder that becomes a copy of the tree `from`, both as the user wrote them, whichever side they are on. Without `to`
// it is called as `from` is. As lftp has it, a slash behind `to` means a folder of `from`'s name in it, unless a slash
// stands behind `from` as well, and "/" is itself. kSyntax, in words for the user: what `from` names has no name of its own.
[[nodiscard]] base::Result<std::string> mirror_target(std::string_view from,
                                                      std::optional<std::string_view> to);

}  // namespace agent
