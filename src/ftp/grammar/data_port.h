// Where a data connection goes: the arguments of PORT (RFC 959 4.1.2), EPRT and EPSV (RFC 2428), and the
// replies to PASV (227) and EPSV (229), read and written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ftp {

struct DataPort {
    std::string
        address;  // textual IPv4 or IPv6, as inet_ntop writes it; empty in 229: the server's own
    std::uint16_t port = 0;

    friend bool operator==(const DataPort&, const DataPort&) = default;
};

// "h1,h2,h3,h4,p1,p2". kSyntax for anything else, a number above 255 included.
[[nodiscard]] base::Result<DataPort> parse_port(std::string_view arguments);
// The same for an IPv4 address; "" for any other.
[[nodiscard]] std::string format_port(const DataPort& where);

// "|1|132.235.1.2|6275|" or "|2|1080::8:800:200C:417A|5282|". kSyntax; kUnsupported: a protocol that is
// neither 1 nor 2 (RFC 2428 2: reply 522).
[[nodiscard]] base::Result<DataPort> parse_eprt(std::string_view arguments);
[[nodiscard]] std::string format_eprt(const DataPort& where);

enum class EpsvRequest : std::uint8_t { kAny, kIpv4, kIpv6, kAll };

// "", "1", "2" or "ALL"; kUnsupported for another number, kSyntax otherwise.
[[nodiscard]] base::Result<EpsvRequest> parse_epsv(std::string_view arguments);

// The address in a reply to PASV, wherever it stands (RFC 1123 4.1.2.6: without relying on parentheses).
[[nodiscard]] base::Result<DataPort> parse_227(std::string_view text);
// The port in "(|||port|)".
[[nodiscard]] base::Result<DataPort> parse_229(std::string_view text);

[[nodiscard]] bool is_ipv4(std::string_view address);
[[nodiscard]] bool is_ipv6(std::string_view address);

}  // namespace ftp
