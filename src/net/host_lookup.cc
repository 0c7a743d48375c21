#include "net/host_lookup.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "net/address.h"

namespace net {

base::Result<std::vector<Endpoint>> look_up_host(const std::string& host,
                                                 std::uint16_t port,
                                                 Family family) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = family == Family::kIpv4   ? AF_INET
                      : family == Family::kIpv6 ? AF_INET6
                                                : AF_UNSPEC;
    addrinfo* list = nullptr;
    const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    if (status != 0) {
        const bool later = status == EAI_AGAIN || status == EAI_MEMORY;
        return base::fail(later ? base::Errc::kUnavailable : base::Errc::kNotFound,
                          fmt::format("{}: {}", host, ::gai_strerror(status)));
    }
    std::vector<Endpoint> endpoints;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        SocketAddress address;
        if (entry->ai_addrlen > sizeof address.storage) {
            continue;
        }
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.octets = entry->ai_addrlen;
        Endpoint endpoint = to_endpoint(address);
        endpoint.port = port;
        if (std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end()) {
            endpoints.push_back(std::move(endpoint));
        }
    }
    return endpoints;
}

}  // namespace net
