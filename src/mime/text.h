// The text of a message: of one part decoded, of the parts that are its body (RFC 8621 4.1.4), and all
// that a search should find.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"

namespace mime {

inline constexpr std::size_t kAllOctets = std::numeric_limits<std::size_t>::max();

// The part's content without its transfer encoding: at most `octets_max` octets, and no more of the
// message is read than these need.
[[nodiscard]] std::string decoded_content(std::string_view message,
                                          const Part& part,
                                          std::size_t octets_max = kAllOctets);

// A text part's content as UTF-8 with LF line ends, whatever its charset; still HTML if it is HTML. The
// limit counts octets before conversion.
[[nodiscard]] std::string decoded_text(std::string_view message,
                                       const Part& part,
                                       std::size_t octets_max = kAllOctets);

// A text part as a person reads it: HTML as text, flowed paragraphs joined.
[[nodiscard]] std::string readable_text(std::string_view message,
                                        const Part& part,
                                        std::size_t octets_max = kAllOctets);

// The part of a multipart/related that its others belong to: the one whose Content-ID its start parameter
// names, else the first (RFC 2387 3.2). An index into Structure::parts; kNoPart when it has no parts.
[[nodiscard]] std::uint32_t related_root(const Structure& structure, const Part& related);

// The parts to show as the message's body, as text and as HTML, and the other leaves; indexes into
// Structure::parts, those of embedded messages left out.
struct BodyParts {
    std::vector<std::uint32_t> text;
    std::vector<std::uint32_t> html;
    std::vector<std::uint32_t> attachments;
};

[[nodiscard]] BodyParts body_parts(const Structure& structure);

// The parts that a person reads as its body: the text ones of BodyParts::text, or a message that is nothing but one file of text,
// whatever it says of how to show it. A multipart in which no part was found is text too, as BODYSTRUCTURE has it.
[[nodiscard]] std::vector<std::uint32_t> read_parts(const Structure& structure);

// The body of a message as plain text: its read_parts(), one after the other.
[[nodiscard]] std::string body_text(std::string_view message,
                                    const Structure& structure,
                                    std::size_t octets_max = kAllOctets);

// The name of a part's file, decoded: from Content-Disposition, else from Content-Type. May be empty.
[[nodiscard]] std::string_view file_name_of(const Part& part);

// All text parts readable, those of embedded messages too, with those messages' subjects and the names
// of all files: what a full-text index takes beside the header. About `octets_max` octets at most.
[[nodiscard]] std::string search_text(std::string_view message,
                                      const Structure& structure,
                                      std::size_t octets_max = std::size_t{4} << 20);

}  // namespace mime
