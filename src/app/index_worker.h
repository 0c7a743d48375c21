// Builds the search index of every account beside everybody's mail: one thread of low priority that rests most of the
// time (index_pace.h), so that delivery and sessions have the machine.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "account/directory.h"
#include "app/index_pace.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
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
    // Counts the groups of changes that the store has made.
    struct Ears final : store::CommitObserver {
        void on_commit(std::span<const store::Write> /*writes*/) override { ++groups; }

        std::atomic<std::uint64_t> groups = 0;
    };

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
    base::Pool here_{0, 1};  // words are cut on the worker's own thread
    mail::SearchIndexer indexer_;
    std::shared_ptr<Ears> ears_ = std::make_shared<Ears>();
    IndexPace pace_;
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
