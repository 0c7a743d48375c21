// The addresses that this machine has.
#pragma once

#include <string>
#include <vector>

namespace net {

enum class Family { kIpv4, kIpv6 };

// Of all interfaces that are up, loopback included, as text; empty when the kernel does not say.
[[nodiscard]] std::vector<std::string> interface_addresses(Family family);

}  // namespace net
