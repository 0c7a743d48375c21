#include "mail/hub.h"

#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "mail/records.h"

namespace mail {

struct Hub::Watcher {
    Watcher(base::Loop& home, std::optional<MailboxId> which, Listener called)
        : loop(home),
          mailbox(which),
          listener(std::move(called)) {}

    base::Loop& loop;
    const std::optional<MailboxId> mailbox;
    Listener listener;   // the loop's thread alone
    bool ended = false;  // the loop's thread alone
    std::mutex mutex;    // guards what follows
    std::map<Ref, std::uint32_t> waiting;
};

struct Hub::Board {
    std::mutex mutex;
    std::multimap<account::AccountId, std::weak_ptr<Watcher>> watchers;
};

namespace {

struct Kinds {
    KeyTag tag;
    std::uint32_t kinds;
};

// Which records' writes mean what; a mailbox' own record is looked into.
constexpr Kinds kKinds[] = {
    {KeyTag::kState, kMessagesChanged},
    {KeyTag::kMailbox, 0},
    {KeyTag::kSubscription, kSubscriptionChanged},
    {KeyTag::kAnnotation, kMetadataChanged},
    {KeyTag::kAcl, kAclChanged},
    {KeyTag::kSharedWith, kAclChanged},
};

std::uint32_t kinds_of(const store::Write& write, const Kinds& row) {
    if (row.tag == KeyTag::kState) {
        return write.value ? row.kinds : kMailboxRemoved;
    }
    if (row.tag != KeyTag::kMailbox) {
        return row.kinds;
    }
    if (!write.value) {
        return kMailboxRemoved;
    }
    const auto mailbox = decode_mailbox(*write.value);
    return mailbox && mailbox->modseq == mailbox->created_modseq ? kMailboxCreated
                                                                 : kMailboxRenamed;
}

// Subscriptions, and what others share, are filed under their user alone.
base::Result<Ref> ref_of(std::string_view key, KeyTag tag) {
    if (tag == KeyTag::kSubscription || tag == KeyTag::kSharedWith) {
        TRY(const account::AccountId user, parse_account(key));
        return Ref{user, 0};
    }
    return parse_mailbox_key(key);
}

}  // namespace

Hub::Subscription& Hub::Subscription::operator=(Subscription&& other) noexcept {
    if (this != &other) {
        reset();
        watcher_ = std::move(other.watcher_);
    }
    return *this;
}

void Hub::Subscription::reset() {
    if (watcher_) {
        watcher_->ended = true;
        watcher_->listener = nullptr;
        watcher_.reset();
    }
}

Hub::Hub() : board_(std::make_shared<Board>()) {}

Hub::~Hub() = default;

Hub::Subscription Hub::watch(base::Loop& loop,
                             account::AccountId account,
                             std::optional<MailboxId> mailbox,
                             Listener listener) {
    auto watcher = std::make_shared<Watcher>(loop, mailbox, std::move(listener));
    const std::lock_guard lock(board_->mutex);
    // Those who left since are forgotten where somebody looks anyway.
    auto [at, end] = board_->watchers.equal_range(account);
    while (at != end) {
        at = at->second.expired() ? board_->watchers.erase(at) : std::next(at);
    }
    board_->watchers.emplace(account, watcher);
    return Subscription(std::move(watcher));
}

void Hub::announce(std::span<const store::Write> writes) {
    const std::lock_guard lock(board_->mutex);
    if (board_->watchers.empty()) {
        return;
    }
    for (const Kinds& row : kKinds) {
        for (const store::Write& write : writes_under(writes, prefix(row.tag))) {
            const auto ref = ref_of(write.key, row.tag);
            if (ref) {
                tell(*ref, kinds_of(write, row));
            }
        }
    }
}

void Hub::tell(Ref ref, std::uint32_t kinds) {
    auto [at, end] = board_->watchers.equal_range(ref.owner);
    while (at != end) {
        const auto watcher = at->second.lock();
        if (!watcher) {
            at = board_->watchers.erase(at);
            continue;
        }
        ++at;
        if (!watcher->mailbox || *watcher->mailbox == ref.mailbox) {
            post(watcher, {ref, kinds});
        }
    }
}

void Hub::post(const std::shared_ptr<Watcher>& watcher, const Event& event) {
    const std::lock_guard lock(watcher->mutex);
    const bool posted = !watcher->waiting.empty();
    watcher->waiting[event.ref] |= event.kinds;
    if (!posted) {
        watcher->loop.post([weak = std::weak_ptr(watcher)] {
            if (const auto alive = weak.lock()) {
                call(alive);
            }
        });
    }
}

void Hub::call(const std::shared_ptr<Watcher>& watcher) {
    std::map<Ref, std::uint32_t> waiting;
    {
        const std::lock_guard lock(watcher->mutex);
        waiting.swap(watcher->waiting);
    }
    for (const auto& [ref, kinds] : waiting) {
        if (watcher->ended) {
            return;
        }
        // A copy: the listener may end its own subscription.
        const Listener listener = watcher->listener;
        listener({ref, kinds});
    }
}

}  // namespace mail
