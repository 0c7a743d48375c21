// The header fields that a message's summary keeps whole, and a choice of fields answered out of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mail/summary.h"

namespace mail {

// The documented list (docs/architecture/storage-format.md, "Summaries"): true when a field of that name
// is kept, without regard to case.
[[nodiscard]] bool is_kept_field(std::string_view name);

// The bit of a name in the filter that a summary has over the names of the other fields.
[[nodiscard]] std::uint64_t filter_bit(std::string_view name);

// The names of a BODY[HEADER.FIELDS (names)], looked up once for all the messages it is asked of.
class FieldChoice {
  public:
    explicit FieldChoice(std::span<const std::string> names);

    // The text as mime::select_fields gives it. Nothing when only the header itself can tell: read its
    // header_octets() and call mime::select_fields. So it is for every HEADER.FIELDS.NOT.
    [[nodiscard]] std::optional<std::string> of(const Summary& summary) const;

  private:
    [[nodiscard]] bool has(std::string_view field) const;

    std::vector<std::string> names_;  // those that are kept
    std::uint64_t others_ = 0;        // the filter's bits of the others
};

}  // namespace mail
