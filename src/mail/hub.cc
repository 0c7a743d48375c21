#include "mail/hub.h"

#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "mail/records.h"

namespace mail {

// Filed under what is watched; who watches an account as a whole is under its mailbox 0, which no mailbox is.
struct Hub::Board {
    using Watchers = std::multimap<Ref, std::shared_ptr<Watcher>>;

    void tell(Ref ref, std::uint32_t kinds);
    void tell_filed_under(Ref place, const Event& event);

    std::mutex mutex;
    Watchers watchers;
};

struct Hub::Watcher {
    Watcher(base::Loop& home, Listener called, const std::shared_ptr<Board>& filed_on)
        : loop(home),
          board(filed_on),
          listener(std::move(called)) {}

    base::Loop& loop;
    const std::weak_ptr<Board> board;
    Board::Watchers::iterator place;  // as long as the board is there
    Listener listener;                // the loop's thread alone
    bool ended = false;               // the loop's thread alone
    std::mutex mutex;                 // guards what follows
    std::map<Ref, std::uint32_t> waiting;
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
    if (!watcher_) {
        return;
    }
    watcher_->ended = true;
    watcher_->listener = nullptr;
    if (const auto board = watcher_->board.lock()) {
        const std::lock_guard lock(board->mutex);
        board->watchers.erase(watcher_->place);
    }
    watcher_.reset();
}

Hub::Hub() : board_(std::make_shared<Board>()) {}

Hub::~Hub() = default;

Hub::Subscription Hub::watch(base::Loop& loop,
                             account::AccountId account,
                             std::optional<MailboxId> mailbox,
                             Listener listener) {
    auto watcher = std::make_shared<Watcher>(loop, std::move(listener), board_);
    const std::lock_guard lock(board_->mutex);
    watcher->place = board_->watchers.emplace(Ref{account, mailbox.value_or(0)}, watcher);
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
                board_->tell(*ref, kinds_of(write, row));
            }
        }
    }
}

void Hub::Board::tell(Ref ref, std::uint32_t kinds) {
    const Ref whole{ref.owner, 0};
    tell_filed_under(whole, {ref, kinds});
    if (ref != whole) {
        tell_filed_under(ref, {ref, kinds});
    }
}

void Hub::Board::tell_filed_under(Ref place, const Event& event) {
    const auto [begin, end] = watchers.equal_range(place);
    for (auto at = begin; at != end; ++at) {
        post(at->second, event);
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
