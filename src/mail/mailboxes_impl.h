// What the files of Mailboxes share.
#pragma once

#include <memory>
#include <utility>

#include "mail/acl.h"
#include "mail/mailbox_editor.h"
#include "mail/mailbox_tree.h"
#include "mail/mailboxes.h"
#include "mail/place_cache.h"
#include "mail/quota.h"
#include "mail/recents.h"
#include "mail/records.h"
#include "mail/snapshot_cache.h"

namespace mail {

struct Mailboxes::Parts {
    // Hears of commits as long as somebody holds it.
    struct Ears final : store::CommitObserver {
        Ears(store::Store& store, std::size_t snapshots_octets_max)
            : cache(snapshots_octets_max),
              recents(store) {}

        void on_commit(std::span<const store::Write> writes) override {
            // First what is in memory: who hears of news may look at once.
            places.on_commit(writes);
            cache.on_commit(writes);
            recents.on_commit(writes);
            hub.announce(writes);
        }

        PlaceCache places;
        SnapshotCache cache;
        Recents recents;
        Hub hub;
    };

    store::Store& store;
    const base::Clock& clock;
    base::Pool& pool;
    const MailboxLimits limits;
    std::shared_ptr<Ears> ears;

    // The snapshot that a change may start from, if it is in memory.
    [[nodiscard]] SnapshotPtr known(Ref ref) const {
        auto found = ears->cache.find(ref);
        return found ? std::move(*found) : nullptr;
    }

    // Runs `work(change, result)` as one change and gives what it left in `result`. It may run more than
    // once, each time with a new result, and owns what it uses.
    template <class R, class Work>
    base::Task<base::Result<R>> change(base::Loop& loop, Work work) const {
        auto result = std::make_shared<R>();
        auto run = [result, work = std::make_shared<const Work>(std::move(work))](
                       store::Transaction& transaction) -> base::Result<> {
            *result = R();
            return (*work)(transaction, *result);
        };
        CO_TRY_VOID(co_await store.change(loop, std::move(run)));
        co_return std::move(*result);
    }

    // Where a path leads as `user` writes it: into his own tree or, below "Other Users/", another's.
    struct Place {
        account::AccountId owner = 0;
        std::vector<std::string> levels;
    };

    [[nodiscard]] base::Result<Place> locate(const store::Reader& reader,
                                             account::AccountId user,
                                             std::string_view path) const;
    // The path of such a place for `user`.
    [[nodiscard]] static base::Result<std::string> path_for(const store::Reader& reader,
                                                            account::AccountId user,
                                                            const Place& place);
};

// A change's mailbox and its account; kNotFound when either has gone.
[[nodiscard]] base::Result<MailboxEditor> open_editor(store::Transaction& change,
                                                      AccountEditor& account,
                                                      const Opened& mailbox,
                                                      SnapshotPtr known);
[[nodiscard]] std::int64_t seconds(base::WallTime time);
// mailboxes_names.cc: the one of the owner's mailboxes that has that role; 0 for none.
[[nodiscard]] base::Result<MailboxId> find_role(const store::Reader& reader,
                                                account::AccountId owner,
                                                Role role);
// kOverQuota unless so much more fits; kNotFound when the account has gone.
[[nodiscard]] base::Result<> check_quota(const store::Reader& reader,
                                         AccountEditor& account,
                                         Amount more);

}  // namespace mail
