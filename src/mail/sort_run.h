// What sort() and thread() do, over any EmailSource: for them and for tests.
#pragma once

#include <vector>

#include "base/loop.h"
#include "base/pool.h"
#include "base/task.h"
#include "mail/email_source.h"
#include "mail/search.h"
#include "mail/snapshot.h"

namespace mail {

// What is put in order.
struct Found {
    SnapshotPtr snapshot;
    std::vector<Uid> uids;
};

// Values are read on `loop`, which others get turns of; what takes long at once runs on `pool`.
[[nodiscard]] base::Task<base::Result<std::vector<Uid>>> run_sort(base::Loop& loop,
                                                                  base::Pool& pool,
                                                                  const EmailSource& source,
                                                                  Found found,
                                                                  std::vector<SortKey> keys);
[[nodiscard]] base::Task<base::Result<std::vector<ThreadNode>>> run_thread(
    base::Loop& loop,
    base::Pool& pool,
    const EmailSource& source,
    Found found,
    ThreadAlgorithm algorithm);

}  // namespace mail
