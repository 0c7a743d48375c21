// net::Network, how a session opens connections itself: outward (mail to deliver, FTP's active mode) and by
// a socket of its own for somebody who was told its port (FTP's passive mode, RFC 959 3.3).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "net/stream.h"

namespace net {

struct ConnectOptions {
    Endpoint peer;  // an address, never a name: net::Resolver knows those
    // The source. Port 0 is any; an empty address is the kernel's choice.
    std::optional<Endpoint> local = {};
    base::SteadyTime deadline = base::SteadyTime::max();
};

// One temporary listening socket.
class Acceptor {
  public:
    Acceptor() = default;
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;
    virtual ~Acceptor() = default;  // close(); no accept() may wait then

    // With the port that was chosen.
    [[nodiscard]] virtual const Endpoint& local() const = 0;
    // The next connection, whoever it is: the caller judges stream->peer(). One coroutine waits at a
    // time. kTimeout; kReset after close(); kUnavailable when descriptors or memory are out.
    [[nodiscard]] virtual base::Task<base::Result<std::unique_ptr<Stream>>> accept(
        base::SteadyTime deadline) = 0;
    // Stops listening and ends a waiting accept(). Connections that nobody accepted are reset.
    virtual void close() = 0;
};

// Thread-safe. The streams and acceptors belong to the loop they were asked for on, and its thread.
class Network {
  public:
    Network() = default;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    virtual ~Network() = default;

    // kRefused, kUnreachable, kTimeout, kReset: the peer's or the network's fault. kInvalid: no such
    // address here or there. kDenied: this host's rules. kInUse: the source port. kUnavailable: out of
    // descriptors or memory. Each with one sentence that names the peer.
    [[nodiscard]] virtual base::Task<base::Result<std::unique_ptr<Stream>>> connect(
        base::Loop& loop, ConnectOptions options) = 0;
    // Port 0 is any. kInUse, kDenied, kInvalid, kUnavailable.
    [[nodiscard]] virtual base::Result<std::unique_ptr<Acceptor>> accept_on(
        base::Loop& loop, const Endpoint& local) = 0;
};

// Whether connections may go out from `port` of this host: kDenied without the right to it.
[[nodiscard]] base::Result<> expect_source_port(std::uint16_t port);

// The kernel's. Only with loops that are net::IoLoop.
class SystemNetwork final : public Network {
  public:
    base::Task<base::Result<std::unique_ptr<Stream>>> connect(base::Loop& loop,
                                                              ConnectOptions options) override;
    base::Result<std::unique_ptr<Acceptor>> accept_on(base::Loop& loop,
                                                      const Endpoint& local) override;
};

}  // namespace net
