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

Listener::Listener(IoLoop& loop,
                   Roster& roster,
                   UniqueFd socket,
                   std::shared_ptr<const Service> service)
    : loop_(loop),
      roster_(roster),
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
    Endpoint local = local_endpoint(fd);
    auto stream = std::make_unique<SocketStream>(loop_,
                                                 Connection{.fd = std::move(fd),
                                                            .local = std::move(local),
                                                            .peer = std::move(peer),
                                                            .tls = service_->options.tls,
                                                            .permit = permit,
                                                            .roster = &roster_});
    service_->count->begin();
    if (service_->accepted != nullptr) {
        service_->accepted->add();
        service_->open->add(1);
    }
    base::spawn(converse(service_, std::move(stream), std::move(permit), proxied),
                [service = service_](const std::exception_ptr& thrown) {
                    if (thrown && service->on_thrown) {
                        service->on_thrown(thrown);
                    }
                    if (service->open != nullptr) {
                        service->open->add(-1);
                    }
                    service->count->end();
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
