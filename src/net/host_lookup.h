// The addresses of a host as this machine knows it (/etc/hosts, DNS, whatever nsswitch.conf says), in the order of
// RFC 6724: for agents, which talk to whom their user names. Servers ask net::Resolver.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/stream.h"

namespace net {

enum class Family : std::uint8_t { kAny, kIpv4, kIpv6 };

// Blocks. `host` may be an address. kNotFound: no such host, or none of this family; kUnavailable: no answer now.
[[nodiscard]] base::Result<std::vector<Endpoint>> look_up_host(const std::string& host,
                                                               std::uint16_t port,
                                                               Family family = Family::kAny);

}  // namespace net
