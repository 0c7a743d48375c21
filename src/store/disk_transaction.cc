#include "store/disk_transaction.h"

#include "base/check.h"
#include "store/blob_place.h"
#include "store/key.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

constexpr std::uint8_t kLiveVersion = 1;

const DiskBlobState& state_of(const NewBlob& blob) {
    const auto* state = dynamic_cast<const DiskBlobState*>(blob.state());
    CHECK(state != nullptr);
    return *state;
}

std::string segment_key(std::uint64_t segment) {
    return KeyWriter().raw(kSegmentKeys).u64(segment).key();
}

}  // namespace

Result<LiveOctets> load_live_octets(const KeySpace& space) {
    LiveOctets live;
    Result<> sound;
    const auto add = [&](std::string_view key, std::string_view value) {
        KeyReader key_reader(key.substr(kSegmentKeys.size()));
        const std::uint64_t segment = key_reader.u64();
        RecordReader reader(value, kLiveVersion);
        live[segment] = reader.varint();
        sound = key_reader.finish();
        if (sound) {
            sound = reader.finish();
        }
        return sound.has_value();
    };
    TRY_VOID(space.scan(kSegmentKeys, prefix_end(kSegmentKeys), add));
    TRY_VOID(sound);
    return live;
}

Result<std::unique_ptr<BlobReader>> DiskTransaction::open_blob(const BlobId& id) const {
    TRY(const auto record, find_blob(overlay(), id));
    if (!record) {
        return base::fail(Errc::kNotFound, "no blob " + id.hex());
    }
    const auto placed = placed_.find(id);
    if (placed != placed_.end()) {
        return open_new_blob(state_of(placed->second), pool_);
    }
    return open_disk_blob(*record, *journal_.segments(), pool_);
}

Result<std::vector<Extent>> DiskTransaction::place(const NewBlob& blob) {
    if (!has_space_) {
        return base::fail(Errc::kNoSpace, "the disk is full up to the store's reserve");
    }
    const DiskBlobState& state = state_of(blob);
    std::vector<Extent> extents;
    extents.reserve(state.written.size() + 1);
    for (const PinnedExtent& written : state.written) {
        extents.push_back(written.extent);
    }
    if (!state.rest->empty()) {
        extents.push_back(journal_.stage_extent(state.rest, state.rest_crc));
    }
    placed_.insert_or_assign(blob.id(), blob);
    return extents;
}

std::string DiskTransaction::describe_place(const std::vector<Extent>& extents) const {
    return extents.size() == 1 ? encode_place(extents.front(), *journal_.segments())
                               : std::string();
}

Result<> DiskTransaction::move_blob(const BlobId& id,
                                    const std::vector<Extent>& from,
                                    const std::vector<Extent>& to) {
    TRY(auto record, find_blob(overlay(), id));
    if (!record || record->extents != from) {
        return {};
    }
    on_extents(from, false);
    on_extents(to, true);
    record->extents = to;
    overlay().write(blob_key(id), record->encode());
    return {};
}

LiveOctets DiskTransaction::account(const LiveOctets& live) {
    LiveOctets changed;
    for (const auto& [segment, octets] : changes_) {
        const auto before = live.find(segment);
        const auto entry = changed.try_emplace(segment, before == live.end() ? 0 : before->second);
        // Unsigned arithmetic wraps back: a negative change is taken off.
        entry.first->second += static_cast<std::uint64_t>(octets);
    }
    for (const auto& [segment, octets] : changed) {
        overlay().write(segment_key(segment),
                        octets == 0 ? std::nullopt
                                    : std::optional<std::string>(
                                          RecordWriter(kLiveVersion).varint(octets).record()));
    }
    return changed;
}

void DiskTransaction::on_mark() {
    changes_mark_ = changes_.size();
    journal_mark_ = journal_.mark();
}

void DiskTransaction::on_roll_back() {
    changes_.resize(changes_mark_);
    // A blob may stay in placed_: whether it exists is for its record to say, and its octets are right.
    journal_.unstage(journal_mark_);
}

void DiskTransaction::on_extents(const std::vector<Extent>& extents, bool live) {
    for (const Extent& extent : extents) {
        const auto octets = static_cast<std::int64_t>(extent.length);
        if (!changes_.empty() && changes_.back().first == extent.segment &&
            changes_.size() > changes_mark_) {
            changes_.back().second += live ? octets : -octets;
        } else {
            changes_.emplace_back(extent.segment, live ? octets : -octets);
        }
    }
}

}  // namespace store
