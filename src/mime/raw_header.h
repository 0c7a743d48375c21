// Headers with octets beyond US-ASCII that are no UTF-8: what no standard allows (RFC 5322 2.2, RFC 6532 3.2) and
// programs have sent since before encoded words. This is the one place that says what charset they are in, so
// that envelopes, searches, sorting and file names agree.
//
// First the message's own word counts, the charset that it says its text is in; where the octets mean nothing in that, or it
// says none, guess_charset() looks at each piece of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mime/structure.h"

namespace mime {

// The charset that the message at `message` (an index of Structure::parts) says its text is in: by its Content-Type, else
// by that of the first text in it, messages within left out. An iconv name that lives for ever; empty when none is
// named that says anything of octets above 127: US-ASCII, UTF-8 and charsets of seven bits do not. Looks at the first 20 parts.
[[nodiscard]] std::string_view declared_charset(const Structure& structure,
                                                std::uint32_t message = 0);
// The same of the message that the part belongs to, the root's for itself.
[[nodiscard]] std::string_view declared_charset_of_part(const Structure& structure,
                                                        std::uint32_t part);
// What one Content-Type says.
[[nodiscard]] std::string_view declared_charset(const ContentType& type);

// A field's body, or any piece of text, as UTF-8 when its raw octets are all of `charset` (of declared_charset()); else as it
// stands, for who reads it to guess. So is what is UTF-8 already.
[[nodiscard]] std::string body_as_utf8(std::string_view body, std::string_view charset);
// A header block with each field's body so. It has the same fields in the same order.
[[nodiscard]] std::string header_as_utf8(std::string_view header, std::string_view charset);

// Part::envelope of the message at `message` so; and Content-Description of a part, decoded.
[[nodiscard]] std::string envelope_as_utf8(const Structure& structure, std::uint32_t message);
[[nodiscard]] std::string description_of(const Structure& structure, std::uint32_t part);

}  // namespace mime
