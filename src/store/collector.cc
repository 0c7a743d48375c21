#include "store/collector.h"

#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "base/check.h"
#include "store/crc32c.h"
#include "store/key.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

// Copied in one call at most: it goes through the journal beside everybody's mail.
constexpr std::size_t kSparseSegmentsMax = 8;
constexpr std::uint64_t kBatchOctets = std::uint64_t{4} << 20;

struct Move {
    BlobId id;
    std::vector<Extent> from;
};

bool is_sparse(const Segment& segment, std::uint64_t live) {
    return live > 0 && live < (segment.end() - kSegmentHeaderOctets) / 2;
}

std::uint64_t live_octets(const LiveOctets& live, std::uint64_t number) {
    const auto found = live.find(number);
    return found == live.end() ? 0 : found->second;
}

// Removes what is dead; returns the octets of it. A segment's commits are needed until the index has
// them in its files: `flushed` is the segment up to which it has.
std::uint64_t drop_dead(Committer::Inside& inside, std::uint64_t flushed) {
    std::vector<std::uint64_t> dead;
    std::uint64_t octets = 0;
    for (const auto& [number, segment] : *inside.journal.segments()) {
        const bool is_current = segment == inside.journal.current();
        if (number < flushed && !is_current && !segment->pinned() &&
            live_octets(inside.live, number) == 0) {
            dead.push_back(number);
            octets += segment->end();
        }
    }
    inside.journal.remove(dead);
    return octets;
}

// Flushes the index and then drops what is dead.
Result<std::uint64_t> flush_and_drop(Committer& committer) {
    std::uint64_t flushed = 0;
    committer.run_and_wait(
        [&](Committer::Inside& inside) { flushed = inside.journal.position().segment; });
    TRY_VOID(committer.flush_index());
    std::uint64_t octets = 0;
    committer.run_and_wait([&](Committer::Inside& inside) { octets = drop_dead(inside, flushed); });
    return octets;
}

std::set<std::uint64_t> sparse_segments(Committer& committer) {
    std::set<std::uint64_t> sparse;
    committer.run_and_wait([&sparse](Committer::Inside& inside) {
        for (const auto& [number, segment] : *inside.journal.segments()) {
            if (segment != inside.journal.current() && !segment->pinned() &&
                is_sparse(*segment, live_octets(inside.live, number)) &&
                sparse.size() < kSparseSegmentsMax) {
                sparse.insert(number);
            }
        }
    });
    return sparse;
}

// The blobs with octets in `sparse`.
Result<std::vector<Move>> find_moves(const KeySpace& space, const std::set<std::uint64_t>& sparse) {
    std::vector<Move> moves;
    Result<> sound;
    const auto visit = [&](std::string_view key, std::string_view value) {
        const auto id = blob_id_of_key(key);
        auto record = BlobRecord::decode(value);
        if (!id || !record) {
            sound = base::fail(Errc::kCorrupt, "a damaged blob record; run staffetta check");
            return false;
        }
        const auto in_sparse = [&sparse](const Extent& extent) {
            return sparse.contains(extent.segment);
        };
        if (std::any_of(record->extents.begin(), record->extents.end(), in_sparse)) {
            moves.push_back({*id, std::move(record->extents)});
        }
        return true;
    };
    TRY_VOID(space.scan(kBlobKeys, prefix_end(kBlobKeys), visit));
    TRY_VOID(sound);
    // Found in the order of their hashes; moved in the order they lie in, so that what came together is read
    // together ever after.
    std::ranges::sort(moves, {}, [](const Move& move) {
        return std::pair(move.from.front().segment, move.from.front().offset);
    });
    return moves;
}

// The octets of an extent, held against the checksum of its journal record: nothing rotten is copied.
Result<std::shared_ptr<const std::string>> read_extent(const Extent& extent,
                                                       const SegmentSet& segments) {
    const auto found = segments.find(extent.segment);
    CHECK(found != segments.end());
    const Segment& segment = *found->second;
    TRY(const auto file, segment.file());
    RecordCursor cursor(
        *file, segment.header().salt, extent.offset - kRecordHeaderOctets, segment.end());
    TRY(const auto record, cursor.next());
    if (!record || record->payload.size() != extent.length) {
        return base::fail(Errc::kCorrupt, segment.path() + " is damaged; run staffetta check");
    }
    return std::make_shared<const std::string>(record->payload);
}

Result<PinnedExtent> copy_extent(Committer& committer,
                                 const Extent& extent,
                                 const SegmentSet& segments) {
    TRY(auto octets, read_extent(extent, segments));
    auto written = std::make_shared<std::promise<Result<PinnedExtent>>>();
    const std::uint32_t crc = crc32c(*octets);
    committer.append_extent(std::move(octets), crc, [written](Result<PinnedExtent> result) {
        written->set_value(std::move(result));
    });
    return written->get_future().get();
}

// Blobs that are copied and then moved by one change, which costs one sync.
class Batch {
  public:
    Batch(Committer& committer, const std::set<std::uint64_t>& sparse, const SegmentSet& segments)
        : committer_(committer),
          sparse_(sparse),
          segments_(segments) {}

    // Copies the blob's extents out of the sparse segments.
    Result<> copy(const Move& move) {
        std::vector<Extent> to = move.from;
        for (Extent& extent : to) {
            if (sparse_.contains(extent.segment)) {
                TRY(PinnedExtent copied, copy_extent(committer_, extent, segments_));
                octets_ += extent.length;
                extent = copied.extent;
                pinned_.push_back(std::move(copied));
            }
        }
        moves_->push_back({move.id, move.from, std::move(to)});
        return {};
    }

    // Names the copies; returns how many octets they are.
    Result<std::uint64_t> commit() {
        auto moved = std::make_shared<std::promise<Result<>>>();
        committer_.submit(
            [moves = moves_](Transaction& transaction) -> Result<> {
                auto& disk_transaction = dynamic_cast<DiskTransaction&>(transaction);
                for (const Copied& copied : *moves) {
                    TRY_VOID(disk_transaction.move_blob(copied.id, copied.from, copied.to));
                }
                return {};
            },
            [moved](Result<> result) { moved->set_value(std::move(result)); });
        TRY_VOID(moved->get_future().get());
        return octets_;
    }

    [[nodiscard]] bool full() const { return octets_ >= kBatchOctets; }

  private:
    struct Copied {
        BlobId id;
        std::vector<Extent> from;
        std::vector<Extent> to;
    };

    Committer& committer_;
    const std::set<std::uint64_t>& sparse_;
    const SegmentSet& segments_;
    std::shared_ptr<std::vector<Copied>> moves_ = std::make_shared<std::vector<Copied>>();
    std::vector<PinnedExtent> pinned_;
    std::uint64_t octets_ = 0;
};

// Copies all of `moves`; returns how many octets that took.
Result<std::uint64_t> move_blobs(Committer& committer,
                                 const std::vector<Move>& moves,
                                 const std::set<std::uint64_t>& sparse,
                                 const SegmentSet& segments) {
    std::uint64_t octets = 0;
    for (auto move = moves.begin(); move != moves.end();) {
        Batch batch(committer, sparse, segments);
        for (; move != moves.end() && !batch.full(); ++move) {
            TRY_VOID(batch.copy(*move));
        }
        TRY(const std::uint64_t copied, batch.commit());
        octets += copied;
    }
    return octets;
}

}  // namespace

Result<std::uint64_t> collect_garbage(Committer& committer, base::Log& log) {
    TRY(std::uint64_t freed, flush_and_drop(committer));
    const std::set<std::uint64_t> sparse = sparse_segments(committer);
    std::uint64_t copied = 0;
    if (!sparse.empty()) {
        const View view = committer.view();
        TRY(const auto moves, find_moves(*view.space, sparse));
        TRY(copied, move_blobs(committer, moves, sparse, *view.segments));
        TRY(const std::uint64_t dropped, flush_and_drop(committer));
        freed += dropped;
    }
    log.debug("store: garbage was collected", {{"freed", freed}, {"copied", copied}});
    return freed - std::min(freed, copied);
}

}  // namespace store
