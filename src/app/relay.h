// app::Relay: the queue at work in the server: its scheduler on one of the loops, the way sessions put
// messages in, and where notices and traces go.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/inside_transport.h"
#include "app/peer_watch.h"
#include "app/routes.h"
#include "base/loop.h"
#include "net/network.h"
#include "net/resolver.h"
#include "queue/scheduler.h"
#include "smtp/client/queue_transport.h"
#include "smtp/server/outgoing.h"

namespace app {

struct RelayServices {
    store::Store& store;
    net::Resolver& resolver;
    const base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    PeerWatch watch;  // of --trace-peer; may be empty
};

class Relay {
  public:
    // Reads what [queue] and [[route]] name: authorities, passwords. kInvalid, kNotFound with the file
    // and the remedy.
    [[nodiscard]] static base::Result<std::unique_ptr<Relay>> open(RelayServices services,
                                                                   const Config& config);
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    // stop() before.
    ~Relay();

    // What SMTP sessions are handed. Valid as long as this.
    [[nodiscard]] const smtp::Outgoing& outgoing() const { return outgoing_; }

    // Somebody in the queue is due. From any thread.
    void nudge(std::vector<std::string> destinations);

    // Asks the routes anew for who waits where they have changed, then begins to send, on `loop`; before
    // there are sessions.
    void start(base::Loop& loop);
    // Lets what is under way end; after `patience` breaks off what is left, which is tried again at
    // another time. Waits for it: not on the loop's thread. Idempotent.
    void stop(base::Duration patience);

  private:
    Relay(RelayServices services, const Config& config);

    [[nodiscard]] queue::Surroundings surroundings() const;
    [[nodiscard]] std::optional<smtp::Way> find_way(std::string_view destination) const;
    [[nodiscard]] base::Result<> open_transport(const Config& config);
    [[nodiscard]] net::LineStream::Watcher watch(const net::Endpoint& peer) const;
    void reroute();

    RelayServices services_;
    Routes routes_;
    std::map<std::string, std::string> passwords_;  // by the file's name
    net::SystemNetwork network_;
    std::unique_ptr<smtp::QueueTransport> transport_;
    smtp::Outgoing outgoing_;
    std::unique_ptr<InsideTransport> inside_;  // which hands to the other what leaves the server
    queue::SchedulerOptions options_;
    base::Loop* loop_ = nullptr;
    // Stays when it has stopped: sessions that end later still nudge it.
    std::unique_ptr<queue::Scheduler> scheduler_;
    bool stopped_ = false;
};

}  // namespace app
