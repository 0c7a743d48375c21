// Reading segments: record by record, and the whole journal again after a start.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/file.h"
#include "store/journal_format.h"
#include "store/segment.h"

namespace store {

// Behind a commit: its number, and where its record ends.
struct Position {
    std::uint64_t sequence = 0;
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;

    friend bool operator==(const Position&, const Position&) = default;
};

// Walks over the records of one segment.
class RecordCursor {
  public:
    struct Record {
        RecordHeader header;
        std::string_view payload;  // until the next call
        std::uint64_t offset = 0;  // of the header
    };

    // `file` must outlive the cursor.
    RecordCursor(const File& file, std::uint32_t salt, std::uint64_t offset, std::uint64_t end)
        : file_(file),
          salt_(salt),
          offset_(offset),
          end_(end) {}

    // The next record, its checksums verified; nothing, and no step, where there is none. kIo when the
    // disk fails.
    [[nodiscard]] base::Result<std::optional<Record>> next();

    [[nodiscard]] std::uint64_t offset() const { return offset_; }

  private:
    const File& file_;
    std::uint32_t salt_;
    std::uint64_t offset_;
    std::uint64_t end_;
    std::string octets_;  // of the record read last
};

struct ReplayEnd {
    Position last;             // the last whole commit
    std::uint64_t offset = 0;  // where the last segment's sound records end
    bool clean = true;         // nothing but NULs behind it: writing may go on there
};

using ApplyCommit = std::function<base::Result<>(std::span<const Write> writes, const Position&)>;

// Calls `apply` for each commit behind `applied`, in order (all of them when there is none). Ends at a
// torn tail: octets behind the last sync, which nobody was promised. Damage before that is kCorrupt,
// with file and offset; `segments` is not empty.
[[nodiscard]] base::Result<ReplayEnd> replay_journal(const SegmentSet& segments,
                                                     const std::optional<Position>& applied,
                                                     const ApplyCommit& apply);

}  // namespace store
