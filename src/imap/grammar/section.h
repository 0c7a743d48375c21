// Sections and partials of FETCH (RFC 9051 6.4.5.1 and 9 "section", RFC 3516 4 for BINARY).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "imap/grammar/scanner.h"
#include "mime/section.h"

namespace imap {

inline constexpr std::size_t kHeaderNamesMax = 1000;

// "[4.2.HEADER.FIELDS (To Cc)]"; `part.text` is kHeader when field names are given.
struct SectionSpec {
    enum class Names : std::uint8_t { kNone, kFields, kFieldsNot };

    mime::Section part;
    Names choice = Names::kNone;
    std::vector<std::string> names;  // as written

    friend bool operator==(const SectionSpec&, const SectionSpec&) = default;
};

// "<0.1024>": octets from an offset on.
struct Partial {
    std::uint64_t offset = 0;
    std::uint64_t octets = 0;

    friend bool operator==(const Partial&, const Partial&) = default;
};

// From "[" to "]".
[[nodiscard]] base::Result<SectionSpec> parse_section_spec(Scanner& scanner);
// BINARY's "[1.2]": part numbers only.
[[nodiscard]] base::Result<mime::PartPath> parse_section_binary(Scanner& scanner);
// "<offset.octets>", where it is there.
[[nodiscard]] base::Result<std::optional<Partial>> parse_partial(Scanner& scanner);

// "4.2.HEADER.FIELDS (To Cc)" as a response names it, without brackets.
[[nodiscard]] std::string format_section(const SectionSpec& section);

}  // namespace imap
