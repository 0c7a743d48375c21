#include "net/systemd.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <ctime>

#include "base/ascii.h"
#include "base/environment.h"

namespace net {
namespace {

constexpr int kFirstFd = 3;       // SD_LISTEN_FDS_START
constexpr unsigned kFdsMax = 64;  // nobody listens on more

}  // namespace

InheritedSockets InheritedSockets::take() {
    const auto pid = base::parse_number<unsigned>(base::environment("LISTEN_PID"));
    const auto count = base::parse_number<unsigned>(base::environment("LISTEN_FDS"), kFdsMax);
    const std::string names = base::environment("LISTEN_FDNAMES");
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
        ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): before there are threads
    }
    InheritedSockets inherited;
    if (pid != static_cast<unsigned>(::getpid()) || !count) {
        return inherited;
    }
    std::string_view rest = names;
    for (unsigned i = 0; i < *count; ++i) {
        const int fd = kFirstFd + static_cast<int>(i);
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        inherited.sockets_.push_back({std::string(base::split_front(rest, ':')), UniqueFd(fd)});
    }
    return inherited;
}

std::optional<UniqueFd> InheritedSockets::find(std::string_view name) {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
        Socket& socket = sockets_[i];
        if (socket.fd && (socket.name == name || std::to_string(i) == name)) {
            return std::move(socket.fd);
        }
    }
    return std::nullopt;
}

std::vector<std::string> InheritedSockets::unused() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
        if (sockets_[i].fd) {
            names.push_back(sockets_[i].name.empty() ? std::to_string(i) : sockets_[i].name);
        }
    }
    return names;
}

void notify(std::string_view assignments) {
    const std::string path = base::environment("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() < 2 || path.size() >= sizeof address.sun_path ||
        (path.front() != '/' && path.front() != '@')) {
        return;
    }
    path.copy(address.sun_path, path.size());
    if (path.front() == '@') {
        address.sun_path[0] = '\0';  // an abstract address
    }
    const auto octets = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // News that nobody takes is no failure of ours.
    static_cast<void>(::sendto(fd.get(),
                               assignments.data(),
                               assignments.size(),
                               MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address),
                               octets));
}

void notify_ready() {
    notify("READY=1");
}

void notify_stopping() {
    notify("STOPPING=1");
}

void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    notify(
        fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

}  // namespace net
