// What search(), sort() and thread() do, over any EmailSource: for them and for tests.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/pool.h"
#include "base/task.h"
#include "mail/email_source.h"
#include "mail/search.h"
#include "mail/search_index.h"
#include "mail/search_program.h"
#include "mail/snapshot.h"
#include "mail/summary.h"

namespace mail {

// Asks the index, as ask_index does, wherever that should run.
using AskIndex =
    std::function<base::Task<base::Result<IndexAnswers>>(base::Loop&, std::vector<IndexQuery>)>;

// Where is searched: without `ask` every message is read, without `pool` on the loop. `source` and `pool` must outlive
// the search.
struct SearchPlace {
    const EmailSource& source;
    AskIndex ask;
    SnapshotPtr snapshot;
    base::Pool* pool = nullptr;
};

// search() with its parts.
[[nodiscard]] base::Task<base::Result<std::vector<Uid>>> run_search(base::Loop& loop,
                                                                    SearchPlace place,
                                                                    SearchKey key,
                                                                    SearchOptions options);

}  // namespace mail
