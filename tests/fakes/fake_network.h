// A network in memory, for whoever opens connections itself: pipes between what the program connects to or
// listens on and what a test plays, with refusals, delays and silence.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/network.h"
#include "net/pipe.h"

namespace fakes {

class FakeAcceptor;

// A host that the program may connect to. What is set here is for connections from now on.
struct RemoteHost {
    enum class Answer {
        kAccept,
        kRefuse,       // at once: a reset to the SYN
        kUnreachable,  // at once: a router's answer
        kSilent,       // never: the deadline ends it
    };

    Answer answer = Answer::kAccept;
    base::Duration delay{0};  // until the answer
    net::PipeOptions pipe;    // its addresses are filled in
    // Plays the host: gets its end of each connection, once the program has the other one. Without it
    // they gather in `arrived`.
    std::function<void(std::unique_ptr<net::PipeStream>)> on_connect;
    std::deque<std::unique_ptr<net::PipeStream>> arrived;
    unsigned connections = 0;  // accepted so far
};

// On one loop and its clock.
class FakeNetwork final : public net::Network {
  public:
    FakeNetwork() = default;

    base::Task<base::Result<std::unique_ptr<net::Stream>>> connect(
        base::Loop& loop, net::ConnectOptions options) override;
    base::Result<std::unique_ptr<net::Acceptor>> accept_on(base::Loop& loop,
                                                           const net::Endpoint& local) override;

    // The host at that address and port, made when it is new. Nobody else is there: connecting to any
    // other place is refused, unless the program itself listens on it.
    [[nodiscard]] RemoteHost& host(const net::Endpoint& at);

    // Connects a test's client to something the program listens on; null when it does not.
    [[nodiscard]] std::unique_ptr<net::PipeStream> dial(
        const net::Endpoint& to,
        const net::Endpoint& from = {.address = "192.0.2.1", .port = 49152, .path = ""});

    // What connect() was asked for, in order, outcomes aside: "192.0.2.1:25 from 192.0.2.25".
    [[nodiscard]] const std::vector<std::string>& attempts() const { return attempts_; }

  private:
    friend class FakeAcceptor;

    [[nodiscard]] static std::string key(const net::Endpoint& at) { return at.to_string(); }

    [[nodiscard]] net::Endpoint source_of(const net::ConnectOptions& options);
    [[nodiscard]] std::uint16_t free_port();

    std::map<std::string, RemoteHost> hosts_;
    std::map<std::string, FakeAcceptor*> acceptors_;
    std::vector<std::string> attempts_;
    std::uint16_t next_port_ = 50000;
};

}  // namespace fakes
