#include "net/server.h"

#include <fmt/format.h>

#include <csignal>
#include <latch>
#include <thread>

#include "net/listen_socket.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

constexpr std::string_view kSystemdPrefix = "systemd:";

// For sessions whose streams were closed: what they wait for then is the disk.
constexpr base::Duration kLastWait = std::chrono::seconds(10);

// Signals are for the thread that started the server.
class AllSignalsBlocked {
  public:
    AllSignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

std::shared_ptr<const Service> make_service(ListenOptions options,
                                            const ServerOptions& server,
                                            std::shared_ptr<ConnectionLimits> limits,
                                            std::shared_ptr<SessionCount> count) {
    auto service = std::make_shared<Service>();
    service->limits = std::move(limits);
    service->count = std::move(count);
    service->on_thrown = server.on_thrown;
    service->log = server.log;
    if (server.metrics != nullptr) {
        const base::Labels labels = {{"service", options.service}};
        service->accepted =
            &server.metrics->counter("staffetta_accepted_total", "Connections accepted", labels);
        service->refused = &server.metrics->counter(
            "staffetta_connections_refused_total", "Connections turned away by a limit", labels);
        service->failed_handshakes =
            &server.metrics->counter("staffetta_handshakes_failed_total",
                                     "PROXY headers and TLS handshakes that failed",
                                     labels);
        service->open = &server.metrics->gauge(
            "staffetta_connections_open", "Connections that are open", labels);
    }
    service->options = std::move(options);
    return service;
}

}  // namespace

// Destroyed from below: listeners, then the loop.
struct Server::Worker {
    Home home;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::jthread thread;
};

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      limits_(std::make_shared<ConnectionLimits>(options_.connections_max,
                                                 options_.connections_per_address_max)),
      count_(std::make_shared<SessionCount>()) {
    CHECK(options_.threads > 0);
    for (unsigned i = 0; i < options_.threads; ++i) {
        workers_.push_back(std::make_unique<Worker>());
        homes_.push_back(&workers_.back()->home);
    }
}

Server::~Server() {
    stop(base::Duration(0));
}

void Server::inherit(InheritedSockets sockets) {
    inherited_ = std::move(sockets);
}

base::Result<Endpoint> Server::listen(ListenOptions options) {
    CHECK(options.serve && (options.tls || !options.implicit_tls));
    ListenSockets sockets;
    if (options.address.starts_with(kSystemdPrefix)) {
        const std::string name = options.address.substr(kSystemdPrefix.size());
        auto inherited = inherited_.find(name);
        if (!inherited) {
            return fail(
                Errc::kNotFound,
                fmt::format("systemd handed over no socket \"{}\"; set FileDescriptorName={} "
                            "in the .socket unit and start that",
                            name,
                            name));
        }
        TRY(sockets, adopt_listen_socket(std::move(*inherited), options_.threads));
    } else {
        TRY(const Endpoint endpoint, parse_endpoint(options.address));
        TRY(sockets, open_listen_sockets(endpoint, options_.threads, options.unix_mode));
    }
    if (!sockets.path.empty()) {
        socket_paths_.push_back(sockets.path);
    }
    const std::size_t loops =
        options.loops_max == 0 ? homes_.size() : std::min(options.loops_max, homes_.size());
    const auto service = make_service(std::move(options), options_, limits_, count_);
    for (unsigned i = 0; i < options_.threads; ++i) {
        Worker& worker = *workers_[i];
        worker.listeners.push_back(std::make_unique<Listener>(
            worker.home, std::span(homes_).first(loops), std::move(sockets.fds[i]), service));
    }
    return sockets.bound;
}

void Server::start() {
    const AllSignalsBlocked blocked;
    for (const auto& worker : workers_) {
        for (const auto& listener : worker->listeners) {
            listener->start();
        }
        worker->thread = std::jthread([&loop = worker->home.loop] { loop.run(); });
    }
}

// Returns when every loop has run `call`.
void Server::on_all_loops(const std::function<void(Worker&)>& call) {
    std::latch done(static_cast<std::ptrdiff_t>(workers_.size()));
    for (const auto& worker : workers_) {
        worker->home.loop.post([&call, &done, &worker = *worker] {
            call(worker);
            done.count_down();
        });
    }
    done.wait();
}

std::size_t Server::stop(base::Duration patience) {
    if (std::exchange(stopped_, true)) {
        return 0;
    }
    const std::size_t cut = workers_.front()->thread.joinable() ? end_sessions(patience) : 0;
    for (const auto& worker : workers_) {
        worker->home.loop.stop();
        if (worker->thread.joinable()) {
            worker->thread.join();
        }
        worker->listeners.clear();
    }
    for (const std::string& path : socket_paths_) {
        ::unlink(path.c_str());
    }
    return cut;
}

std::size_t Server::end_sessions(base::Duration patience) {
    on_all_loops([](Worker& worker) {
        worker.listeners.clear();
        worker.home.closed = true;
        for (SocketStream* stream : worker.home.roster) {
            stream->interrupt();
        }
    });
    if (count_->wait_for_none(patience)) {
        return 0;
    }
    const std::size_t cut = count_->now();
    on_all_loops([](Worker& worker) {
        for (SocketStream* stream : worker.home.roster) {
            stream->close();
        }
    });
    static_cast<void>(count_->wait_for_none(kLastWait));
    return cut;
}

std::size_t Server::sessions() const {
    return count_->now();
}

std::size_t Server::take_gone(std::size_t enough) {
    return count_->take_gone(enough);
}

base::Loop& Server::loop(std::size_t index) {
    return workers_.at(index)->home.loop;
}

}  // namespace net
