#include "store/blob_record.h"

#include "store/key.h"

namespace store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kOctetsMax = std::uint64_t{1} << 63;
// Three varints of one octet each.
constexpr std::size_t kExtentOctetsMin = 3;

}  // namespace

std::string BlobRecord::encode() const {
    RecordWriter writer(kVersion);
    writer.varint(size).varint(references).varint(extents.size());
    for (const Extent& extent : extents) {
        writer.varint(extent.segment).varint(extent.offset).varint(extent.length);
    }
    return std::move(writer).record();
}

base::Result<BlobRecord> BlobRecord::decode(std::string_view record) {
    RecordReader reader(record, kVersion);
    BlobRecord blob;
    blob.size = reader.varint();
    blob.references = reader.varint();
    blob.extents.resize(reader.count(kExtentOctetsMin));
    std::uint64_t octets = 0;
    for (Extent& extent : blob.extents) {
        extent.segment = reader.varint();
        extent.offset = reader.varint();
        extent.length = reader.varint();
        if (extent.offset >= kOctetsMax || extent.length > blob.size - octets) {
            return base::fail(base::Errc::kCorrupt, "a blob's extents are longer than the blob");
        }
        octets += extent.length;
    }
    TRY_VOID(reader.finish());
    if (octets != blob.size) {
        return base::fail(base::Errc::kCorrupt, "a blob's extents are shorter than the blob");
    }
    return blob;
}

std::string blob_key(const BlobId& id) {
    std::string key(kBlobKeys);
    key.append(id.octets());
    return key;
}

base::Result<BlobId> blob_id_of_key(std::string_view key) {
    const auto id = key.starts_with(kBlobKeys) ? BlobId::from_octets(key.substr(kBlobKeys.size()))
                                               : std::nullopt;
    if (!id) {
        return base::fail(base::Errc::kCorrupt, "a blob's key holds no SHA-256");
    }
    return *id;
}

}  // namespace store
