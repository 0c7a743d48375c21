// The transaction of the store on disk: its blobs are staged in the journal's group as they are
// referred to, so their places are known before anything is written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/pool.h"
#include "store/disk_blob.h"
#include "store/journal.h"
#include "store/overlay.h"

namespace store {

// kOwnKeys 'S' segment: the live octets in it, as a varint. Absent is none.
inline constexpr std::string_view kSegmentKeys =
    "\xff"
    "S";
using LiveOctets = std::map<std::uint64_t, std::uint64_t>;  // by segment

[[nodiscard]] base::Result<LiveOctets> load_live_octets(const KeySpace& space);

class DiskTransaction final : public OverlayTransaction {
  public:
    // All must outlive the transaction. With `has_space` false new blobs are refused.
    DiskTransaction(const KeySpace& below, Journal& journal, base::Pool& pool, bool has_space)
        : OverlayTransaction(below),
          journal_(journal),
          pool_(pool),
          has_space_(has_space) {}

    [[nodiscard]] base::Result<std::unique_ptr<BlobReader>> open_blob(
        const BlobId& id) const override;

    // Puts the blob `id` into other places, unless it has left `from` meanwhile; collect() does this.
    [[nodiscard]] base::Result<> move_blob(const BlobId& id,
                                           const std::vector<Extent>& from,
                                           const std::vector<Extent>& to);

    // Adds to the group's writes what they do to `live`; returns the new numbers, zero for none left.
    [[nodiscard]] LiveOctets account(const LiveOctets& live);

  protected:
    [[nodiscard]] base::Result<std::vector<Extent>> place(const NewBlob& blob) override;
    [[nodiscard]] std::string describe_place(const std::vector<Extent>& extents) const override;
    void on_mark() override;
    void on_roll_back() override;
    void on_extents(const std::vector<Extent>& extents, bool live) override;

  private:
    Journal& journal_;
    base::Pool& pool_;
    bool has_space_;
    // By segment: octets that came to live, or died (negative).
    std::vector<std::pair<std::uint64_t, std::int64_t>> changes_;
    std::map<BlobId, NewBlob> placed_;
    std::size_t changes_mark_ = 0;
    std::size_t journal_mark_ = 0;
};

}  // namespace store
