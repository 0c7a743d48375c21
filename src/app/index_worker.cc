#include "app/index_worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "base/blocking_loop.h"
#include "base/random.h"
#include "mail/email_source.h"
#include "mail/records.h"

namespace app {
namespace {

constexpr auto kPause = std::chrono::seconds(5);
constexpr int kNiceness = 10;

mail::IndexerLimits limits() {
    return {.hash_seed = base::SystemRandom().u64()};
}

base::Result<> erase(store::Store& store, account::AccountId account) {
    for (bool is_erased = false; !is_erased;) {
        TRY_VOID(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
            TRY(is_erased, mail::erase_index(change, account));
            return {};
        }));
    }
    return {};
}

}  // namespace

IndexWorker::IndexWorker(store::Store& store,
                         mail::Mailboxes& mailboxes,
                         const base::Clock& clock,
                         base::Log& log)
    : store_(store),
      mailboxes_(mailboxes),
      clock_(clock),
      log_(log),
      indexer_(store, here_, limits(), &stopping_, [this] { pace_.rest(); }),
      pace_(
          clock,
          [ears = ears_] { return ears->groups.load(); },
          [this](base::Duration span) { return rest(span); }),
      thread_([this] { work(); }) {}

IndexWorker::~IndexWorker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_.notify_all();
}

void IndexWorker::work() {
    // Of this thread, not of the process; where it may not be changed it stays.
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness));
    store_.observe(ears_);
    while (rest(kPause)) {
        visit_accounts();
    }
}

bool IndexWorker::rest(base::Duration span) {
    std::unique_lock lock(mutex_);
    return !stop_.wait_for(lock, span, [this] { return stopping_.load(); });
}

void IndexWorker::visit_accounts() {
    const auto accounts = all_accounts(*store_.snapshot());
    if (!accounts) {
        log_.warning("the search index cannot be brought up to date",
                     {{"reason", accounts.error().text}});
        return;
    }
    if (wants_rebuild_.exchange(false)) {
        const auto erased = erase_all(*accounts);
        if (!erased) {
            log_.warning("the search index cannot be erased", {{"reason", erased.error().text}});
        }
    }
    for (const account::AccountId account : *accounts) {
        const auto done = index_account(account);
        if (stopping_) {
            return;
        }
        if (!done && done.error().code != base::Errc::kNotFound) {
            log_.warning("the search index of an account cannot be brought up to date",
                         {{"account", account}, {"reason", done.error().text}});
        }
    }
}

base::Result<> IndexWorker::erase_all(const std::vector<account::AccountId>& accounts) {
    seen_.clear();
    for (const account::AccountId account : accounts) {
        TRY_VOID(erase(store_, account));
    }
    return {};
}

base::Result<> IndexWorker::index_account(account::AccountId account) {
    TRY(const mail::AccountCounters counters, mail::load_counters(*store_.snapshot(), account));
    if (seen_[account] == counters.next_email) {
        return {};
    }
    const mail::MailboxesSource source(mailboxes_, account);
    base::BlockingLoop loop(clock_);
    for (bool more = true; more;) {
        pace_.begin();
        TRY(more, loop.run(indexer_.step(loop, source, account)));
        pace_.rest();
        if (stopping_) {
            return {};
        }
    }
    seen_[account] = counters.next_email;
    return {};
}

base::Result<> rebuild_index(store::Store& store,
                             mail::Mailboxes& mailboxes,
                             const base::Clock& clock,
                             account::AccountId account) {
    TRY_VOID(erase(store, account));
    const mail::SearchIndexer indexer(store, mailboxes.pool(), limits());
    const mail::MailboxesSource source(mailboxes, account);
    base::BlockingLoop loop(clock);
    for (bool more = true; more;) {
        TRY(more, loop.run(indexer.step(loop, source, account, true)));
    }
    return {};
}

base::Result<std::vector<account::AccountId>> all_accounts(const store::Reader& reader) {
    std::vector<account::AccountId> ids;
    TRY(const auto domains, account::list_domains(reader));
    for (const std::string& domain : domains) {
        TRY(const auto accounts, account::list_accounts(reader, domain));
        for (const account::Account& account : accounts) {
            ids.push_back(account.id);
        }
    }
    return ids;
}

}  // namespace app
