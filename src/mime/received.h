// Received fields: RFC 5322 section 3.6.7, RFC 5321 section 4.4, and what servers really write.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mime/date.h"

namespace mime {

// One hop of a message's way. An empty text means that the field does not say.
struct Received {
    std::string from;          // what the client called itself, or its address without brackets
    std::string from_address;  // the client's IP address as the server saw it, from the comments
    std::string by;            // the server
    std::string via;           // the link, "TCP"
    std::string with;          // the protocol as written, "ESMTPS"
    std::string id;            // without angle brackets
    std::string for_address;   // the recipient, without angle brackets
    std::optional<Date> date;
};

// Never fails; a clause that comes twice counts once. Unknown words are passed over.
[[nodiscard]] Received parse_received(std::string_view body);

}  // namespace mime
