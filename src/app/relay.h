// app::Relay: the queue at work in the server: its scheduler on one of the loops, the way sessions put
// messages in, and where notices and traces go.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/current.h"
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

    // Takes the routes of `config` and their passwords instead of those of before, from any thread but the loop's;
    // connections that are open go on as they began. Where other destinations come of it, nothing is sent until
    // everybody who waits has been asked anew: it waits for what is under way, for `patience` at most, then for
    // the disk. On a fault, as of open(), the old routes stay.
    [[nodiscard]] base::Result<> reload(const Config& config, base::Duration patience);

    // Asks the routes anew for who waits where they have changed, then begins to send, on `loop`; before
    // there are sessions.
    void start(base::Loop& loop);
    // Lets what is under way end; after `patience` breaks off what is left, which is tried again at
    // another time. Waits for it: not on the loop's thread. Idempotent.
    void stop(base::Duration patience);

  private:
    Relay(RelayServices services, const Config& config);

    [[nodiscard]] queue::Surroundings surroundings() const;

    // The routes and what they need. Replaced as a whole.
    struct Ways {
        Routes routes;
        std::map<std::string, std::string> passwords;  // by the file's name
    };

    [[nodiscard]] static base::Result<std::shared_ptr<const Ways>> read_ways(const Config& config);
    [[nodiscard]] std::string route(const account::Address& recipient,
                                    std::string_view sender) const;
    [[nodiscard]] std::optional<smtp::Way> find_way(std::string_view destination) const;
    [[nodiscard]] base::Task<std::optional<smtp::Reply>> check_way(base::Loop& loop,
                                                                   account::Address recipient,
                                                                   std::string sender) const;
    void stop_sending(base::Duration patience);
    [[nodiscard]] base::Result<> open_transport(const Config& config);
    [[nodiscard]] net::LineStream::Watcher watch(const net::Endpoint& peer) const;
    void reroute();

    RelayServices services_;
    Current<Ways> ways_;
    net::SystemNetwork network_;
    smtp::MxOptions mx_;
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
