#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/ascii.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

using Octets = std::array<unsigned char, 16>;

constexpr Octets kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kMappedOctets = 12;

// inet_pton(3) stops at a NUL.
bool parse_into(int family, std::string_view text, void* address) {
    return text.find('\0') == std::string_view::npos &&
           ::inet_pton(family, std::string(text).c_str(), address) == 1;
}

std::optional<in_addr> parse_ipv4(std::string_view text) {
    in_addr address{};
    return parse_into(AF_INET, text, &address) ? std::optional(address) : std::nullopt;
}

std::optional<in6_addr> parse_ipv6(std::string_view text) {
    in6_addr address{};
    return parse_into(AF_INET6, text, &address) ? std::optional(address) : std::nullopt;
}

std::string print(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size()) == nullptr ? std::string()
                                                                             : text.data();
}

// Either family as 16 octets.
std::optional<Octets> to_octets(std::string_view text) {
    Octets octets = kMappedPrefix;
    if (const auto v4 = parse_ipv4(text)) {
        std::memcpy(octets.data() + kMappedOctets, &*v4, sizeof *v4);
        return octets;
    }
    if (const auto v6 = parse_ipv6(text)) {
        std::memcpy(octets.data(), &*v6, sizeof *v6);
        return octets;
    }
    return std::nullopt;
}

template <class Address>
SocketAddress wrap(const Address& address, std::size_t octets = sizeof(Address)) {
    static_assert(sizeof address <= sizeof(sockaddr_storage));
    SocketAddress wrapped;
    std::memcpy(&wrapped.storage, &address, octets);
    wrapped.octets = static_cast<socklen_t>(octets);
    return wrapped;
}

template <class Address>
Address unwrap(const SocketAddress& wrapped) {
    Address address{};
    std::memcpy(&address, &wrapped.storage, sizeof address);
    return address;
}

base::Result<SocketAddress> unix_address(const std::string& path) {
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) {
        return fail(Errc::kInvalid,
                    fmt::format("the socket path {} is longer than the {} octets that the kernel "
                                "takes; choose a shorter one",
                                path,
                                sizeof address.sun_path - 1));
    }
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    return wrap(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

Endpoint unix_endpoint(const SocketAddress& wrapped) {
    const auto address = unwrap<sockaddr_un>(wrapped);
    const std::size_t room =
        wrapped.octets - std::min<std::size_t>(wrapped.octets, offsetof(sockaddr_un, sun_path));
    std::string path(address.sun_path, ::strnlen(address.sun_path, room));
    return {.address = "", .port = 0, .path = path.empty() ? "unix" : std::move(path)};
}

Endpoint ipv6_endpoint(const sockaddr_in6& address) {
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
        return {.address = print(AF_INET, &address.sin6_addr.s6_addr[kMappedOctets]),
                .port = ntohs(address.sin6_port),
                .path = ""};
    }
    return {.address = print(AF_INET6, &address.sin6_addr),
            .port = ntohs(address.sin6_port),
            .path = ""};
}

}  // namespace

base::Result<Endpoint> parse_endpoint(std::string_view text) {
    if (text.starts_with("unix:") || text.starts_with('/')) {
        const std::string_view path = text.starts_with('/') ? text : text.substr(5);
        if (path.starts_with('/') && path.find('\0') == std::string_view::npos) {
            return Endpoint{.address = "", .port = 0, .path = std::string(path)};
        }
        return fail(Errc::kSyntax, fmt::format("\"{}\" needs an absolute path: unix:/run/x", text));
    }
    const std::size_t colon = text.rfind(':');
    std::string_view host = text.substr(0, colon);
    const auto port = colon == std::string_view::npos
                          ? std::nullopt
                          : base::parse_number<std::uint16_t>(text.substr(colon + 1));
    const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    const auto v6 = bracketed ? parse_ipv6(host) : std::nullopt;
    if (!port || (bracketed ? !v6 : !parse_ipv4(host))) {
        return fail(Errc::kSyntax,
                    fmt::format("\"{}\" is not an address and port: write 192.0.2.1:25, [::]:25 or "
                                "unix:/run/x",
                                text));
    }
    return Endpoint{
        .address = v6 ? print(AF_INET6, &*v6) : std::string(host), .port = *port, .path = ""};
}

const sockaddr* SocketAddress::get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
}

base::Result<SocketAddress> to_socket_address(const Endpoint& endpoint) {
    if (endpoint.is_unix()) {
        return unix_address(endpoint.path);
    }
    if (const auto v4 = parse_ipv4(endpoint.address)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(endpoint.port);
        address.sin_addr = *v4;
        return wrap(address);
    }
    if (const auto v6 = parse_ipv6(endpoint.address)) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(endpoint.port);
        address.sin6_addr = *v6;
        return wrap(address);
    }
    return fail(Errc::kInvalid, fmt::format("\"{}\" is not an IP address", endpoint.address));
}

Endpoint to_endpoint(const SocketAddress& address) {
    switch (address.family()) {
        case AF_INET: {
            const auto v4 = unwrap<sockaddr_in>(address);
            return {
                .address = print(AF_INET, &v4.sin_addr), .port = ntohs(v4.sin_port), .path = ""};
        }
        case AF_INET6:
            return ipv6_endpoint(unwrap<sockaddr_in6>(address));
        default:
            return unix_endpoint(address);
    }
}

base::Result<AddressBlock> AddressBlock::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const auto octets = to_octets(host);
    const unsigned width = parse_ipv4(host) ? 32 : 128;
    const auto bits = slash == std::string_view::npos
                          ? std::optional(width)
                          : base::parse_number<unsigned>(text.substr(slash + 1), width);
    if (!octets || !bits) {
        return fail(Errc::kSyntax,
                    fmt::format("\"{}\" is not an address or prefix: write 192.0.2.7, 192.0.2.0/24 "
                                "or 2001:db8::/32",
                                text));
    }
    AddressBlock block;
    block.octets_ = *octets;
    block.bits_ = 128 - width + *bits;
    return block;
}

bool AddressBlock::contains(std::string_view address) const {
    const auto octets = to_octets(address);
    if (!octets) {
        return false;
    }
    const std::size_t whole = bits_ / 8;
    if (!std::equal(octets->begin(), octets->begin() + whole, octets_.begin())) {
        return false;
    }
    const unsigned rest = bits_ % 8;
    return rest == 0 || ((*octets)[whole] ^ octets_[whole]) >> (8 - rest) == 0;
}

std::string limit_key(const Endpoint& peer) {
    if (peer.is_unix()) {
        return "unix";
    }
    auto v6 = parse_ipv6(peer.address);
    if (!v6) {
        return peer.address;
    }
    std::fill(std::begin(v6->s6_addr) + 8, std::end(v6->s6_addr), 0);
    return print(AF_INET6, &*v6) + "/64";
}

}  // namespace net
