#include "net/proxy.h"

#include <netinet/in.h>

#include <array>
#include <cstring>

#include "base/ascii.h"
#include "net/address.h"

namespace net {

using base::Errc;
using base::fail;
using Parsed = base::Result<std::optional<ProxyHeader>>;

namespace {

constexpr std::string_view kV1Prefix = "PROXY ";
constexpr std::string_view kV2Signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV1OctetsMax = 107;
constexpr std::size_t kV2FixedOctets = 16;

// True when `input` and `prefix` agree as far as both go.
bool may_start_with(std::string_view input, std::string_view prefix) {
    const std::size_t common = std::min(input.size(), prefix.size());
    return input.substr(0, common) == prefix.substr(0, common);
}

std::optional<Endpoint> v1_endpoint(std::string_view family,
                                    std::string_view address,
                                    std::string_view port) {
    const bool v6 = family == "TCP6";
    const bool canonical = port == "0" || !port.starts_with('0');
    const auto number = base::parse_number<std::uint16_t>(port);
    const Endpoint endpoint{
        .address = std::string(address), .port = number.value_or(0), .path = ""};
    const auto socket_address = to_socket_address(endpoint);
    if (!number || !canonical || !socket_address ||
        socket_address->family() != (v6 ? AF_INET6 : AF_INET)) {
        return std::nullopt;
    }
    return to_endpoint(*socket_address);
}

// proxy-line = "PROXY" SP ( "UNKNOWN" *CHAR / ("TCP4" / "TCP6") SP source SP destination SP
//              source-port SP destination-port ) CRLF
Parsed parse_v1(std::string_view input) {
    const std::size_t end = input.substr(0, kV1OctetsMax).find("\r\n");
    if (end == std::string_view::npos) {
        return input.size() < kV1OctetsMax
                   ? Parsed(std::nullopt)
                   : fail(Errc::kTooLong, "PROXY line without end in 107 octets");
    }
    ProxyHeader header{.octets = end + 2, .addresses = std::nullopt};
    std::string_view rest = input.substr(kV1Prefix.size(), end - kV1Prefix.size());
    const std::string_view family = base::split_front(rest, ' ');
    if (family == "UNKNOWN") {
        return header;
    }
    const std::string_view source = base::split_front(rest, ' ');
    const std::string_view destination = base::split_front(rest, ' ');
    const std::string_view source_port = base::split_front(rest, ' ');
    const auto client = v1_endpoint(family, source, source_port);
    const auto server = v1_endpoint(family, destination, rest);
    if ((family != "TCP4" && family != "TCP6") || !client || !server) {
        return fail(Errc::kSyntax, "malformed PROXY line");
    }
    header.addresses = ProxyHeader::Addresses{.client = *client, .server = *server};
    return header;
}

unsigned octet_at(std::string_view input, std::size_t position) {
    return static_cast<unsigned char>(input[position]);
}

std::uint16_t port_at(std::string_view input, std::size_t position) {
    return static_cast<std::uint16_t>(octet_at(input, position) << 8 |
                                      octet_at(input, position + 1));
}

Endpoint ipv4_at(std::string_view block, std::size_t address, std::size_t port) {
    SocketAddress wrapped;
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port_at(block, port));
    std::memcpy(&v4.sin_addr, block.data() + address, sizeof v4.sin_addr);
    std::memcpy(&wrapped.storage, &v4, sizeof v4);
    return to_endpoint(wrapped);
}

Endpoint ipv6_at(std::string_view block, std::size_t address, std::size_t port) {
    SocketAddress wrapped;
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_at(block, port));
    std::memcpy(&v6.sin6_addr, block.data() + address, sizeof v6.sin6_addr);
    std::memcpy(&wrapped.storage, &v6, sizeof v6);
    return to_endpoint(wrapped);
}

std::size_t v2_address_octets(unsigned family) {
    switch (family) {
        case 0x11:
            return 12;
        case 0x21:
            return 36;
        case 0x31:
            return 216;
        default:
            return 0;
    }
}

// The address block by family and transport, 2.2 "fam": source address, destination address, source
// port, destination port.
base::Result<std::optional<ProxyHeader::Addresses>> v2_addresses(unsigned family,
                                                                 std::string_view block) {
    const bool too_short = block.size() < v2_address_octets(family);
    if (too_short) {
        return fail(Errc::kSyntax, "PROXY header too short for its addresses");
    }
    switch (family) {
        case 0x11:
            return ProxyHeader::Addresses{.client = ipv4_at(block, 0, 8),
                                          .server = ipv4_at(block, 4, 10)};
        case 0x21:
            return ProxyHeader::Addresses{.client = ipv6_at(block, 0, 32),
                                          .server = ipv6_at(block, 16, 34)};
        case 0x00:  // unspecified
        case 0x31:  // a unix socket of the proxy's machine: not an address of ours
            return std::nullopt;
        default:
            return fail(Errc::kUnsupported, "PROXY header for another transport than TCP");
    }
}

// CRC-32C (RFC 9260 appendix A) of at most one header: no table is worth its cache lines.
std::uint32_t crc32c(std::string_view octets) {
    static constexpr std::uint32_t kReflectedPolynomial = 0x82f63b78;
    std::uint32_t crc = ~std::uint32_t{0};
    for (const char c : octets) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) {
            crc = crc >> 1U ^ ((crc & 1U) != 0 ? kReflectedPolynomial : 0);
        }
    }
    return ~crc;
}

// 2.2.3: the checksum of the whole header, its own value as zeros.
bool is_intact(std::string_view header, std::size_t value) {
    std::string zeroed(header);
    zeroed.replace(value, 4, 4, '\0');
    std::uint32_t wanted = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        wanted = wanted << 8U | octet_at(header, value + i);
    }
    return crc32c(zeroed) == wanted;
}

// 2.2: what stands behind the addresses, as type, length, value. Only the checksum means something to us.
base::Result<> check_extensions(std::string_view header, std::size_t position) {
    static constexpr unsigned kChecksum = 0x03;
    static constexpr std::size_t kHeadOctets = 3;
    while (position < header.size()) {
        const std::size_t value = position + kHeadOctets;
        if (value > header.size() || value + port_at(header, position + 1) > header.size()) {
            return fail(Errc::kSyntax, "PROXY header with a cut extension");
        }
        const std::size_t octets = port_at(header, position + 1);
        if (octet_at(header, position) == kChecksum && (octets != 4 || !is_intact(header, value))) {
            return fail(Errc::kSyntax, "PROXY header with a wrong checksum");
        }
        position = value + octets;
    }
    return {};
}

Parsed parse_v2(std::string_view input) {
    if (input.size() < kV2FixedOctets) {
        return std::nullopt;
    }
    const unsigned version_and_command = octet_at(input, 12);
    if (version_and_command != 0x20 && version_and_command != 0x21) {
        return fail(Errc::kSyntax, "unknown version or command in PROXY header");
    }
    const std::size_t octets = kV2FixedOctets + port_at(input, 14);
    if (octets > kProxyHeaderOctetsMax) {
        return fail(Errc::kTooLong, "PROXY header too long");
    }
    if (input.size() < octets) {
        return std::nullopt;
    }
    ProxyHeader header{.octets = octets, .addresses = std::nullopt};
    if (version_and_command == 0x20) {
        return header;  // LOCAL: whatever the addresses say
    }
    const std::string_view block = input.substr(kV2FixedOctets, octets - kV2FixedOctets);
    const unsigned family = octet_at(input, 13);
    TRY(header.addresses, v2_addresses(family, block));
    if (family != 0x00) {  // 2.2: of an unspecified one nothing is to be read
        TRY_VOID(
            check_extensions(input.substr(0, octets), kV2FixedOctets + v2_address_octets(family)));
    }
    return header;
}

}  // namespace

Parsed parse_proxy_header(std::string_view input) {
    const bool v1 = may_start_with(input, kV1Prefix);
    const bool v2 = may_start_with(input, kV2Signature);
    if (!v1 && !v2) {
        return fail(Errc::kSyntax, "no PROXY header");
    }
    if (v1 && input.size() >= kV1Prefix.size()) {
        return parse_v1(input);
    }
    if (v2 && input.size() >= kV2Signature.size()) {
        return parse_v2(input);
    }
    return std::nullopt;
}

}  // namespace net
