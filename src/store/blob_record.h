// What the store keeps of a blob in its own part of the key space (keys that begin with 0xff): size,
// references, and where its octets lie. docs/architecture/storage-format.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace store {

// A run of a blob's octets inside a segment file.
struct Extent {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    friend bool operator==(const Extent&, const Extent&) = default;
};

struct BlobRecord {
    std::uint64_t size = 0;
    std::uint64_t references = 0;
    std::vector<Extent> extents;  // in the order of the octets

    [[nodiscard]] std::string encode() const;
    // kCorrupt also when the extents do not add up to the size or run past 2^63.
    [[nodiscard]] static base::Result<BlobRecord> decode(std::string_view record);

    friend bool operator==(const BlobRecord&, const BlobRecord&) = default;
};

// The first octet of every key of the store's own; the rooms above use none that begins with it.
inline constexpr std::string_view kOwnKeys = "\xff";
// kOwnKeys 'B' SHA-256: a BlobRecord.
inline constexpr std::string_view kBlobKeys =
    "\xff"
    "B";

[[nodiscard]] std::string blob_key(const BlobId& id);
// kCorrupt for a key that is none of blob_key's.
[[nodiscard]] base::Result<BlobId> blob_id_of_key(std::string_view key);

}  // namespace store
