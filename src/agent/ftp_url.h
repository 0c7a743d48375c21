// What a user names on an FTP command line: ftp://user:password@host:port/path;type=a (RFC 1738 3.2.2, RFC 3986),
// ftps:// for TLS from the first octet, ftpes:// for TLS or nothing, or simply a host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ftp/client/client.h"

namespace agent {

struct FtpUrl {
    std::string host;
    std::uint16_t port = 0;  // 0: the scheme's
    std::optional<std::string> user;
    std::optional<std::string> password;
    // Decoded, relative to where the login leads; "//x" and "/%2Fx" mean "/x", from the root.
    std::string path;
    bool ascii = false;  // ;type=a
    bool names = false;  // ;type=d: the names that NLST has of the path are meant
    // What the scheme says of TLS; nothing where it leaves that open.
    std::optional<ftp::ClientTls> tls;

    [[nodiscard]] std::uint16_t port_or_default() const {
        return port != 0 ? port : (tls == ftp::ClientTls::kImplicit ? 990 : 21);
    }
};

// A URL, or "host", "host:path", "user@host", "user@host:path" as BSD's client takes them. kSyntax with a sentence.
[[nodiscard]] base::Result<FtpUrl> parse_ftp_url(std::string_view text);

[[nodiscard]] bool looks_like_url(std::string_view text);

}  // namespace agent
