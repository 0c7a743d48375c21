// Blobs of the store on disk: written through the committer, read from segments.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/pool.h"
#include "store/blob_record.h"
#include "store/segment.h"
#include "store/sha256.h"
#include "store/store.h"

namespace store {

// Up to this a blob waits in memory for the commit that names it.
inline constexpr std::size_t kBlobInMemoryMax = std::size_t{1} << 20;
// A larger one goes to disk in pieces of this.
inline constexpr std::size_t kExtentOctets = std::size_t{256} << 10;

// Up to this it is hashed when it is finished, where whoever finishes it chooses: that is most of what taking in a
// short message costs. A longer one is hashed as it comes, lest one call take long.
inline constexpr std::size_t kHashedAtOnceMax = std::size_t{32} << 10;

// An extent that no commit has named yet; its segment stays as long as this lives.
struct PinnedExtent {
    Extent extent;
    std::shared_ptr<SegmentPin> pin;
};

// What the store on disk keeps of a NewBlob: the pieces that are in the journal, and the rest.
struct DiskBlobState final : NewBlob::State {
    std::vector<PinnedExtent> written;
    std::shared_ptr<const std::string> rest;
    std::uint32_t rest_crc = 0;
};

// What was read of a segment beyond what was asked for. Blobs that came one after the other lie one after the
// other; who reads them so gets a run of small ones with one call to the kernel. For one thread.
class ReadAhead {
  public:
    // Fills `into` from `offset` of the segment on, without waiting; nothing when the disk is needed.
    [[nodiscard]] std::optional<std::size_t> read(const std::shared_ptr<Segment>& segment,
                                                  std::uint64_t offset,
                                                  std::span<char> into);

  private:
    std::shared_ptr<Segment> segment_;
    std::uint64_t begin_ = 0;  // of octets_
    std::string octets_;
    std::uint64_t end_ = 0;  // of what was asked for last
};

// A reader over the extents of `record`, found in `segments`; kCorrupt when one is missing or too short.
// With `ahead` it shares that with others that are read on the same loop.
[[nodiscard]] base::Result<std::unique_ptr<BlobReader>> open_disk_blob(
    const BlobRecord& record,
    const SegmentSet& segments,
    base::Pool& pool,
    std::shared_ptr<ReadAhead> ahead = nullptr);
// A reader of a blob that is not committed yet.
[[nodiscard]] std::unique_ptr<BlobReader> open_new_blob(const DiskBlobState& state,
                                                        base::Pool& pool);

// Calls `visit` with all octets of a blob in order, reading in this thread.
[[nodiscard]] base::Result<> read_disk_blob(
    const BlobRecord& record,
    const SegmentSet& segments,
    const std::function<void(std::string_view octets)>& visit);

// Hands an extent to the committer; the last argument hears where it was written.
using AppendExtent = std::function<void(std::shared_ptr<const std::string> octets,
                                        std::uint32_t crc,
                                        std::function<void(base::Result<PinnedExtent>)> done)>;

class DiskBlobWriter final : public BlobWriter {
  public:
    explicit DiskBlobWriter(AppendExtent append_extent)
        : append_extent_(std::move(append_extent)) {}

    [[nodiscard]] base::Task<base::Result<>> append(base::Loop& loop,
                                                    std::string_view octets) override;
    [[nodiscard]] base::Result<NewBlob> finish() override;

  private:
    [[nodiscard]] base::Task<base::Result<>> write_out(base::Loop& loop);

    AppendExtent append_extent_;
    std::optional<Sha256> digest_;  // nothing: all there is lies in buffer_
    std::uint64_t size_ = 0;
    std::string buffer_;
    std::vector<PinnedExtent> written_;
    bool failed_ = false;
};

}  // namespace store
