// The trace fields on top of every message: Return-Path and Received (RFC 5321 4.4), with the protocol
// names of RFC 3848 and RFC 6531 4.3.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/stream.h"
#include "smtp/grammar/address.h"

namespace smtp {

enum class Greeting { kHelo, kEhlo, kLhlo };

// "SMTP", "ESMTPSA", "UTF8LMTP" ...
[[nodiscard]] std::string protocol_name(Greeting greeting, bool tls, bool authenticated, bool utf8);

struct TraceFacts {
    std::string_view client_name;  // what the client called itself: any printable word
    const net::Endpoint* peer = nullptr;
    std::string_view hostname;
    std::string_view protocol;
    const net::TlsInfo* tls = nullptr;  // may be null
    std::string_view queue_id;
    const Path* only_recipient = nullptr;  // null when there are several: RFC 5321 7.2
    base::WallTime now;
};

// RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]"; empty for a unix socket.
[[nodiscard]] std::string address_literal(const net::Endpoint& endpoint);

// Both fields end with CRLF; no line is longer than 998 octets.
[[nodiscard]] std::string return_path_field(const Path& sender);
[[nodiscard]] std::string received_field(const TraceFacts& facts);

// "from crepes.example [192.0.2.1] by ESMTPS (TLSv1.3 ...)": the same in one line, for logs and traces.
[[nodiscard]] std::string describe_origin(const TraceFacts& facts);

}  // namespace smtp
