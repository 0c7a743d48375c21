// Gives the segments of dead blobs back to the file system.
#pragma once

#include <cstdint>

#include "base/log.h"
#include "base/result.h"
#include "store/committer.h"

namespace store {

// Drops segments in which nothing is live and whose commits the index has flushed; copies what lives in
// segments that are mostly garbage into the current one, and drops them as well. Returns the octets
// freed, less those copied. Slow; not on the committer's thread, one call at a time.
[[nodiscard]] base::Result<std::uint64_t> collect_garbage(Committer& committer, base::Log& log);

}  // namespace store
