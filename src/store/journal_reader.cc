#include "store/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/crc32c.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kScanOctets = std::size_t{1} << 20;

tl::unexpected<base::Error> damaged(const Segment& segment,
                                    std::uint64_t offset,
                                    std::string_view what) {
    return base::fail(
        Errc::kCorrupt,
        fmt::format(
            "{}: {} at offset {}; restore the store from a backup", segment.path(), what, offset));
}

struct Tail {
    bool clean = true;
    std::optional<std::uint64_t> later;  // offset of a record that only follows a finished group
};

// Looks through what stands behind the last sound record of the last segment. A group is written only
// when the one before it was synced, so a sound record of the group after next proves that the damage
// before it is no torn tail.
Result<Tail> look_behind(const File& file,
                         const Segment& segment,
                         std::uint64_t from,
                         std::uint64_t end,
                         std::uint64_t last_sequence) {
    Tail tail;
    const std::uint64_t octets_max = std::min<std::uint64_t>(kScanOctets, end - from);
    std::string chunk(static_cast<std::size_t>(octets_max) + kRecordHeaderOctets, '\0');
    for (std::uint64_t at = from; at < end; at += kScanOctets) {
        TRY(const std::size_t octets, file.read_at(at, chunk));
        const std::string_view view = std::string_view(chunk).substr(0, octets);
        if (std::all_of(view.begin(), view.end(), [](char octet) { return octet == '\0'; })) {
            continue;
        }
        tail.clean = false;
        const std::uint32_t salt = segment.header().salt;
        for (std::size_t i = 0; i < std::min(view.size(), kScanOctets); i += kRecordAlignment) {
            const auto header = RecordHeader::decode(view.substr(i), salt);
            if (!header || header->sequence < last_sequence + 2) {
                continue;
            }
            RecordCursor cursor(file, salt, at + i, end);
            TRY(const auto record, cursor.next());
            if (record) {
                tail.later = at + i;
                return tail;
            }
        }
    }
    return tail;
}

class Replay {
  public:
    Replay(const SegmentSet& segments, const ApplyCommit& apply)
        : segments_(segments),
          apply_(apply) {}

    Result<ReplayEnd> run(const std::optional<Position>& applied) {
        TRY(auto at, start(applied));
        for (; at != segments_.end(); ++at) {
            const auto next = std::next(at);
            const Segment* const follower = next == segments_.end() ? nullptr : next->second.get();
            TRY_VOID(segment(*at->second, follower));
        }
        return end_;
    }

  private:
    // The segment to begin with; sets where in it.
    Result<SegmentSet::const_iterator> start(const std::optional<Position>& applied) {
        const auto first = segments_.begin();
        if (applied) {
            end_.last = *applied;
            end_.offset = applied->offset;
            const auto found = segments_.find(applied->segment);
            if (found == segments_.end()) {
                return base::fail(
                    Errc::kCorrupt,
                    fmt::format("the index goes up to {}, which is missing beside {}; restore the "
                                "store from a backup",
                                segment_name(applied->segment),
                                first->second->path()));
            }
            return found;
        }
        if (first->second->number() != 1) {
            return damaged(*first->second, 0, "the index is empty and earlier segments are gone");
        }
        end_.offset = kSegmentHeaderOctets;
        return first;
    }

    Result<> segment(const Segment& segment, const Segment* follower) {
        TRY(const auto file, segment.file());
        TRY(std::uint64_t end, file->size());
        if (follower != nullptr) {
            if (follower->number() != segment.number() + 1) {
                return damaged(*follower, 0, "the segment before it is missing");
            }
            end = follower->header().previous_end;
        }
        if (end < end_.offset) {
            return damaged(segment, end, "octets that the index knows of are missing");
        }
        RecordCursor cursor(*file, segment.header().salt, end_.offset, end);
        TRY_VOID(records(segment, cursor));
        if (follower == nullptr) {
            return tail(segment, *file, end);
        }
        if (cursor.offset() != end) {
            return damaged(segment, cursor.offset(), "a damaged record");
        }
        if (follower->header().sequence != end_.last.sequence) {
            return damaged(*follower, 0, "commits are missing");
        }
        end_.offset = kSegmentHeaderOctets;
        return {};
    }

    // Up to the first that is not sound or not in its turn.
    Result<> records(const Segment& segment, RecordCursor& cursor) {
        while (true) {
            TRY(const auto record, cursor.next());
            if (!record || record->header.sequence != end_.last.sequence + 1) {
                if (record) {
                    return damaged(segment, record->offset, "a record out of its turn");
                }
                return {};
            }
            end_.offset = cursor.offset();
            if (record->header.type == RecordType::kExtent) {
                continue;
            }
            const auto writes = decode_commit(record->payload);
            if (!writes) {
                return damaged(segment, record->offset, writes.error().text);
            }
            end_.last = {record->header.sequence, segment.number(), cursor.offset()};
            TRY_VOID(apply_(*writes, end_.last));
        }
    }

    Result<> tail(const Segment& segment, const File& file, std::uint64_t end) {
        TRY(const Tail tail, look_behind(file, segment, end_.offset, end, end_.last.sequence));
        if (tail.later) {
            return damaged(
                segment,
                end_.offset,
                fmt::format("a damaged record, with sound ones from {} on,", *tail.later));
        }
        end_.clean = tail.clean;
        return {};
    }

    const SegmentSet& segments_;
    const ApplyCommit& apply_;
    ReplayEnd end_;
};

}  // namespace

Result<std::optional<RecordCursor::Record>> RecordCursor::next() {
    if (offset_ + kRecordHeaderOctets > end_) {
        return std::nullopt;
    }
    octets_.resize(kRecordHeaderOctets);
    TRY(const std::size_t header_octets, file_.read_at(offset_, octets_));
    const auto header =
        RecordHeader::decode(std::string_view(octets_).substr(0, header_octets), salt_);
    if (!header || record_octets(header->payload_octets) > end_ - offset_) {
        return std::nullopt;
    }
    // With the padding, which no checksum covers.
    octets_.resize(record_octets(header->payload_octets) - kRecordHeaderOctets);
    TRY(const std::size_t count, file_.read_at(offset_ + kRecordHeaderOctets, octets_));
    const auto payload = std::string_view(octets_).substr(0, header->payload_octets);
    const auto padding = std::string_view(octets_).substr(header->payload_octets);
    if (count < octets_.size() || crc32c(payload) != header->payload_crc ||
        padding.find_first_not_of('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    const Record record{*header, payload, offset_};
    offset_ += record_octets(header->payload_octets);
    return record;
}

Result<ReplayEnd> replay_journal(const SegmentSet& segments,
                                 const std::optional<Position>& applied,
                                 const ApplyCommit& apply) {
    return Replay(segments, apply).run(applied);
}

}  // namespace store
