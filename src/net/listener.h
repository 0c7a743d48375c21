// One service on one loop: accepts connections, turns away those beyond the limits, hands them to the loop that has the
// fewest, reads the PROXY header, shakes hands where TLS comes first, and starts the conversation.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/task.h"
#include "net/address.h"
#include "net/limits.h"
#include "net/loop.h"
#include "net/socket_stream.h"
#include "net/tls_context.h"

namespace net {

// Why a connection is turned away.
enum class Refusal { kTooMany, kTooManyFromAddress };

// A conversation, from the first octet to the last, on the stream's loop. The stream belongs to it.
using Serve = std::function<base::Task<>(std::unique_ptr<Stream> stream)>;

struct ListenOptions {
    // "192.0.2.1:25", "[::]:25" (IPv6 only), "unix:/run/x", or "systemd:NAME" for a socket that systemd
    // opened. Port 0 lets the kernel choose.
    std::string address;
    std::string service;  // "smtp": names the listener in logs and metrics
    Serve serve;
    std::shared_ptr<TlsContext> tls = nullptr;
    // TLS before the first octet (RFC 8314 3.3), else only by Stream::start_tls(). Needs `tls`.
    bool implicit_tls = false;
    // Peers that begin with a PROXY header; all others must not.
    std::vector<AddressBlock> proxies = {};
    // For the PROXY header and the implicit handshake together.
    base::Duration handshake_max = std::chrono::seconds(30);
    // What a client reads before it is turned away, its line end included; with implicit TLS nothing.
    std::function<std::string(Refusal)> refusal = nullptr;
    unsigned unix_mode = 0660;
    std::size_t loops_max = 0;  // its sessions run on so many at most; 0: on all
};

// Conversations of all loops, for whoever waits for their end.
class SessionCount {
  public:
    void begin();
    void end();
    [[nodiscard]] std::size_t now() const;
    // How many fewer there are than at most since this last said at least `enough`; below that 0.
    [[nodiscard]] std::size_t take_gone(std::size_t enough);
    // True when there was none before `patience` was over.
    [[nodiscard]] bool wait_for_none(base::Duration patience);

  private:
    mutable std::mutex mutex_;
    std::condition_variable none_;
    std::size_t count_ = 0;
    std::size_t most_ = 0;  // as take_gone() counts
};

// What the listeners of one service share. It outlives them and every session.
struct Service {
    ListenOptions options;
    std::shared_ptr<ConnectionLimits> limits;
    std::shared_ptr<SessionCount> count;
    std::function<void(std::exception_ptr)> on_thrown;  // may be empty
    base::Log* log = nullptr;                           // may be null
    // Null without metrics.
    base::Counter* accepted = nullptr;
    base::Counter* refused = nullptr;
    base::Counter* failed_handshakes = nullptr;
    base::Gauge* open = nullptr;
};

// A loop and the connections that live on it, of all services.
struct Home {
    std::atomic<std::size_t> connections = 0;  // here or on their way, from any thread
    bool closed = false;                       // nobody is let in any more; the loop's thread alone
    Roster roster;
    IoLoop loop;  // goes first, and may still hold closing connections
};

class Listener final : private IoLoop::Watcher {
  public:
    // `socket` listens and does not block. Listens on `home`'s loop for all `homes`, of which it need not be one; those
    // and what the span shows outlive it.
    Listener(Home& home,
             std::span<Home* const> homes,
             UniqueFd socket,
             std::shared_ptr<const Service> service);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    // On the loop's thread, or while it does not run, like start().
    ~Listener() override;

    void start();

  private:
    void on_ready(IoLoop::Readiness ready) override;
    [[nodiscard]] UniqueFd accept(Endpoint& peer);
    void welcome(UniqueFd fd, Endpoint peer);
    [[nodiscard]] Home& choose_home() const;
    void refuse(const UniqueFd& fd, Refusal why);
    void on_exhaustion(int error);
    void pause();

    Home& home_;
    const std::span<Home* const> homes_;
    IoLoop& loop_;
    UniqueFd socket_;
    UniqueFd spare_;  // given up for a moment when descriptors are out, to turn clients away with
    std::shared_ptr<const Service> service_;
    base::Loop::TimerId pause_ = 0;
};

}  // namespace net
