// What only the store on disk has to verify: the octets of blobs, the sums kept of them, the journal.
#pragma once

#include "store/disk_transaction.h"
#include "store/overlay.h"
#include "store/segment.h"
#include "store/store.h"

namespace store {

class DiskCheck {
  public:
    // Both of one moment; they must outlive the check.
    DiskCheck(const KeySpace& space, const SegmentSet& segments)
        : space_(space),
          segments_(segments) {}

    // Reads a blob to its end and compares its SHA-256.
    void blob(const BlobId& id, const BlobRecord& record, CheckReport& report);
    // After the last blob: the sums kept of them.
    void sums(CheckReport& report) const;
    // Every record of every segment.
    void segments(CheckReport& report) const;

  private:
    const KeySpace& space_;
    const SegmentSet& segments_;
    LiveOctets live_;
};

}  // namespace store
