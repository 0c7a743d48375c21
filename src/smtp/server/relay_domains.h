// Domains whose mail this server takes for other servers: as a backup MX (RFC 5321 3.6.1, 5.1) or as the gateway of
// servers behind it. Who receives there may be known from a list, so that nothing is accepted first and bounced later.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "account/address.h"
#include "base/result.h"

namespace smtp {

class RelayDomains {
  public:
    // None.
    RelayDomains() = default;

    // `domains`: "hamburger.example"; ".hamburger.example" is all below it. `recipients`, when there is such a
    // list: an address a line, or "@hamburger.example" for everybody there; "#" begins a comment. kSyntax names
    // the domain, or the line.
    [[nodiscard]] static base::Result<RelayDomains> make(
        const std::vector<std::string>& domains, std::optional<std::string_view> recipients);

    [[nodiscard]] bool cover(std::string_view domain) const;
    // Whether somebody there may have this address; postmaster is in any domain (RFC 5321 4.5.1), and
    // bob+holiday is where bob is.
    [[nodiscard]] bool has(const account::Address& address) const;

  private:
    std::set<std::string, std::less<>> domains_;  // with their dot, those that mean all below
    bool everybody_ = true;
    std::unordered_set<std::string> recipients_;  // "bob@hamburger.example", "@hamburger.example"
};

}  // namespace smtp
