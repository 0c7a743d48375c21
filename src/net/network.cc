#include "net/network.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "base/check.h"
#include "net/address.h"
#include "net/listen_socket.h"
#include "net/loop.h"
#include "net/socket_stream.h"
#include "net/wakeup.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

IoLoop& as_io_loop(base::Loop& loop) {
    auto* io_loop = dynamic_cast<IoLoop*>(&loop);
    CHECK(io_loop != nullptr);
    return *io_loop;
}

Errc errc_of(int error) {
    switch (error) {
        case ECONNREFUSED:
        case ENOENT:  // of a unix socket
            return Errc::kRefused;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EHOSTDOWN:
            return Errc::kUnreachable;
        case ETIMEDOUT:
            return Errc::kTimeout;
        case EACCES:
        case EPERM:
            return Errc::kDenied;
        case EADDRINUSE:
            return Errc::kInUse;
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
        case EINVAL:
            return Errc::kInvalid;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN:  // a unix socket's queue, or every source port
            return Errc::kUnavailable;
        default:
            return Errc::kReset;
    }
}

tl::unexpected<base::Error> cannot(const std::string& what, int error) {
    return fail(errc_of(error),
                fmt::format("cannot {}: {}", what, std::generic_category().message(error)));
}

Endpoint own_address(const UniqueFd& fd) {
    SocketAddress address;
    address.octets = sizeof address.storage;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.octets);
    return to_endpoint(address);
}

// A source port that was asked for may be in use towards other peers (FTP's port 20, RFC 959 5.2); any
// other is chosen only once the peer is known (ip(7), IP_BIND_ADDRESS_NO_PORT), or they would run out.
base::Result<> bind_source(const UniqueFd& fd, Endpoint local, int family) {
    if (local.address.empty()) {
        local.address = family == AF_INET6 ? "::" : "0.0.0.0";
    }
    TRY(const SocketAddress address, to_socket_address(local));
    const int on = 1;
    if (local.port == 0) {
        ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    } else {
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (::bind(fd.get(), address.get(), address.octets) != 0) {
        return cannot("use the source " + local.to_string(), errno);
    }
    return {};
}

// connect(2) on a loop: told once the kernel knows how it ended.
class Connecting final : private IoLoop::Watcher {
  public:
    Connecting(IoLoop& loop, UniqueFd fd) : loop_(loop), fd_(std::move(fd)), wakeup_(loop) {}

    Connecting(const Connecting&) = delete;
    Connecting& operator=(const Connecting&) = delete;

    ~Connecting() override { loop_.unwatch(fd_.get(), *this); }

    // Null when the kernel says it is connected, else errno; ETIMEDOUT at the deadline.
    [[nodiscard]] base::Task<int> connect(SocketAddress peer, base::SteadyTime deadline) {
        if (::connect(fd_.get(), peer.get(), peer.octets) == 0) {
            co_return 0;
        }
        if (errno != EINPROGRESS) {
            co_return errno;
        }
        if (!loop_.watch(fd_.get(), *this)) {
            co_return ENOMEM;
        }
        while (!ready_) {
            if (co_await wakeup_.wait(deadline) == Wakeup::Outcome::kTimeout) {
                co_return ETIMEDOUT;
            }
        }
        int error = 0;
        socklen_t octets = sizeof error;
        ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &octets);
        co_return error;
    }

    // Once connect() has ended.
    [[nodiscard]] UniqueFd release() {
        loop_.unwatch(fd_.get(), *this);
        return std::move(fd_);
    }

  private:
    void on_ready(IoLoop::Readiness ready) override {
        ready_ |= ready.writable;  // a failure is, too
        if (ready_) {
            wakeup_.fire();
        }
    }

    IoLoop& loop_;
    UniqueFd fd_;
    Wakeup wakeup_;
    bool ready_ = false;
};

class SystemAcceptor final : public Acceptor, private IoLoop::Watcher {
  public:
    SystemAcceptor(IoLoop& loop, UniqueFd fd, Endpoint local)
        : loop_(loop),
          fd_(std::move(fd)),
          local_(std::move(local)),
          is_wildcard_(local_.address.empty() || local_.address == "0.0.0.0" ||
                       local_.address == "::"),
          wakeup_(loop) {}

    SystemAcceptor(const SystemAcceptor&) = delete;
    SystemAcceptor& operator=(const SystemAcceptor&) = delete;

    ~SystemAcceptor() override { SystemAcceptor::close(); }

    [[nodiscard]] bool watch() { return loop_.watch(fd_.get(), *this); }

    [[nodiscard]] const Endpoint& local() const override { return local_; }

    base::Task<base::Result<std::unique_ptr<Stream>>> accept(base::SteadyTime deadline) override {
        while (fd_) {
            if (!ready_) {
                if (co_await wakeup_.wait(deadline) == Wakeup::Outcome::kTimeout) {
                    co_return fail(
                        Errc::kTimeout,
                        fmt::format("nobody connected to {} in time", local_.to_string()));
                }
                continue;
            }
            SocketAddress peer;
            peer.octets = sizeof peer.storage;
            UniqueFd fd(::accept4(fd_.get(),
                                  reinterpret_cast<sockaddr*>(&peer.storage),
                                  &peer.octets,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (fd) {
                Connection connection;
                connection.local = is_wildcard_ ? own_address(fd) : local_;
                connection.peer = to_endpoint(peer);
                connection.fd = std::move(fd);
                connection.lingers = false;
                co_return std::make_unique<SocketStream>(loop_, std::move(connection));
            }
            const int error = errno;
            ready_ = error != EAGAIN;
            if (ready_ && errc_of(error) == Errc::kUnavailable) {
                co_return cannot("accept a connection on " + local_.to_string(), error);
            }
            // Any other error is the fate of one connection (accept(2), "Error handling").
        }
        co_return fail(Errc::kReset, "closed here");
    }

    void close() override {
        if (fd_) {
            loop_.unwatch(fd_.get(), *this);
            fd_.reset();
            wakeup_.post();
        }
    }

  private:
    // Edges are told once, the first for whoever came before anybody watched.
    void on_ready(IoLoop::Readiness /*ready*/) override {
        ready_ = true;
        wakeup_.fire();
    }

    IoLoop& loop_;
    UniqueFd fd_;
    Endpoint local_;
    bool is_wildcard_;  // a connection then tells which address it was made to
    bool ready_ = false;
    Wakeup wakeup_;
};

}  // namespace

base::Result<> expect_source_port(std::uint16_t port) {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) {
        return cannot("try a source port", errno);
    }
    return bind_source(fd, Endpoint{.address = {}, .port = port, .path = {}}, AF_INET);
}

base::Task<base::Result<std::unique_ptr<Stream>>> SystemNetwork::connect(base::Loop& loop,
                                                                         ConnectOptions options) {
    IoLoop& io_loop = as_io_loop(loop);
    const std::string what = "connect to " + options.peer.to_string();
    CO_TRY(const SocketAddress peer, to_socket_address(options.peer));
    UniqueFd fd(::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        co_return cannot(what, errno);
    }
    set_connection_options(fd);
    if (options.local && !options.peer.is_unix()) {
        CO_TRY_VOID(bind_source(fd, *options.local, peer.family()));
    }
    Connecting connecting(io_loop, std::move(fd));
    if (const int error = co_await connecting.connect(peer, options.deadline); error != 0) {
        co_return cannot(what, error);
    }
    Connection connection;
    connection.fd = connecting.release();
    connection.local = own_address(connection.fd);
    connection.peer = options.peer;
    co_return std::make_unique<SocketStream>(io_loop, std::move(connection));
}

base::Result<std::unique_ptr<Acceptor>> SystemNetwork::accept_on(base::Loop& loop,
                                                                 const Endpoint& local) {
    IoLoop& io_loop = as_io_loop(loop);
    if (local.is_unix()) {
        return fail(Errc::kInvalid, "a temporary listening socket needs an IP address");
    }
    TRY(ListenSockets sockets, open_listen_sockets(local, 1, 0));
    auto acceptor = std::make_unique<SystemAcceptor>(
        io_loop, std::move(sockets.fds.front()), std::move(sockets.bound));
    if (!acceptor->watch()) {
        return cannot("listen on " + local.to_string(), ENOMEM);
    }
    return acceptor;
}

}  // namespace net
