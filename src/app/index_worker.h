// Builds the search index of every account beside everybody's mail: one thread that rests three times as
// long as it works, so that delivery and sessions have the machine.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "mail/mailboxes.h"
#include "mail/search_indexer.h"
#include "store/store.h"

namespace app {

class IndexWorker {
  public:
    // All must outlive it.
    IndexWorker(store::Store& store,
                mail::Mailboxes& mailboxes,
                const base::Clock& clock,
                base::Log& log);
    IndexWorker(const IndexWorker&) = delete;
    IndexWorker& operator=(const IndexWorker&) = delete;
    // Ends what is in flight, at its next change to the store, and joins.
    ~IndexWorker();

    // Erases all indexes and builds them anew, soon. From any thread.
    void rebuild() { wants_rebuild_ = true; }

  private:
    void work();
    void visit_accounts();
    [[nodiscard]] base::Result<> erase_all(const std::vector<account::AccountId>& accounts);
    [[nodiscard]] base::Result<> index_account(account::AccountId account);
    // False when the worker is to end.
    [[nodiscard]] bool rest(base::Duration span);

    store::Store& store_;
    mail::Mailboxes& mailboxes_;
    const base::Clock& clock_;
    base::Log& log_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> wants_rebuild_ = false;
    mail::SearchIndexer indexer_;
    // How far each account's emails were looked at; only the worker's own thread reads it.
    std::map<account::AccountId, mail::EmailId> seen_;
    std::mutex mutex_;
    std::condition_variable stop_;
    std::jthread thread_;
};

// Erases an account's index and builds it anew. Waits.
[[nodiscard]] base::Result<> rebuild_index(store::Store& store,
                                           mail::Mailboxes& mailboxes,
                                           const base::Clock& clock,
                                           account::AccountId account);

// Every account's id.
[[nodiscard]] base::Result<std::vector<account::AccountId>> all_accounts(
    const store::Reader& reader);

}  // namespace app
