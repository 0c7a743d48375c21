#include "mail/search.h"

#include <utility>

#include "mail/email_source.h"
#include "mail/mailboxes.h"
#include "mail/search_run.h"
#include "mail/sort_run.h"

namespace mail {
namespace {

base::Task<base::Result<IndexAnswers>> ask_on_pool(base::Loop& loop,
                                                   base::Pool& pool,
                                                   store::Store& store,
                                                   account::AccountId owner,
                                                   std::vector<IndexQuery> queries) {
    auto work = [&store, owner, queries = std::move(queries)] {
        return ask_index(*store.snapshot(), owner, queries);
    };
    co_return co_await pool.run(loop, std::move(work));
}

}  // namespace

base::Task<base::Result<std::vector<Uid>>> search(base::Loop& loop,
                                                  Mailboxes& mailboxes,
                                                  std::shared_ptr<const Snapshot> snapshot,
                                                  SearchKey key,
                                                  SearchOptions options) {
    const account::AccountId owner = snapshot->ref().owner;
    const MailboxesSource source(mailboxes, owner);
    AskIndex ask = [&mailboxes, owner](base::Loop& asking, std::vector<IndexQuery> queries) {
        return ask_on_pool(
            asking, mailboxes.pool(), mailboxes.underlying_store(), owner, std::move(queries));
    };
    SearchPlace place{source, std::move(ask), std::move(snapshot), &mailboxes.pool()};
    co_return co_await run_search(loop, std::move(place), std::move(key), std::move(options));
}

base::Task<base::Result<std::vector<Uid>>> sort(base::Loop& loop,
                                                Mailboxes& mailboxes,
                                                std::shared_ptr<const Snapshot> snapshot,
                                                std::vector<Uid> found,
                                                std::vector<SortKey> keys) {
    const MailboxesSource source(mailboxes, snapshot->ref().owner);
    Found what{std::move(snapshot), std::move(found)};
    co_return co_await run_sort(loop, mailboxes.pool(), source, std::move(what), std::move(keys));
}

base::Task<base::Result<std::vector<ThreadNode>>> thread(base::Loop& loop,
                                                         Mailboxes& mailboxes,
                                                         std::shared_ptr<const Snapshot> snapshot,
                                                         std::vector<Uid> found,
                                                         ThreadAlgorithm algorithm) {
    const MailboxesSource source(mailboxes, snapshot->ref().owner);
    Found what{std::move(snapshot), std::move(found)};
    co_return co_await run_thread(loop, mailboxes.pool(), source, std::move(what), algorithm);
}

}  // namespace mail
