// Addresses as people write them, as the kernel takes them, and as limits count them (RFC 3986 3.2.2 for
// the brackets, RFC 4291 for IPv6, RFC 4632 for prefixes).
#pragma once

#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/stream.h"

namespace net {

// "192.0.2.1:25", "[2001:db8::1]:25" or "unix:/run/staffetta/lmtp". No names: the text is to mean the same
// on every start. kSyntax with a sentence that says what is expected.
[[nodiscard]] base::Result<Endpoint> parse_endpoint(std::string_view text);

// What bind(2) and connect(2) take.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t octets = 0;

    [[nodiscard]] const sockaddr* get() const;

    [[nodiscard]] int family() const { return storage.ss_family; }
};

// `endpoint` holds a numeric address or a path of at most 107 octets, else kInvalid.
[[nodiscard]] base::Result<SocketAddress> to_socket_address(const Endpoint& endpoint);
// IPv4 inside IPv6 (RFC 4291 2.5.5.2) becomes plain IPv4; an unnamed unix socket gets the path "unix".
[[nodiscard]] Endpoint to_endpoint(const SocketAddress& address);

// An address or a prefix: "192.0.2.0/24", "2001:db8::/32", "192.0.2.7".
class AddressBlock {
  public:
    [[nodiscard]] static base::Result<AddressBlock> parse(std::string_view text);
    // `address` as in Endpoint.
    [[nodiscard]] bool contains(std::string_view address) const;

  private:
    std::array<unsigned char, 16> octets_{};  // IPv4 as ::ffff:a.b.c.d
    unsigned bits_ = 128;
};

// Who a limit counts together: an IPv4 address, the /64 of an IPv6 address (one site), or "unix".
[[nodiscard]] std::string limit_key(const Endpoint& peer);

}  // namespace net
