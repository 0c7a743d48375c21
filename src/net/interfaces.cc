#include "net/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

namespace net {

std::vector<std::string> interface_addresses(Family family) {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) {
        return {};
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, ::freeifaddrs);
    const int wanted = family == Family::kIpv4 ? AF_INET : AF_INET6;
    std::vector<std::string> found;
    for (const ifaddrs* one = all.get(); one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != wanted) {
            continue;
        }
        // POSIX lays the families' structures over this one.
        const void* octets =
            family == Family::kIpv4
                ? static_cast<const void*>(
                      &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr)
                : static_cast<const void*>(
                      &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr);
        char text[INET6_ADDRSTRLEN] = {};
        if (::inet_ntop(wanted, octets, text, sizeof text) != nullptr) {
            found.emplace_back(text);
        }
    }
    return found;
}

}  // namespace net
