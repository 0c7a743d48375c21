// Message identifiers: RFC 5322 section 3.6.4 (Message-ID, In-Reply-To, References) and 2045
// section 7 (Content-ID), with the obsolete syntax and what is seen beside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mime {

// The identifiers of a field body in order, each without angle brackets, comments and white space.
// Phrases between them (obs-in-reply-to) are left out. When there are no angle brackets at all,
// each word is an identifier. At most `ids_max` are returned: the first one, which names the
// thread, and the last ones, which are nearest to this message.
[[nodiscard]] std::vector<std::string> parse_message_ids(std::string_view body,
                                                         std::size_t ids_max = 1000);

// The first identifier of a Message-ID or Content-ID field.
[[nodiscard]] std::optional<std::string> parse_message_id(std::string_view body);

// Of "<1@crepes.example>", a Content-ID as it was written, what stands between the brackets; without them
// all of it.
[[nodiscard]] std::string_view without_brackets(std::string_view id);

}  // namespace mime
