// Sections of a message as IMAP names them (RFC 9051 6.4.5.1, RFC 3501 6.4.5): part numbers, HEADER,
// TEXT, MIME and lists of header fields, as ranges of the message's octets.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mime/header.h"
#include "mime/structure.h"

namespace mime {

enum class SectionText : std::uint8_t {
    kAll,     // the body of the part; without a part number the whole message
    kHeader,  // of the message, or of the one inside a message/rfc822 part
    kText,    // its body
    kMime,    // the part's own header
};

// Where a part stands: "4.2.1" is {4, 2, 1}; the message itself is {}.
using PartPath = std::vector<std::uint32_t>;

struct Section {
    PartPath path;
    SectionText text = SectionText::kAll;

    friend bool operator==(const Section&, const Section&) = default;
};

struct OctetRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    friend bool operator==(const OctetRange&, const OctetRange&) = default;
};

inline constexpr std::size_t kPartPathMax = 1000;

// "", "HEADER", "4.2", "4.2.TEXT", "4.1.MIME". HEADER.FIELDS and its list are IMAP's grammar, not read
// here. kSyntax for anything else, kTooLong for a path beyond kPartPathMax.
[[nodiscard]] base::Result<Section> parse_section(std::string_view text);

// The index of the part with that number. A message that is no multipart has itself as part 1.
[[nodiscard]] std::optional<std::uint32_t> find_part(const Structure& structure,
                                                     const PartPath& path);

// The octets of a section; nothing when there is no such part, or it has no such text.
[[nodiscard]] std::optional<OctetRange> find_section(const Structure& structure,
                                                     const Section& section);

// The number of a part, as find_part takes it: for the message inside message/rfc822 that part's.
[[nodiscard]] PartPath part_path(const Structure& structure, std::uint32_t part);
[[nodiscard]] std::string format_part_path(const PartPath& path);

// RFC 9051 HEADER.FIELDS and HEADER.FIELDS.NOT: the fields of `header` that bear one of the names, or none of them, as
// they stand, and an empty line. A piece at a time, for whoever has other work beside a long header.
class FieldSelection {
  public:
    // `header` must outlive it.
    FieldSelection(std::string_view header, const std::vector<std::string>& names, bool others);

    // Looks at some more fields; false when there were none.
    [[nodiscard]] bool advance();
    // What was selected; for the end.
    [[nodiscard]] std::string take();

  private:
    FieldIterator fields_;
    std::set<std::string> names_;  // in lower case
    bool others_;
    std::string selected_;
};

// The same at once.
[[nodiscard]] std::string select_fields(std::string_view header,
                                        const std::vector<std::string>& names,
                                        bool others);

}  // namespace mime
