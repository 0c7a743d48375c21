// The named characters of HTML.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace mime {

inline constexpr std::size_t kHtmlEntityOctetsMax = 8;

// The character of a name without "&" and ";", as in "eacute". Case matters.
[[nodiscard]] std::optional<char32_t> html_entity(std::string_view name);

}  // namespace mime
