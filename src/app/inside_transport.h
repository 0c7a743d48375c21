// What the queue carries without leaving this server: messages for lists, which go to their members, and
// messages for mailboxes here that could not be delivered when they came. Everything else goes outside.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "queue/notifier.h"
#include "queue/transport.h"
#include "smtp/server/outgoing.h"
#include "store/store.h"

namespace app {

struct InsideServices {
    store::Store& store;
    const base::Clock& clock;
    base::Random& random;
    const smtp::Outgoing& outgoing;  // for what a list sends on
    // As queue::Surroundings has it, for what owners of lists are told.
    std::function<base::Result<>(store::Transaction& change, const queue::PlannedNotice& notice)>
        deliver_notice = {};
};

class InsideTransport final : public queue::Transport {
  public:
    // Keeps the references; `outside` has every other destination.
    InsideTransport(InsideServices services, queue::Transport& outside)
        : services_(std::move(services)),
          outside_(outside) {}

    [[nodiscard]] base::Task<base::Result<std::unique_ptr<queue::Connection>, queue::Unreachable>>
    connect(base::Loop& loop, std::string destination) override;

  private:
    InsideServices services_;
    queue::Transport& outside_;
};

// The three kinds of work, a file each. They need no connection, and so are never unreachable.
[[nodiscard]] std::unique_ptr<queue::Connection> make_list_connection(InsideServices services,
                                                                      base::Loop& loop);
[[nodiscard]] std::unique_ptr<queue::Connection> make_bounces_connection(InsideServices services,
                                                                         base::Loop& loop);
[[nodiscard]] std::unique_ptr<queue::Connection> make_local_connection(InsideServices services,
                                                                       base::Loop& loop);

// 4.3.0: our own trouble, which passes.
[[nodiscard]] queue::RecipientReport deferred_by(const base::Error& error);

}  // namespace app
