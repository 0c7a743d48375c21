// Base64 of RFC 4648 section 4, strict: what SASL, SCRAM and stored secrets use. Mail's tolerant, fast
// form is mime's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

[[nodiscard]] std::string base64_encode(std::string_view octets);
// Nothing for a character outside the alphabet, missing or misplaced padding, or non-zero bits behind
// the last octet.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

[[nodiscard]] std::string hex_encode(std::string_view octets);
[[nodiscard]] std::optional<std::string> hex_decode(std::string_view text);

}  // namespace base
