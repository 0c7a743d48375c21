#include "store/blob_place.h"

#include "store/key.h"

namespace store {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string encode_place(const Extent& extent, const SegmentSet& segments) {
    const auto segment = segments.find(extent.segment);
    if (segment == segments.end()) {
        return {};
    }
    return RecordWriter(kVersion)
        .varint(segment->second->header().salt)
        .varint(extent.segment)
        .varint(extent.offset)
        .varint(extent.length)
        .record();
}

std::optional<Extent> find_place(std::string_view place, const SegmentSet& segments) {
    if (place.empty()) {
        return std::nullopt;
    }
    RecordReader reader(place, kVersion);
    const std::uint64_t salt = reader.varint();
    Extent extent;
    extent.segment = reader.varint();
    extent.offset = reader.varint();
    extent.length = reader.varint();
    const auto segment = segments.find(extent.segment);
    if (!reader.finish() || segment == segments.end() || segment->second->header().salt != salt) {
        return std::nullopt;
    }
    const std::uint64_t end = segment->second->end();
    if (extent.offset > end || extent.length > end - extent.offset) {
        return std::nullopt;
    }
    return extent;
}

}  // namespace store
