// The text of a message as the keys TEXT, BODY and HEADER look at it (RFC 9051 6.4.4): decoded from
// transfer encodings, charsets and encoded words, and folded (search_fold.h). Search and its index both
// read messages through here, so they cannot differ.
//
// The body's text is every text part as a person reads it (HTML without its markup), the headers of embedded
// messages, and the names and descriptions of all parts. Between pieces stands a NUL, which no key
// contains, so that nothing matches across them.
//
// BUGS: of one message's text parts the first 8 MiB, as they are encoded, are looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mime/header.h"
#include "mime/section.h"
#include "mime/structure.h"

namespace mail {

inline constexpr std::size_t kSearchBodyOctetsMax = std::size_t{8} << 20;
inline constexpr char kSearchPieceEnd = '\0';

// A stretch of a message that must be read for its text.
struct TextRange {
    mime::OctetRange octets;
    std::uint32_t part = 0;
    bool is_header = false;      // of an embedded message
    bool is_attachment = false;  // it lies in a part that is a file to the reader

    friend bool operator==(const TextRange&, const TextRange&) = default;
};

// In order of appearance, kSearchBodyOctetsMax together at most.
[[nodiscard]] std::vector<TextRange> text_ranges(const mime::Structure& structure);
// Appends the text of one of them; `octets` are the message's in its range.
void append_text(std::string& out,
                 const mime::Structure& structure,
                 const TextRange& range,
                 std::string_view octets);
// Appends what the structure alone tells of the body: the names and descriptions of its parts.
void append_part_names(std::string& out, const mime::Structure& structure);

// The value of a field, decoded and folded. FROM, TO, CC and BCC look at the envelope (RFC 9051 6.4.4): where
// comments or white space stand inside an address, it follows once more as it is there, so HEADER finds it too.
[[nodiscard]] std::string folded_value(const mime::Field& field);
// Appends "NAME: VALUE" of each field. Of both: raw octets of a charset are guessed, unless mime::header_as_utf8() has
// read them before.
void append_header_text(std::string& out, std::string_view header);

// Of a message that is all there.
[[nodiscard]] std::string body_search_text(std::string_view message,
                                           const mime::Structure& structure,
                                           bool in_attachments);

}  // namespace mail
