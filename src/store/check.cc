#include "store/check.h"

#include <fmt/format.h>

#include <cstring>
#include <unordered_map>

#include "store/key.h"

namespace store {
namespace {

// A SHA-256 is its own hash.
struct BlobIdHash {
    std::size_t operator()(const BlobId& id) const {
        std::size_t hash = 0;
        std::memcpy(&hash, id.sha256.data(), sizeof hash);
        return hash;
    }
};

using Counts = std::unordered_map<BlobId, std::uint64_t, BlobIdHash>;

// Holds one blob record against what was counted, and takes it off the list.
void check_record(std::string_view key,
                  std::string_view value,
                  Counts& counts,
                  const VerifyBlob& verify,
                  CheckReport& report) {
    const auto id = blob_id_of_key(key);
    if (!id) {
        report.findings.push_back(id.error().text);
        return;
    }
    const auto counted = counts.find(*id);
    const std::uint64_t references = counted == counts.end() ? 0 : counted->second;
    counts.erase(*id);
    const auto record = BlobRecord::decode(value);
    if (!record) {
        report.findings.push_back(fmt::format("blob {}: {}", id->hex(), record.error().text));
        return;
    }
    ++report.blobs;
    report.blob_octets += record->size;
    if (record->references != references) {
        report.findings.push_back(
            fmt::format("blob {}: its count is {}, records refer to it {} times",
                        id->hex(),
                        record->references,
                        references));
    }
    verify(*id, *record, report);
}

}  // namespace

base::Result<CheckReport> check_blobs(const KeySpace& space,
                                      const Reader& reader,
                                      const Store::CountReferences& count,
                                      const VerifyBlob& verify) {
    CheckReport report;
    Counts counts;
    TRY_VOID(count(reader, [&counts](const BlobId& id) { ++counts[id]; }));
    TRY_VOID(space.scan("", kOwnKeys, [&report](std::string_view, std::string_view) {
        ++report.records;
        return true;
    }));
    TRY_VOID(space.scan(
        kBlobKeys, prefix_end(kBlobKeys), [&](std::string_view key, std::string_view value) {
            check_record(key, value, counts, verify, report);
            return true;
        }));
    for (const auto& [id, references] : counts) {
        report.findings.push_back(fmt::format(
            "blob {}: missing, though records refer to it {} times", id.hex(), references));
    }
    return report;
}

}  // namespace store
