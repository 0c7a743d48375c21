// Unicode as names and passwords need it: simple lower case with NFC for local parts, and SASLprep
// (RFC 4013) for passwords, both over utf8proc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace account {

// Each character's simple lower case, in NFC: `Ä` and `A` + U+0308 become `ä`. Not the full folding:
// `straße` and `strasse` are two people. Octets that are not UTF-8 stay as they are.
[[nodiscard]] std::string fold(std::string_view text);

// Its NFC form; nothing when it is not UTF-8.
[[nodiscard]] std::optional<std::string> normalize(std::string_view text);

// RFC 4013: spaces become U+0020, soft hyphens and their like vanish, then NFKC. Nothing when `text` is
// not UTF-8, holds a prohibited character, or mixes directions (RFC 3454 6).
[[nodiscard]] std::optional<std::string> saslprep(std::string_view text);

// `password` as it is hashed and compared: its SASLprep form, or its own octets where it has none, so
// that a password in some other charset still works with itself.
[[nodiscard]] std::string prepare_password(std::string_view password);

}  // namespace account
