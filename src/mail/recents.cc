#include "mail/recents.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "mail/records.h"

namespace mail {
namespace {

constexpr std::size_t kStoredMax = 16384;

}  // namespace

// What was told and is not in the store yet.
struct Recents::Waiting {
    struct Told {
        Uid first = 0;  // the first UID that nobody was told of
        bool is_being_written = false;
    };

    std::mutex mutex;  // guards what follows
    std::map<Ref, Told> told;
    std::map<Ref, Uid> stored;  // what the store says, of those that were asked for
};

Recents::Recents(store::Store& store) : store_(store), waiting_(std::make_shared<Waiting>()) {}

// With the mutex held: what is not here is in the store, or was never told.
base::Result<Uid> Recents::find(Ref ref) const {
    const auto waiting = waiting_->told.find(ref);
    if (waiting != waiting_->told.end()) {
        return waiting->second.first;
    }
    const auto stored = waiting_->stored.find(ref);
    if (stored != waiting_->stored.end()) {
        return stored->second;
    }
    TRY(const Uid first, load_first_recent(*store_.snapshot(), ref));
    if (waiting_->stored.size() >= kStoredMax) {
        waiting_->stored.clear();
    }
    waiting_->stored[ref] = first;
    return first;
}

base::Result<Uid> Recents::first(Ref ref, Uid uid_next) const {
    const std::lock_guard lock(waiting_->mutex);
    TRY(const Uid first, find(ref));
    return std::min(first, uid_next);
}

base::Result<Uid> Recents::take(Ref ref, Uid uid_next) {
    bool is_being_written = true;
    Uid first = 0;
    {
        const std::lock_guard lock(waiting_->mutex);
        TRY(first, find(ref));
        if (first >= uid_next) {
            return uid_next;
        }
        Waiting::Told& told = waiting_->told[ref];
        told.first = uid_next;
        is_being_written = std::exchange(told.is_being_written, true);
    }
    if (!is_being_written) {
        write(store_, waiting_, ref);
    }
    return first;
}

// One change at a time for each mailbox: what is told meanwhile goes with the next.
void Recents::write(store::Store& store, const std::shared_ptr<Waiting>& waiting, Ref ref) {
    Uid first = 0;
    {
        const std::lock_guard lock(waiting->mutex);
        first = waiting->told[ref].first;
    }
    auto change = [ref, first](store::Transaction& transaction) -> base::Result<> {
        TRY(const auto state, load_state(transaction, ref));
        TRY(const Uid known, load_first_recent(transaction, ref));
        if (state && first > known) {
            transaction.put(mailbox_key(KeyTag::kRecent, ref), encode_number(first));
        }
        return {};
    };
    auto done = [&store, waiting, ref, first](const base::Result<>& result) {
        {
            const std::lock_guard lock(waiting->mutex);
            const auto told = waiting->told.find(ref);
            if (!result) {
                told->second.is_being_written = false;  // tried again with what is told next
                return;
            }
            if (told->second.first == first) {
                waiting->told.erase(told);
                return;
            }
        }
        write(store, waiting, ref);
    };
    store.submit_lazily(std::move(change), std::move(done));
}

void Recents::on_commit(std::span<const store::Write> writes) {
    for (const store::Write& write : writes_under(writes, prefix(KeyTag::kRecent))) {
        if (const auto ref = parse_mailbox_key(write.key)) {
            const std::lock_guard lock(waiting_->mutex);
            waiting_->stored.erase(*ref);
        }
    }
}

}  // namespace mail
