#include "net/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace net {
namespace {

// So many at once, then the open connections have their turn.
constexpr int kAcceptsATurn = 64;
constexpr base::Duration kPause = std::chrono::milliseconds(100);

UniqueFd open_spare() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

Endpoint local_endpoint(const UniqueFd& fd) {
    SocketAddress address;
    address.octets = sizeof address.storage;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.octets);
    return to_endpoint(address);
}

void log_failure(const Service& service,
                 std::string_view event,
                 const Stream& stream,
                 const base::Error& error) {
    if (service.failed_handshakes != nullptr) {
        service.failed_handshakes->add();
    }
    if (service.log != nullptr) {
        service.log->info(event,
                          {{"service", service.options.service},
                           {"peer", stream.peer().to_string()},
                           {"error", error.text}});
    }
}

std::string refusal_text(const Service& service, Refusal why) {
    const ListenOptions& options = service.options;
    return options.refusal && !options.implicit_tls ? options.refusal(why) : std::string();
}

// The whole life of a connection. A proxied one is counted for its client, who is known late.
base::Task<> converse(std::shared_ptr<const Service> service,
                      std::unique_ptr<SocketStream> stream,
                      std::shared_ptr<ConnectionLimits::Permit> permit,
                      bool proxied) {
    const base::SteadyTime deadline =
        stream->loop().clock().steady() + service->options.handshake_max;
    if (proxied) {
        const auto header = co_await stream->read_proxy_header(deadline);
        if (!header) {
            log_failure(*service, "proxy header refused", *stream, header.error());
            co_return;
        }
        if (!permit->count(stream->peer())) {
            const std::string text = refusal_text(*service, Refusal::kTooManyFromAddress);
            static_cast<void>(co_await stream->write(text, deadline));
            co_return;
        }
    }
    permit.reset();  // the stream holds it, and may be gone before this coroutine is
    if (service->options.implicit_tls) {
        const auto agreed = co_await stream->start_tls(deadline);
        if (!agreed) {
            log_failure(*service, "tls handshake failed", *stream, agreed.error());
            co_return;
        }
    }
    co_await service->options.serve(std::move(stream));
}

// Counts a conversation from when it is let in until it has ended.
class Counted {
  public:
    Counted(std::shared_ptr<const Service> service, Home& home)
        : service_(std::move(service)),
          home_(home) {
        home_.connections.fetch_add(1, std::memory_order_relaxed);
        service_->count->begin();
        if (service_->accepted != nullptr) {
            service_->accepted->add();
            service_->open->add(1);
        }
    }

    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    ~Counted() {
        home_.connections.fetch_sub(1, std::memory_order_relaxed);
        if (service_->open != nullptr) {
            service_->open->add(-1);
        }
        service_->count->end();
    }

    [[nodiscard]] const std::shared_ptr<const Service>& service() const { return service_; }

    [[nodiscard]] Home& home() const { return home_; }

  private:
    const std::shared_ptr<const Service> service_;
    Home& home_;
};

// Somebody who is let in, on the way home.
struct Arrival {
    std::shared_ptr<Counted> counted;
    UniqueFd fd;
    Endpoint peer;
    std::shared_ptr<ConnectionLimits::Permit> permit;
    bool proxied = false;
};

// On the loop of the home.
void move_in(Arrival arrival) {
    Home& home = arrival.counted->home();
    if (home.closed) {
        return;
    }
    const std::shared_ptr<const Service> service = arrival.counted->service();
    Endpoint local = local_endpoint(arrival.fd);
    auto stream = std::make_unique<SocketStream>(home.loop,
                                                 Connection{.fd = std::move(arrival.fd),
                                                            .local = std::move(local),
                                                            .peer = std::move(arrival.peer),
                                                            .tls = service->options.tls,
                                                            .permit = arrival.permit,
                                                            .roster = &home.roster});
    base::spawn(converse(service, std::move(stream), std::move(arrival.permit), arrival.proxied),
                [counted = std::move(arrival.counted)](const std::exception_ptr& thrown) {
                    const Service& service = *counted->service();
                    if (thrown && service.on_thrown) {
                        service.on_thrown(thrown);
                    }
                });
}

}  // namespace

void SessionCount::begin() {
    const std::scoped_lock lock(mutex_);
    most_ = std::max(most_, ++count_);
}

void SessionCount::end() {
    const std::scoped_lock lock(mutex_);
    if (--count_ == 0) {
        none_.notify_all();
    }
}

std::size_t SessionCount::now() const {
    const std::scoped_lock lock(mutex_);
    return count_;
}

std::size_t SessionCount::take_gone(std::size_t enough) {
    const std::scoped_lock lock(mutex_);
    const std::size_t gone = most_ - count_;
    if (gone < enough) {
        return 0;
    }
    most_ = count_;
    return gone;
}

bool SessionCount::wait_for_none(base::Duration patience) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, patience, [this] { return count_ == 0; });
}

Listener::Listener(Home& home,
                   std::span<Home* const> homes,
                   UniqueFd socket,
                   std::shared_ptr<const Service> service)
    : home_(home),
      homes_(homes),
      loop_(home.loop),
      socket_(std::move(socket)),
      spare_(open_spare()),
      service_(std::move(service)) {}

Listener::~Listener() {
    loop_.cancel(pause_);
    loop_.unwatch(socket_.get(), *this);
}

void Listener::start() {
    if (!loop_.watch(socket_.get(), *this, IoLoop::Mode::kListener)) {
        pause();  // out of memory, perhaps not for long
    }
}

void Listener::pause() {
    pause_ = loop_.call_at(loop_.clock().steady() + kPause, [this] {
        pause_ = 0;
        start();
    });
}

UniqueFd Listener::accept(Endpoint& peer) {
    SocketAddress address;
    address.octets = sizeof address.storage;
    UniqueFd fd(::accept4(socket_.get(),
                          reinterpret_cast<sockaddr*>(&address.storage),
                          &address.octets,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
        peer = to_endpoint(address);
    }
    return fd;
}

void Listener::on_ready(IoLoop::Readiness /*ready*/) {
    for (int i = 0; i < kAcceptsATurn; ++i) {
        Endpoint peer;
        UniqueFd fd = accept(peer);
        if (fd) {
            welcome(std::move(fd), std::move(peer));
            continue;
        }
        const int error = errno;
        if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
            on_exhaustion(error);
        }
        // Anything else is EAGAIN, or the fate of one connection (accept(2), "Error handling"). The loop
        // tells again while others wait.
        return;
    }
}

// The kernel spreads connections by their addresses' hash: of eight, six may come to one loop of two. What is one more
// or less of hundreds stays where it is.
Home& Listener::choose_home() const {
    constexpr std::size_t kSlack = 8;  // an eighth
    const auto connections = [](const Home* home) {
        return home->connections.load(std::memory_order_relaxed);
    };
    Home* const emptiest = *std::ranges::min_element(homes_, {}, connections);
    const std::size_t least = connections(emptiest);
    const bool may_stay = std::ranges::find(homes_, &home_) != homes_.end() &&
                          connections(&home_) <= least + least / kSlack;
    return may_stay ? home_ : *emptiest;
}

void Listener::welcome(UniqueFd fd, Endpoint peer) {
    auto permit = service_->limits->enter();
    if (!permit) {
        refuse(fd, Refusal::kTooMany);
        return;
    }
    const auto& proxies = service_->options.proxies;
    const bool proxied =
        std::any_of(proxies.begin(), proxies.end(), [&](const AddressBlock& block) {
            return block.contains(peer.address);
        });
    if (!proxied && !permit->count(peer)) {
        refuse(fd, Refusal::kTooManyFromAddress);
        return;
    }
    Home& home = choose_home();
    Arrival arrival{.counted = std::make_shared<Counted>(service_, home),
                    .fd = std::move(fd),
                    .peer = std::move(peer),
                    .permit = std::move(permit),
                    .proxied = proxied};
    if (&home == &home_) {
        return move_in(std::move(arrival));
    }
    home.loop.post([arrival = std::make_shared<Arrival>(std::move(arrival))] {
        move_in(std::move(*arrival));
    });
}

// Fits into the empty buffer of a fresh socket, or is lost: nobody waits for a client that is not served.
void Listener::refuse(const UniqueFd& fd, Refusal why) {
    const std::string text = refusal_text(*service_, why);
    static_cast<void>(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL));
    if (service_->refused != nullptr) {
        service_->refused->add();
    }
}

// accept(2) leaves the connection in the queue, where it would be reported at once again: the spare
// descriptor lets it in and out, and then the kernel gets time to breathe.
void Listener::on_exhaustion(int error) {
    if (service_->log != nullptr) {
        service_->log->error("cannot accept connections",
                             {{"service", service_->options.service},
                              {"error", std::generic_category().message(error)},
                              {"remedy", "raise the limit of open files (LimitNOFILE)"}});
    }
    spare_.reset();
    Endpoint peer;
    if (const UniqueFd fd = accept(peer)) {
        refuse(fd, Refusal::kTooMany);
    }
    spare_ = open_spare();
    loop_.unwatch(socket_.get(), *this);
    pause();
}

}  // namespace net
