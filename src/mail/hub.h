// The hub tells sessions what changed: whoever watches a mailbox or an account hears of each commit that
// touched it, on his own loop, whichever protocol or command made the change (RFC 2177 IDLE, RFC 5465
// NOTIFY, and the views of RFC 9051 sessions).
//
// An event says where to look, not what to see: news come from comparing the snapshot one holds with
// the one Mailboxes::open() gives. So events that come fast melt into one, and none is ever queued twice.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/loop.h"
#include "mail/types.h"
#include "store/store.h"

namespace mail {

enum EventKind : std::uint32_t {
    kMessagesChanged = 1U << 0U,  // messages came, went, or changed their flags
    kMailboxCreated = 1U << 1U,
    kMailboxRenamed = 1U << 2U,
    kMailboxRemoved = 1U << 3U,
    kSubscriptionChanged = 1U << 4U,  // owner is the user, mailbox 0
    kMetadataChanged = 1U << 5U,      // mailbox 0: of the account as a whole
    // Owner is who was given it, and mailbox 0, or kAnyone and 0: others share more or less.
    kAclChanged = 1U << 6U,
};

struct Event {
    Ref ref;
    std::uint32_t kinds = 0;  // EventKind bits
};

class Hub {
    struct Watcher;
    struct Board;

  public:
    using Listener = std::function<void(const Event&)>;

    // Ends the watching when it is destroyed, on the watcher's loop, and leaves nothing behind. Outliving the
    // hub is allowed.
    class Subscription {
      public:
        Subscription() = default;
        Subscription(Subscription&&) = default;
        Subscription& operator=(Subscription&& other) noexcept;
        Subscription(const Subscription&) = delete;
        Subscription& operator=(const Subscription&) = delete;

        ~Subscription() { reset(); }

        void reset();

      private:
        friend class Hub;

        explicit Subscription(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}

        std::shared_ptr<Watcher> watcher_;
    };

    Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;
    ~Hub();

    // `listener` is called on `loop` after each commit that touched `mailbox` of `account`, or with no
    // mailbox anything of the account; commits that come before the loop gets to it melt into one call.
    [[nodiscard]] Subscription watch(base::Loop& loop,
                                     account::AccountId account,
                                     std::optional<MailboxId> mailbox,
                                     Listener listener);
    // Tells watchers what these writes, one group of commits, touched. From any thread.
    void announce(std::span<const store::Write> writes);

  private:
    static void post(const std::shared_ptr<Watcher>& watcher, const Event& event);
    static void call(const std::shared_ptr<Watcher>& watcher);

    std::shared_ptr<Board> board_;
};

}  // namespace mail
