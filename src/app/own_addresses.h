// Which addresses other mail servers reach this one at: an MX record that leads there leads back here
// (RFC 5321 5.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace app {

// Of what `listen` says for SMTP the addresses on `port`, the port where other servers look for one: those that are
// named, and for a wildcard the ones of its family that the machine has. Never fails: an address that is missing
// costs a connection to ourselves, which the greeting ends.
[[nodiscard]] std::vector<std::string> own_addresses(const std::vector<std::string>& listen,
                                                     std::uint16_t port);

}  // namespace app
