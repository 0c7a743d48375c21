#include "net/listen_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "net/address.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it down to net.core.somaxconn

tl::unexpected<base::Error> cannot_listen(const Endpoint& endpoint, int error) {
    Errc code = Errc::kInvalid;
    std::string remedy = "correct the address";
    switch (error) {
        case EADDRINUSE:
            code = Errc::kInUse;
            remedy =
                endpoint.is_unix()
                    ? "another server listens there, perhaps with the same data; stop it first"
                    : "stop the program that uses it (ss -ltnp names it) or choose another port";
            break;
        case EACCES:
        case EPERM:
            code = Errc::kDenied;
            remedy = endpoint.is_unix()
                         ? "let the user that runs staffetta write to the folder"
                         : "ports below 1024 need root, CAP_NET_BIND_SERVICE or systemd's sockets";
            break;
        case EADDRNOTAVAIL:
            remedy = "this machine has no such address; use one that \"ip address\" shows";
            break;
        case EMFILE:
        case ENFILE:
            code = Errc::kUnavailable;
            remedy = "raise the limit of open files (LimitNOFILE)";
            break;
        default:
            break;
    }
    return fail(code,
                fmt::format("cannot listen on {}: {}; {}",
                            endpoint.to_string(),
                            std::generic_category().message(error),
                            remedy));
}

void set_option(const UniqueFd& fd, int level, int option) {
    const int on = 1;
    ::setsockopt(fd.get(), level, option, &on, sizeof on);
}

}  // namespace

// Replies leave whole, so Nagle's algorithm only delays them. FTP clients send ABOR, or the Telnet Synch before it, as
// urgent data (RFC 959 4.1.3): its last octet belongs to the line.
void set_connection_options(const UniqueFd& fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    set_option(fd, SOL_SOCKET, SO_OOBINLINE);
}

namespace {

UniqueFd new_socket(int family) {
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    set_option(fd, SOL_SOCKET, SO_REUSEADDR);
    if (family == AF_INET6) {
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    }
    set_connection_options(fd);
    return fd;
}

bool bind_to(const UniqueFd& fd, const SocketAddress& address) {
    return fd && ::bind(fd.get(), address.get(), address.octets) == 0;
}

SocketAddress bound_address(const UniqueFd& fd) {
    SocketAddress address;
    address.octets = sizeof address.storage;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.octets);
    return address;
}

// With SO_REUSEPORT a second server of ours would bind happily and take half of the connections. A socket
// without it is refused as it should be.
bool is_free(const SocketAddress& address) {
    const UniqueFd probe = new_socket(address.family());
    return bind_to(probe, address) && ::listen(probe.get(), 1) == 0;
}

base::Result<ListenSockets> open_tcp(const Endpoint& endpoint, unsigned count) {
    TRY(SocketAddress address, to_socket_address(endpoint));
    if (count > 1 && endpoint.port != 0 && !is_free(address)) {
        return cannot_listen(endpoint, errno);
    }
    ListenSockets sockets;
    for (unsigned i = 0; i < count; ++i) {
        UniqueFd fd = new_socket(address.family());
        if (count > 1) {
            set_option(fd, SOL_SOCKET, SO_REUSEPORT);
        }
        if (!bind_to(fd, address) || ::listen(fd.get(), kBacklog) != 0) {
            return cannot_listen(endpoint, errno);
        }
        address = bound_address(fd);  // the port that the others share
        sockets.fds.push_back(std::move(fd));
    }
    sockets.bound = to_endpoint(address);
    return sockets;
}

base::Result<ListenSockets> share(UniqueFd socket, unsigned count) {
    ListenSockets sockets;
    sockets.bound = to_endpoint(bound_address(socket));
    for (unsigned i = 1; i < count; ++i) {
        sockets.fds.emplace_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
        if (!sockets.fds.back()) {
            return cannot_listen(sockets.bound, errno);
        }
    }
    sockets.fds.push_back(std::move(socket));
    return sockets;
}

// A socket file outlives a server that was killed; nobody answers there any more.
void remove_stale(const Endpoint& endpoint, const SocketAddress& address) {
    struct ::stat status {};

    if (::lstat(endpoint.path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return;
    }
    const UniqueFd probe = new_socket(AF_UNIX);
    if (::connect(probe.get(), address.get(), address.octets) != 0 && errno == ECONNREFUSED) {
        ::unlink(endpoint.path.c_str());
    }
}

base::Result<ListenSockets> open_unix(const Endpoint& endpoint, unsigned count, unsigned mode) {
    TRY(const SocketAddress address, to_socket_address(endpoint));
    remove_stale(endpoint, address);
    UniqueFd fd = new_socket(AF_UNIX);
    ::fchmod(fd.get(), mode);  // bind(2) takes the file's mode from here: never open for longer
    if (!bind_to(fd, address) || ::chmod(endpoint.path.c_str(), mode) != 0 ||
        ::listen(fd.get(), kBacklog) != 0) {
        return cannot_listen(endpoint, errno);
    }
    TRY(ListenSockets sockets, share(std::move(fd), count));
    sockets.path = endpoint.path;
    return sockets;
}

}  // namespace

base::Result<ListenSockets> open_listen_sockets(const Endpoint& endpoint,
                                                unsigned count,
                                                unsigned unix_mode) {
    return endpoint.is_unix() ? open_unix(endpoint, count, unix_mode) : open_tcp(endpoint, count);
}

base::Result<ListenSockets> adopt_listen_socket(UniqueFd socket, unsigned count) {
    int listening = 0;
    socklen_t octets = sizeof listening;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &octets) != 0 ||
        listening == 0) {
        return fail(Errc::kInvalid,
                    "the socket from systemd does not listen for streams; use ListenStream= and "
                    "Accept=no");
    }
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    set_connection_options(socket);
    return share(std::move(socket), count);
}

}  // namespace net
