#include "store/disk_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "store/crc32c.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

// A run of a blob's octets: in a segment, or still in memory.
struct Piece {
    std::uint64_t begin = 0;  // in the blob
    std::uint64_t length = 0;
    std::shared_ptr<Segment> segment;
    std::uint64_t offset = 0;  // in the segment
    std::shared_ptr<const std::string> octets;

    [[nodiscard]] std::uint64_t end() const { return begin + length; }
};

// Shared with reads that wait on the pool, which may outlive the reader.
struct Pieces {
    std::vector<Piece> pieces;
    std::uint64_t size = 0;

    void add(Piece piece) {
        piece.begin = size;
        size += piece.length;
        if (piece.length > 0) {
            pieces.push_back(std::move(piece));
        }
    }

    // The piece that holds the octet at `offset`, which is below size.
    [[nodiscard]] const Piece& at(std::uint64_t offset) const {
        const auto behind = std::upper_bound(
            pieces.begin(), pieces.end(), offset, [](std::uint64_t value, const Piece& piece) {
                return value < piece.begin;
            });
        return *std::prev(behind);
    }
};

Piece piece_of(const Extent& extent, std::shared_ptr<Segment> segment) {
    Piece piece;
    piece.length = extent.length;
    piece.segment = std::move(segment);
    piece.offset = extent.offset;
    return piece;
}

Result<Pieces> find_pieces(const BlobRecord& record, const SegmentSet& segments) {
    Pieces pieces;
    for (const Extent& extent : record.extents) {
        const auto found = segments.find(extent.segment);
        if (found == segments.end() || extent.offset + extent.length > found->second->end()) {
            return base::fail(Errc::kCorrupt,
                              fmt::format("a blob's octets are missing: {} from {} on in {}",
                                          extent.length,
                                          extent.offset,
                                          segment_name(extent.segment)));
        }
        pieces.add(piece_of(extent, found->second));
    }
    return pieces;
}

// What is read ahead in one go, and how much may lie between two blobs that are read one after the other:
// the records of the commits that brought them.
constexpr std::size_t kAheadOctets = std::size_t{64} << 10;
constexpr std::uint64_t kGapOctetsMax = std::uint64_t{16} << 10;

// Fills `into` from inside one piece without waiting; nothing when the disk is needed.
std::optional<std::size_t> read_cached(const Piece& piece,
                                       std::uint64_t from,
                                       std::span<char> into,
                                       ReadAhead* ahead) {
    if (piece.octets != nullptr) {
        return piece.octets->copy(into.data(), into.size(), from);
    }
    if (ahead != nullptr) {
        return ahead->read(piece.segment, piece.offset + from, into);
    }
    const auto file = piece.segment->file();
    return file ? (*file)->read_cached(piece.offset + from, into) : std::nullopt;
}

Result<std::size_t> read_waiting(const Piece& piece, std::uint64_t from, std::span<char> into) {
    TRY(const auto file, piece.segment->file());
    TRY(const std::size_t count, file->read_at(piece.offset + from, into));
    if (count < into.size()) {
        return base::fail(Errc::kCorrupt, piece.segment->path() + " is shorter than its blobs");
    }
    return count;
}

// Fills `into` from `offset` on, piece by piece; stops at the first that would wait unless `wait`.
Result<std::size_t> read_pieces(const Pieces& pieces,
                                std::uint64_t offset,
                                std::span<char> into,
                                bool wait,
                                ReadAhead* ahead = nullptr) {
    std::size_t count = 0;
    while (count < into.size() && offset + count < pieces.size) {
        const Piece& piece = pieces.at(offset + count);
        const std::uint64_t from = offset + count - piece.begin;
        const auto part = into.subspan(count,
                                       static_cast<std::size_t>(std::min<std::uint64_t>(
                                           into.size() - count, piece.length - from)));
        if (const auto cached = read_cached(piece, from, part, ahead)) {
            count += *cached;
        } else if (wait) {
            TRY(const std::size_t got, read_waiting(piece, from, part));
            count += got;
        } else {
            break;
        }
    }
    return count;
}

class DiskBlobReader final : public BlobReader {
  public:
    DiskBlobReader(Pieces pieces, base::Pool& pool, std::shared_ptr<ReadAhead> ahead)
        : pieces_(std::make_shared<const Pieces>(std::move(pieces))),
          pool_(pool),
          ahead_(std::move(ahead)) {}

    std::uint64_t size() const override { return pieces_->size; }

    base::Task<Result<std::size_t>> read(base::Loop& loop,
                                         std::uint64_t offset,
                                         std::span<char> into) override {
        if (offset >= pieces_->size) {
            co_return 0;
        }
        into = into.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), pieces_->size - offset)));
        CO_TRY(const std::size_t cached, read_pieces(*pieces_, offset, into, false, ahead_.get()));
        if (cached == into.size()) {
            co_return cached;
        }
        // Into a buffer of its own: the caller's may be gone before the disk answers.
        auto waited = std::make_shared<std::string>(into.size() - cached, '\0');
        auto job = [pieces = pieces_, offset = offset + cached, waited] {
            return read_pieces(*pieces, offset, *waited, true);
        };
        CO_TRY(const std::size_t got, co_await pool_.run(loop, job));
        std::memcpy(into.data() + cached, waited->data(), got);
        co_return cached + got;
    }

  private:
    std::shared_ptr<const Pieces> pieces_;
    base::Pool& pool_;
    std::shared_ptr<ReadAhead> ahead_;  // or null
};

}  // namespace

std::optional<std::size_t> ReadAhead::read(const std::shared_ptr<Segment>& segment,
                                           std::uint64_t offset,
                                           std::span<char> into) {
    const bool is_same = segment == segment_;
    const bool follows = is_same && offset >= end_ && offset - end_ <= kGapOctetsMax;
    const bool is_here = is_same && offset >= begin_ && offset - begin_ <= octets_.size() &&
                         into.size() <= octets_.size() - (offset - begin_);
    end_ = offset + into.size();
    if (is_here) {
        return octets_.copy(into.data(), into.size(), offset - begin_);
    }
    segment_ = segment;
    octets_.clear();
    const auto file = segment->file();
    if (!file) {
        return std::nullopt;
    }
    const std::uint64_t left = segment->end() - offset;
    if (!follows || into.size() >= kAheadOctets || left < into.size()) {
        return (*file)->read_cached(offset, into);
    }
    begin_ = offset;
    octets_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kAheadOctets, left)));
    if (!(*file)->read_cached(offset, octets_)) {
        octets_.clear();
        return (*file)->read_cached(offset, into);
    }
    return octets_.copy(into.data(), into.size());
}

Result<std::unique_ptr<BlobReader>> open_disk_blob(const BlobRecord& record,
                                                   const SegmentSet& segments,
                                                   base::Pool& pool,
                                                   std::shared_ptr<ReadAhead> ahead) {
    TRY(Pieces pieces, find_pieces(record, segments));
    return std::make_unique<DiskBlobReader>(std::move(pieces), pool, std::move(ahead));
}

std::unique_ptr<BlobReader> open_new_blob(const DiskBlobState& state, base::Pool& pool) {
    Pieces pieces;
    for (const PinnedExtent& written : state.written) {
        pieces.add(piece_of(written.extent, written.pin->segment()));
    }
    Piece rest;
    rest.length = state.rest->size();
    rest.octets = state.rest;
    pieces.add(std::move(rest));
    return std::make_unique<DiskBlobReader>(std::move(pieces), pool, nullptr);
}

Result<> read_disk_blob(const BlobRecord& record,
                        const SegmentSet& segments,
                        const std::function<void(std::string_view)>& visit) {
    TRY(const Pieces pieces, find_pieces(record, segments));
    std::string buffer;
    for (std::uint64_t offset = 0; offset < pieces.size; offset += buffer.size()) {
        buffer.resize(static_cast<std::size_t>(
            std::min<std::uint64_t>(kBlobInMemoryMax, pieces.size - offset)));
        TRY_VOID(read_pieces(pieces, offset, buffer, true));
        visit(buffer);
    }
    return {};
}

base::Task<Result<>> DiskBlobWriter::append(base::Loop& loop, std::string_view octets) {
    if (failed_) {
        co_return base::fail(Errc::kIo, "an earlier part of the blob could not be written");
    }
    size_ += octets.size();
    if (!digest_ && size_ > kHashedAtOnceMax) {
        digest_.emplace().append(buffer_);
    }
    if (digest_) {
        digest_->append(octets);
    }
    while (!octets.empty()) {
        const std::size_t room = written_.empty() ? kBlobInMemoryMax : kExtentOctets;
        if (buffer_.size() == room) {
            CO_TRY_VOID(co_await write_out(loop));
            continue;
        }
        const std::size_t count = std::min(room - buffer_.size(), octets.size());
        buffer_.append(octets.substr(0, count));
        octets.remove_prefix(count);
    }
    co_return Result<>();
}

// One piece at a time: the next waits for this one, so a fast sender cannot fill the memory.
base::Task<Result<>> DiskBlobWriter::write_out(base::Loop& loop) {
    auto octets = std::make_shared<const std::string>(std::exchange(buffer_, {}));
    const std::uint32_t crc = crc32c(*octets);
    base::Handover<Result<PinnedExtent>> handover(loop);
    append_extent_(std::move(octets), crc, handover.giver());
    auto outcome = co_await handover;
    if (!outcome) {
        failed_ = true;
        co_return base::forward_error(outcome);
    }
    written_.push_back(std::move(*outcome));
    co_return Result<>();
}

Result<NewBlob> DiskBlobWriter::finish() {
    if (failed_) {
        return base::fail(Errc::kIo, "the blob was not written whole");
    }
    auto state = std::make_shared<DiskBlobState>();
    state->written = std::exchange(written_, {});
    state->rest = std::make_shared<const std::string>(std::exchange(buffer_, {}));
    state->rest_crc = crc32c(*state->rest);
    const BlobId id = digest_ ? digest_->finish() : Sha256::of(*state->rest);
    return NewBlob(id, size_, std::move(state));
}

}  // namespace store
