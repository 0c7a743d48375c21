// Builds the search index in the background, a bounded piece at a time (docs/architecture/storage-format.md,
// "Search index").
//
// New emails become a block once there are enough of them; eight blocks of a size become one of the next, so
// there are few however much mail there is. Emails that have gone leave the index with the blocks they
// were in, when these are merged, or written again because most of what they hold has gone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "account/directory.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/email_source.h"
#include "mail/search_index.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

struct IndexerLimits {
    std::uint64_t new_emails_min = 64;  // fewer wait: reading them is quick
    std::uint64_t block_emails_max = 4096;
    std::size_t block_octets_max = std::size_t{24} << 20;  // of a block in memory
    std::uint64_t merged_emails_max = std::uint64_t{1} << 17;
    std::size_t change_octets_max = std::size_t{1} << 20;
    std::uint64_t hash_seed = 0;  // WordTable's
};

class SearchIndexer {
  public:
    // All must outlive it. Words are cut on `pool`; once `stopping` is true a step ends with kUnavailable. `rest` is
    // called on the loop's thread after each piece of a step, some milliseconds of work, and may wait there.
    SearchIndexer(
        store::Store& store,
        base::Pool& pool,
        IndexerLimits limits = {},
        const std::atomic<bool>* stopping = nullptr,
        std::function<void()> rest = [] {})
        : store_(store),
          pool_(pool),
          limits_(limits),
          stopping_(stopping),
          rest_(std::move(rest)) {}

    // Does the next thing that an account's index needs: false when there was nothing to do. One step at a
    // time an account. With `all`, emails too few for a block become one.
    [[nodiscard]] base::Task<base::Result<bool>> step(base::Loop& loop,
                                                      const EmailSource& source,
                                                      account::AccountId account,
                                                      bool all = false) const;

  private:
    struct Plan;

    [[nodiscard]] base::Result<Plan> plan(account::AccountId account, bool all) const;
    [[nodiscard]] base::Task<base::Result<>> build(base::Loop& loop,
                                                   const EmailSource& source,
                                                   account::AccountId account,
                                                   Plan plan) const;
    [[nodiscard]] base::Task<base::Result<>> merge(base::Loop& loop,
                                                   const EmailSource& source,
                                                   account::AccountId account,
                                                   Plan plan) const;
    [[nodiscard]] base::Task<base::Result<>> commit(base::Loop& loop,
                                                    account::AccountId account,
                                                    SearchBlock block,
                                                    std::vector<EmailId> replaced) const;
    using Records = std::vector<std::pair<std::string, std::string>>;
    [[nodiscard]] base::Task<base::Result<>> write(base::Loop& loop,
                                                   account::AccountId account,
                                                   Records records) const;
    [[nodiscard]] base::Task<base::Result<>> erase(base::Loop& loop,
                                                   std::vector<std::string> keys) const;

    store::Store& store_;
    base::Pool& pool_;
    const IndexerLimits limits_;
    const std::atomic<bool>* stopping_;
    const std::function<void()> rest_;
};

// Erases an account's index, some records a change; true when nothing was left. What an account's removal and
// `check --rebuild-index` do.
[[nodiscard]] base::Result<bool> erase_index(store::Transaction& change,
                                             account::AccountId account,
                                             std::size_t records_max = 64);

// What check() finds in an account's index: one sentence each.
[[nodiscard]] base::Result<std::vector<std::string>> check_index(const store::Reader& reader,
                                                                 account::AccountId account);

}  // namespace mail
