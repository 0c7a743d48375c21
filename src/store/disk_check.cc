#include "store/disk_check.h"

#include <fmt/format.h>

#include "store/disk_blob.h"
#include "store/journal_reader.h"
#include "store/sha256.h"

namespace store {
namespace {

// The first damage in a segment, as a sentence; nothing for a sound one.
base::Result<> check_segment(const Segment& segment) {
    const std::uint64_t end = segment.end();
    TRY(const auto file, segment.file());
    RecordCursor cursor(*file, segment.header().salt, kSegmentHeaderOctets, end);
    while (cursor.offset() < end) {
        TRY(const auto record, cursor.next());
        if (!record) {
            return base::fail(
                base::Errc::kCorrupt,
                fmt::format("{}: a damaged record at offset {}", segment.path(), cursor.offset()));
        }
    }
    return {};
}

}  // namespace

void DiskCheck::blob(const BlobId& id, const BlobRecord& record, CheckReport& report) {
    for (const Extent& extent : record.extents) {
        live_[extent.segment] += extent.length;
    }
    Sha256 digest;
    const auto read = read_disk_blob(
        record, segments_, [&digest](std::string_view octets) { digest.append(octets); });
    if (!read) {
        report.findings.push_back(fmt::format("blob {}: {}", id.hex(), read.error().text));
    } else if (digest.finish() != id) {
        report.findings.push_back(
            fmt::format("blob {}: its octets have changed, their SHA-256 is another", id.hex()));
    }
}

void DiskCheck::sums(CheckReport& report) const {
    const auto kept = load_live_octets(space_);
    if (!kept) {
        report.findings.push_back(kept.error().text);
    } else if (*kept != live_) {
        report.findings.emplace_back(
            "the live octets kept for each segment are not those of the blobs in it");
    }
}

void DiskCheck::segments(CheckReport& report) const {
    for (const auto& [number, segment] : segments_) {
        const auto sound = check_segment(*segment);
        if (!sound) {
            report.findings.push_back(sound.error().text);
        }
    }
}

}  // namespace store
