// The octets of a segment file: its header, and records with checksums. Pure functions.
// docs/architecture/storage-format.md has the tables.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/overlay.h"

namespace store {

inline constexpr std::size_t kSegmentHeaderOctets = 64;
inline constexpr std::size_t kRecordHeaderOctets = 32;
inline constexpr std::size_t kRecordAlignment = 8;
// Of one record's payload; a length above it is damage.
inline constexpr std::uint64_t kPayloadOctetsMax = std::uint64_t{1} << 30;

// The first octets of a segment file, synced before anything else goes into it.
struct SegmentHeader {
    std::uint64_t number = 0;
    // The last commit before this segment.
    std::uint64_t sequence = 0;
    // Where the segment before ends. Whatever stands behind that was given up after a failed write.
    std::uint64_t previous_end = 0;
    // Random; seeds the checksums of this segment's records, so that nobody can hand in a message
    // that looks like a record.
    std::uint32_t salt = 0;

    [[nodiscard]] std::string encode() const;
    // Nothing when it is damaged; kUnsupported for a version from a later staffetta.
    [[nodiscard]] static base::Result<std::optional<SegmentHeader>> decode(std::string_view octets);

    friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

enum class RecordType : std::uint8_t {
    kCommit = 1,  // what one group of changes wrote
    kExtent = 2,  // octets of a blob, which a later commit may name
};

struct RecordHeader {
    RecordType type = RecordType::kCommit;
    // A commit's own number; an extent bears that of the next commit.
    std::uint64_t sequence = 0;
    std::uint32_t payload_octets = 0;
    std::uint32_t payload_crc = 0;

    void encode(std::uint32_t salt, std::string& out) const;
    // Nothing when it is damaged, or no record at all.
    [[nodiscard]] static std::optional<RecordHeader> decode(std::string_view octets,
                                                            std::uint32_t salt);

    friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

// The octets a record takes in the file.
[[nodiscard]] constexpr std::uint64_t record_octets(std::uint64_t payload_octets) {
    return (kRecordHeaderOctets + payload_octets + kRecordAlignment - 1) / kRecordAlignment *
           kRecordAlignment;
}

// A commit's payload, with views into it.
using Writes = std::vector<Write>;

// Views into `writes`.
[[nodiscard]] Writes views_of(const WriteSet& writes);
[[nodiscard]] std::string encode_commit(std::span<const Write> writes);
// The views live as long as `payload`.
[[nodiscard]] base::Result<Writes> decode_commit(std::string_view payload);

}  // namespace store
