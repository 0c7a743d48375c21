// A part as JMAP's EmailBodyPart shows it (RFC 8621 4.1.4), all but blobId and headers, which are the
// protocol's. The tree is the structure's own; which parts are textBody, htmlBody and attachments tells
// body_parts() in text.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"

namespace mime {

// Nothing stands for null.
struct EmailBodyPart {
    std::optional<std::string> part_id;  // "2.1", as find_part() takes it; none for a multipart
    std::uint64_t size = 0;              // octets of the content, decoded
    std::optional<std::string> name;
    std::string type;
    std::optional<std::string> charset;  // of text: "us-ascii" where no Content-Type stands
    std::optional<std::string> disposition;
    std::optional<std::string> cid;  // without angle brackets
    std::optional<std::vector<std::string>> language;
    std::optional<std::string> location;
    std::vector<std::uint32_t> sub_parts;  // of a multipart: indexes into Structure::parts
};

// A message/rfc822 is a leaf here: the message inside, though a part of the structure, is another Email.
// Decodes the part's body once,
// in pieces, to count its octets.
[[nodiscard]] EmailBodyPart email_body_part(std::string_view message,
                                            const Structure& structure,
                                            std::uint32_t index);

}  // namespace mime
