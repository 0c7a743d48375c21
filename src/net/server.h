// net::Server: listeners and the threads that serve them. Each thread runs one loop; a connection stays on
// the loop that it was given to when it came, one of those with the fewest, so a session needs no locks.
//     Server server({.threads = 2});
//     TRY(Endpoint bound, server.listen({.address = "0.0.0.0:25", .service = "smtp", .serve = ...}));
//     server.start();
//     ...
//     server.stop(30s);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/task.h"
#include "net/limits.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/systemd.h"

namespace net {

struct ServerOptions {
    unsigned threads = 1;
    // Zero: no limit.
    std::size_t connections_max = 0;
    std::size_t connections_per_address_max = 0;
    // Both may be null; both outlive the server.
    base::Log* log = nullptr;
    base::Metrics* metrics = nullptr;
    // What a session threw: our own bug. The session's root has logged it with its dialogue; this is
    // for whatever came later.
    std::function<void(std::exception_ptr)> on_thrown = nullptr;
};

class Server {
  public:
    explicit Server(ServerOptions options);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    // Stops with no patience. Pools whose work resumes sessions here are destroyed before.
    ~Server();

    // Binds at once, so that a port in use is found before anything else starts; connections wait
    // until start(). The address as bound. One sentence with the remedy on kInUse, kDenied, kInvalid.
    [[nodiscard]] base::Result<Endpoint> listen(ListenOptions options);
    // From where "systemd:NAME" comes.
    void inherit(InheritedSockets sockets);

    // Starts the threads.
    void start();

    // Stops accepting, interrupts every session (Stream::interrupt) and waits until they have ended, for
    // `patience` at most; closes the streams of the rest; joins. How many had to be closed. Idempotent.
    std::size_t stop(base::Duration patience);

    // Conversations that are going on, handshakes included. From any thread.
    [[nodiscard]] std::size_t sessions() const;
    // SessionCount's: how many of a crowd of `enough` or more have left. From any thread.
    [[nodiscard]] std::size_t take_gone(std::size_t enough);

    [[nodiscard]] std::size_t threads() const { return workers_.size(); }

    // For timers and for whatever is not a session; `index` below threads().
    [[nodiscard]] base::Loop& loop(std::size_t index);

  private:
    struct Worker;

    [[nodiscard]] std::size_t end_sessions(base::Duration patience);
    void on_all_loops(const std::function<void(Worker&)>& call);

    ServerOptions options_;
    InheritedSockets inherited_;
    std::shared_ptr<ConnectionLimits> limits_;
    std::shared_ptr<SessionCount> count_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<Home*> homes_;               // the workers'
    std::vector<std::string> socket_paths_;  // unix sockets, to be removed at the end
    bool stopped_ = false;
};

}  // namespace net
