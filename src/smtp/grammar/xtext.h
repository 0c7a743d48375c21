// xtext (RFC 3461 4): how parameter values carry octets that a parameter may not hold as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smtp {

// Nothing for a character outside xtext or a malformed "+XX".
[[nodiscard]] std::optional<std::string> decode_xtext(std::string_view text);
[[nodiscard]] std::string encode_xtext(std::string_view octets);

}  // namespace smtp
