// The PROXY protocol, versions 1 and 2 (haproxy's doc/proxy-protocol.txt, 2.1 and 2.2): what a load balancer
// says about the client before the first octet of the conversation.
//
// BUGS: the optional fields (TLVs) of version 2 are skipped, its checksum included.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/stream.h"

namespace net {

// Longer headers are refused. The addresses take 232 octets at most, the rest is optional fields.
inline constexpr std::size_t kProxyHeaderOctetsMax = 4096;

struct ProxyHeader {
    struct Addresses {
        Endpoint client;
        Endpoint server;  // as the client dialled it
    };

    std::size_t octets = 0;  // of the header; the conversation starts behind it
    // Nothing when the proxy speaks for itself (a health check), or knows no IP address.
    std::optional<Addresses> addresses;
};

// Reads the header at the front of `input`; nothing yet when more octets are needed. kSyntax for what is no
// header, kTooLong, kUnsupported for datagrams.
[[nodiscard]] base::Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view input);

}  // namespace net
