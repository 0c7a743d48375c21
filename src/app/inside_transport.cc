#include "app/inside_transport.h"

#include "queue/inside.h"

namespace app {

base::Task<base::Result<std::unique_ptr<queue::Connection>, queue::Unreachable>>
InsideTransport::connect(base::Loop& loop, std::string destination) {
    if (destination.starts_with(queue::kListPrefix)) {
        co_return make_list_connection(services_, loop);
    }
    if (destination.starts_with(queue::kBouncesPrefix)) {
        co_return make_bounces_connection(services_, loop);
    }
    if (destination == queue::kLocalDestination) {
        co_return make_local_connection(services_, loop);
    }
    co_return co_await outside_.connect(loop, std::move(destination));
}

queue::RecipientReport deferred_by(const base::Error& error) {
    return {queue::Outcome::kDeferred, {.enhanced = "4.3.0", .text = error.text}};
}

}  // namespace app
