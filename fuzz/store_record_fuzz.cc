// Records and keys of the store: whatever octets they are, reading them ends, stays inside them, and what is
// accepted is written back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/blob_record.h"
#include "store/journal_format.h"
#include "store/key.h"

namespace {

void read_fields(std::string_view octets) {
    store::RecordReader reader(octets, 255);
    for (std::size_t left = reader.count(2); left > 0; --left) {
        static_cast<void>(reader.text());
        static_cast<void>(reader.varint());
    }
    static_cast<void>(reader.u64());
    static_cast<void>(reader.finish());
}

void read_key(std::string_view octets) {
    store::KeyReader reader(octets);
    const std::string text = reader.text();
    const std::uint64_t number = reader.u64();
    if (reader.finish()) {
        CHECK(store::KeyWriter().text(text).u64(number).key() == octets);
    }
    CHECK(octets >= "\xff" || store::prefix_end(octets) > octets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    read_fields(octets);
    read_key(octets);
    const auto blob = store::BlobRecord::decode(octets);
    if (blob) {
        CHECK(store::BlobRecord::decode(blob->encode()) == *blob);
    }
    const auto writes = store::decode_commit(octets);
    if (writes) {
        const std::string payload = store::encode_commit(*writes);
        CHECK(store::decode_commit(payload) == *writes);
    }
    const auto segment = store::SegmentHeader::decode(octets);
    if (segment && *segment) {
        CHECK((*segment)->encode() == octets.substr(0, store::kSegmentHeaderOctets));
    }
    return 0;
}
