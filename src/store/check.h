// The invariants of references and blobs, verified the same way for every engine.
#pragma once

#include <functional>

#include "store/blob_record.h"
#include "store/overlay.h"
#include "store/store.h"

namespace store {

// Adds to `report` what is wrong with the blob behind a record: its octets and where they lie.
using VerifyBlob =
    std::function<void(const BlobId& id, const BlobRecord& record, CheckReport& report)>;

// Compares every blob record of `space` with the references that `count` finds through `reader`, and
// calls `verify` for each. Both must show the same state. Fails only where reading fails as a whole.
[[nodiscard]] base::Result<CheckReport> check_blobs(const KeySpace& space,
                                                    const Reader& reader,
                                                    const Store::CountReferences& count,
                                                    const VerifyBlob& verify);

}  // namespace store
