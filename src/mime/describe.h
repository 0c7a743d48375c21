// A message shown to people: its tree, its structure as JSON, and how base64 comes about. What `staffetta
// mime show` prints.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mime/structure.h"

namespace mime {

// The main header fields, decoded, each with what was written where that differs; then a line a part with
// its number, type, encoding and size, and "[root]" for that of a multipart/related; then what was wrong. Control characters are shown as "?", so that
// no message can speak to a terminal.
[[nodiscard]] std::string describe_tree(std::string_view message, const Structure& structure);

// The structure as one JSON object: sizes, the parts in order of appearance each with its number, and the
// defects. Offsets count octets from the begin of the message. Members without a value are left out.
[[nodiscard]] std::string describe_json(std::string_view message, const Structure& structure);

// RFC 2045 6.8 step by step, a line for each three octets: their 24 bits, the four groups of six bits, the
// four characters. "11001100 10000001 00111001 -> 110011 001000 000100 111001 -> zIE5". At most
// `groups_max` lines, then "..." when there is more.
[[nodiscard]] std::string describe_base64_groups(std::string_view octets,
                                                 std::size_t groups_max = 16);

}  // namespace mime
