#include "fakes/fake_network.h"

#include <utility>

#include "net/wakeup.h"

namespace fakes {

using base::Errc;
using base::fail;

class FakeAcceptor final : public net::Acceptor {
  public:
    FakeAcceptor(FakeNetwork& network, base::Loop& loop, net::Endpoint local)
        : network_(network),
          loop_(loop),
          local_(std::move(local)),
          wakeup_(loop) {
        network_.acceptors_[FakeNetwork::key(local_)] = this;
    }

    FakeAcceptor(const FakeAcceptor&) = delete;
    FakeAcceptor& operator=(const FakeAcceptor&) = delete;

    ~FakeAcceptor() override { FakeAcceptor::close(); }

    [[nodiscard]] const net::Endpoint& local() const override { return local_; }

    base::Task<base::Result<std::unique_ptr<net::Stream>>> accept(
        base::SteadyTime deadline) override {
        while (!closed_) {
            if (!waiting_.empty()) {
                auto stream = std::move(waiting_.front());
                waiting_.pop_front();
                co_return stream;
            }
            if (co_await wakeup_.wait(deadline) == net::Wakeup::Outcome::kTimeout) {
                co_return fail(Errc::kTimeout, "nobody connected in time");
            }
        }
        co_return fail(Errc::kReset, "closed here");
    }

    void close() override {
        if (!std::exchange(closed_, true)) {
            network_.acceptors_.erase(FakeNetwork::key(local_));
            for (const auto& stream : waiting_) {
                stream->abort();
            }
            waiting_.clear();
            wakeup_.post();
        }
    }

    // The caller's end of a connection to here.
    [[nodiscard]] std::unique_ptr<net::PipeStream> welcome(net::Endpoint from,
                                                           net::PipeOptions options) {
        options.server = local_;
        options.client = std::move(from);
        options.can_start_tls = false;  // until somebody offers it
        auto [server, client] = net::make_pipe(loop_, std::move(options));
        waiting_.push_back(std::move(server));
        wakeup_.post();
        return std::move(client);
    }

  private:
    FakeNetwork& network_;
    base::Loop& loop_;
    net::Endpoint local_;
    net::Wakeup wakeup_;
    std::deque<std::unique_ptr<net::PipeStream>> waiting_;
    bool closed_ = false;
};

std::uint16_t FakeNetwork::free_port() {
    return next_port_++;
}

net::Endpoint FakeNetwork::source_of(const net::ConnectOptions& options) {
    const bool v6 = options.peer.address.find(':') != std::string::npos;
    net::Endpoint source = options.local.value_or(net::Endpoint());
    if (source.address.empty()) {
        source.address = v6 ? "2001:db8::25" : "192.0.2.25";
    }
    if (source.port == 0) {
        source.port = free_port();
    }
    return source;
}

base::Task<base::Result<std::unique_ptr<net::Stream>>> FakeNetwork::connect(
    base::Loop& loop, net::ConnectOptions options) {
    const std::string peer = options.peer.to_string();
    attempts_.push_back(options.local ? peer + " from " + options.local->address : peer);
    net::Endpoint source = source_of(options);
    if (const auto acceptor = acceptors_.find(key(options.peer)); acceptor != acceptors_.end()) {
        co_return acceptor->second->welcome(std::move(source), {});
    }
    const auto found = hosts_.find(key(options.peer));
    if (found == hosts_.end()) {
        co_return fail(Errc::kRefused, "cannot connect to " + peer + ": Connection refused");
    }
    RemoteHost& host = found->second;
    const base::SteadyTime answered = loop.clock().steady() + host.delay;
    if (host.answer == RemoteHost::Answer::kSilent || answered > options.deadline) {
        co_await base::sleep_until(loop, options.deadline);
        co_return fail(Errc::kTimeout, "cannot connect to " + peer + ": Connection timed out");
    }
    co_await base::sleep_until(loop, answered);
    if (host.answer == RemoteHost::Answer::kRefuse) {
        co_return fail(Errc::kRefused, "cannot connect to " + peer + ": Connection refused");
    }
    if (host.answer == RemoteHost::Answer::kUnreachable) {
        co_return fail(Errc::kUnreachable, "cannot connect to " + peer + ": No route to host");
    }
    ++host.connections;
    net::PipeOptions pipe = host.pipe;
    pipe.server = options.peer;
    pipe.client = std::move(source);
    auto [server, client] = net::make_pipe(loop, std::move(pipe));
    if (!host.on_connect) {
        host.arrived.push_back(std::move(server));
    } else {
        // A cell: std::function wants copyable closures.
        const auto cell = std::make_shared<std::unique_ptr<net::PipeStream>>(std::move(server));
        loop.post([play = host.on_connect, cell] { play(std::move(*cell)); });
    }
    co_return std::move(client);
}

base::Result<std::unique_ptr<net::Acceptor>> FakeNetwork::accept_on(base::Loop& loop,
                                                                    const net::Endpoint& local) {
    net::Endpoint bound = local;
    if (bound.port == 0) {
        bound.port = free_port();
    }
    if (acceptors_.contains(key(bound))) {
        return fail(Errc::kInUse,
                    "cannot listen on " + bound.to_string() + ": Address already in use");
    }
    return std::make_unique<FakeAcceptor>(*this, loop, std::move(bound));
}

RemoteHost& FakeNetwork::host(const net::Endpoint& at) {
    return hosts_[key(at)];
}

std::unique_ptr<net::PipeStream> FakeNetwork::dial(const net::Endpoint& to,
                                                   const net::Endpoint& from) {
    const auto acceptor = acceptors_.find(key(to));
    return acceptor == acceptors_.end() ? nullptr : acceptor->second->welcome(from, {});
}

}  // namespace fakes
