#include "app/dialogue.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "net/address.h"

namespace app {
namespace {

constexpr std::size_t kLineOctetsMax = 64UL * 1024;
constexpr std::size_t kRestOctetsMax = 256ULL << 20;

base::Errc classify(int error) {
    switch (error) {
        case EAGAIN:
            return base::Errc::kTimeout;
        case EPIPE:
        case ECONNRESET:
            return base::Errc::kReset;
        case EACCES:
        case EPERM:
            return base::Errc::kDenied;
        case ENOENT:
        case ECONNREFUSED:
            return base::Errc::kUnavailable;
        default:
            return base::Errc::kIo;
    }
}

tl::unexpected<base::Error> failed(int error, std::string_view what) {
    return base::fail(classify(error),
                      fmt::format("{}: {}", what, std::generic_category().message(error)));
}

}  // namespace

base::Result<Dialogue> Dialogue::connect(const net::Endpoint& endpoint, base::Duration patience) {
    TRY(const net::SocketAddress address, net::to_socket_address(endpoint));
    net::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) {
        return failed(errno, "cannot make a socket");
    }
    Dialogue dialogue(std::move(fd));
    dialogue.set_patience(patience);
    if (::connect(dialogue.fd_.get(), address.get(), address.octets) != 0) {
        return failed(errno, "cannot reach " + endpoint.to_string());
    }
    return dialogue;
}

void Dialogue::set_patience(base::Duration patience) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
    const timeval limit{.tv_sec = seconds.count(), .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

base::Result<> Dialogue::send(std::string_view octets) const {
    while (!octets.empty()) {
        const ssize_t sent = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return failed(errno, "cannot send");
        }
        octets.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
    }
    return {};
}

base::Result<bool> Dialogue::receive() {
    std::array<char, 16UL * 1024> chunk{};
    ssize_t received = -1;
    do {
        received = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
        return failed(errno, "no answer");
    }
    input_.append(chunk.data(), static_cast<std::size_t>(received));
    return received > 0;
}

base::Result<std::string> Dialogue::read_line() {
    std::size_t end = 0;
    while ((end = input_.find('\n')) == std::string::npos) {
        if (input_.size() > kLineOctetsMax) {
            return base::fail(base::Errc::kTooLong, "the answer has too long a line");
        }
        TRY(const bool more, receive());
        if (!more) {
            return base::fail(base::Errc::kEof, "the server hung up");
        }
    }
    std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    if (line.ends_with('\r')) {
        line.pop_back();
    }
    return line;
}

base::Result<std::string> Dialogue::read_to_end() {
    bool more = true;
    while (more) {
        if (input_.size() > kRestOctetsMax) {
            return base::fail(base::Errc::kTooLong, "the answer is too long");
        }
        TRY(more, receive());
    }
    return std::exchange(input_, {});
}

}  // namespace app
