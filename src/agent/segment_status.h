// What is missing of a file that is fetched in parts, as it stands on disk beside the file while it is fetched:
// "NAME.staffetta-pget". A fetch that was killed goes on from it.
//
//     staffetta-pget 1
//     size 1048576
//     modified 20260101000000       "-" where the server does not say
//     part 262144 1024              offset and octets, one line each
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace agent {

struct Part {
    std::uint64_t offset = 0;
    std::uint64_t octets = 0;

    friend bool operator==(const Part&, const Part&) = default;
};

struct SegmentStatus {
    std::uint64_t size = 0;
    std::optional<base::WallTime> modified;  // in whole seconds
    std::vector<Part> missing;

    friend bool operator==(const SegmentStatus&, const SegmentStatus&) = default;
};

[[nodiscard]] std::string format_segment_status(const SegmentStatus& status);
// kSyntax: not such a file, or parts outside the file.
[[nodiscard]] base::Result<SegmentStatus> parse_segment_status(std::string_view text);

[[nodiscard]] std::string segment_status_path(const std::string& local);
// Nothing where there is none, or it makes no sense.
[[nodiscard]] std::optional<SegmentStatus> load_segment_status(const std::string& local);
// In one step: whoever reads it sees the one before or this one.
[[nodiscard]] base::Result<> save_segment_status(const std::string& local,
                                                 const SegmentStatus& status);

}  // namespace agent
