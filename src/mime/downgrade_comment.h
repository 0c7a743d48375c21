// Comments of header fields in US-ASCII: RFC 6857 3.1.3, by encoded words within the comment (RFC 2047 5 (2)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mime {

// An unfolded field body with what is not US-ASCII in its comments as encoded words; all else stays octet
// for octet. Comments may nest; parentheses in quoted strings and domain literals are no comments.
[[nodiscard]] std::string encode_comments(std::string_view body);

// The comments of a field body with their parentheses, without those inside others. Views into `body`.
[[nodiscard]] std::vector<std::string_view> comments_of(std::string_view body);

}  // namespace mime
