// Reads the emails of a gap in an account's search index and cuts them into words: one block of the index,
// as long as limits allow. SearchIndexer writes it.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "base/fair_share.h"
#include "base/loop.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "mail/email_source.h"
#include "mail/search_block.h"
#include "mail/search_index.h"
#include "mail/search_indexer.h"
#include "mail/types.h"

namespace mail {

// Emails that no block covers.
struct IndexGap {
    EmailId first = 1;
    EmailId last = 0;  // below first: there is none
};

// kUnavailable once `stopping`, which may be null, is true.
[[nodiscard]] base::Result<> expect_going_on(const std::atomic<bool>* stopping);

class IndexBuild {
  public:
    // All must outlive it. Words are cut on `pool`.
    IndexBuild(base::Loop& loop,
               base::Pool& pool,
               const EmailSource& source,
               const IndexerLimits& limits);

    // Reads and cuts a batch at a time, until the gap or a limit ends; block() and builder() have what came of it.
    // Call once. `stopping` and `rest` as SearchIndexer's.
    [[nodiscard]] base::Task<base::Result<>> run(IndexGap gap,
                                                 const std::atomic<bool>* stopping,
                                                 const std::function<void()>& rest);

    [[nodiscard]] SearchBlock& block() { return block_; }

    [[nodiscard]] SearchBlockBuilder& builder() { return builder_; }

  private:
    struct RawEmail;
    struct Work;

    // Returns the id behind the last that was looked at.
    [[nodiscard]] base::Task<base::Result<EmailId>> read_batch(EmailId next,
                                                               EmailId last,
                                                               std::vector<RawEmail>& batch);
    [[nodiscard]] base::Task<base::Result<RawEmail>> read_email(RawEmail email);
    [[nodiscard]] base::Task<base::Result<>> cut_words(std::vector<RawEmail> batch);

    base::Loop& loop_;
    base::Pool& pool_;
    const EmailSource& source_;
    const IndexerLimits& limits_;
    base::FairShare share_;
    SearchBlock block_;
    SearchBlockBuilder builder_;
};

}  // namespace mail
