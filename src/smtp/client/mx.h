// Where the mail of a domain goes: RFC 5321 5.1 (MX by preference, equals in random order, else the domain's
// own addresses), RFC 7505 (null MX), and no host that would send it back to us.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "net/resolver.h"
#include "smtp/client/verdict.h"

namespace smtp {

struct MailHost {
    std::string name;  // lower case; a literal with its brackets
    std::uint16_t preference = 0;
    // To try in this order: the families take turns, IPv6 first, in random order within each.
    std::vector<std::string> addresses;
    // DNSSEC vouches for the way from the domain to the name, and for the addresses (DANE, RFC 7672 2.2).
    bool secure = false;
};

struct MxOptions {
    // What this server calls itself and which addresses it receives mail on: such a host and all that are
    // not preferred to it are left out (RFC 5321 5.1), or the mail would go in circles.
    std::vector<std::string> own_names = {};
    std::vector<std::string> own_addresses = {};
    bool ipv4 = true;
    bool ipv6 = true;
    std::size_t hosts_max = 8;      // that are looked up
    std::size_t addresses_max = 4;  // of one host
    bool follow_mx = true;  // false: the domain names a host itself (a smarthost without MX)
};

// The hosts to try one after another, at least one, each with an address. `domain` as in an address: UTF-8
// or A-labels, or a literal (RFC 5321 4.1.3). The verdict says why there is none: 5.1.2 no such domain, 5.1.10
// null MX, 5.4.4 no host has an address, 5.4.6 a loop, 4.4.3 not to be known now.
[[nodiscard]] base::Task<base::Result<std::vector<MailHost>, Verdict>> find_mail_hosts(
    net::Resolver& resolver,
    base::Loop& loop,
    base::Random& random,
    std::string domain,
    MxOptions options);

// Why mail for the domain, were it taken here to be passed on, would come to nothing: 550 when there is no host for
// it or this server is the best of them, 450 when that is not to be known now.
[[nodiscard]] base::Task<std::optional<Reply>> judge_passing_on(net::Resolver& resolver,
                                                                base::Loop& loop,
                                                                base::Random& random,
                                                                std::string domain,
                                                                MxOptions options);

}  // namespace smtp
