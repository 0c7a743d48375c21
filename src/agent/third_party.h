// A file from one server to another without coming through here (RFC 959 2.3, figure 2): one waits for the
// other's data connection.
#pragma once

#include <string>

#include "agent/ftp_site.h"

namespace agent {

struct ThirdPartyCopy {
    std::string source;  // at the one
    std::string target;  // at the other
    std::string verb = "STOR";
    ftp::Type type = ftp::Type::kImage;
};

// Blocks until both servers have said how it went. kUnsupported: they protect data and neither can be the TLS client of
// the other (SSCN). Most servers refuse to connect to anybody but us, and say so. Where the source is refused, a target
// that does not hear ABOR while it waits for data (ProFTPD without an urgent octet) is hung up on after some seconds.
//
// BUGS: it cannot be interrupted.
[[nodiscard]] base::Result<> copy_between(FtpSite& from, FtpSite& to, const ThirdPartyCopy& copy);

}  // namespace agent
