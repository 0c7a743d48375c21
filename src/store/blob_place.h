// A blob's place as the records of the rooms above keep it (Transaction::refer). Extents are written once and
// never over one another, so a place is right as long as its segment is there; the segment's random salt
// tells it from any other that might ever bear the same number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/blob_record.h"
#include "store/segment.h"

namespace store {

// Empty when the segment is not among `segments`.
[[nodiscard]] std::string encode_place(const Extent& extent, const SegmentSet& segments);
// Nothing for a place that is empty or damaged, or whose segment has gone.
[[nodiscard]] std::optional<Extent> find_place(std::string_view place, const SegmentSet& segments);

}  // namespace store
