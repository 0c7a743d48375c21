// net::Resolver over libunbound: validating (RFC 4033-4035), with its cache, on a thread of its own.
//
// BUGS: resolv.conf is read once; its search list and /etc/hosts mean nothing here. A question that was given
// up counts among those that wait until libunbound gives it up too.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/resolver.h"
#include "net/stream.h"

namespace net {

struct ResolverOptions {
    // Name servers that ask others for us ("192.0.2.53:53"). Empty: those of `resolv_conf`, and when
    // that names none, the ones at the root and below, asked directly.
    std::vector<Endpoint> servers = {};
    std::string resolv_conf = "/etc/resolv.conf";
    // A file with the keys that validation begins with, as DNSKEY or DS records (Debian's package
    // dns-root-data has /usr/share/dns/root.key). Empty: nothing is validated, nothing is secure.
    std::string trust_anchor = {};
    std::uint64_t cache_octets_max = std::uint64_t{16} << 20U;
    // After that a question is kTimeout. It goes on for the cache: the next one may find its answer.
    base::Duration patience = std::chrono::seconds(10);
    // Questions that wait at once; those beyond fail at once.
    std::size_t questions_max = 5000;
};

// kInvalid, kNotFound with one sentence and its remedy. No thread starts before the first question, which
// may come after this process has given up root.
[[nodiscard]] base::Result<std::unique_ptr<Resolver>> make_resolver(const ResolverOptions& options);

}  // namespace net
