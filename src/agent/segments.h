// One file by several connections at once, each a part of it: for long ways, where one connection fills no line.
#pragma once

#include "agent/ftp_copy.h"
#include "agent/ftp_site.h"

namespace agent {

// Blocks. Into `local`, anew. The server must know SIZE and REST; where it does not, one connection fetches all. A part
// whose connection could not be made is fetched by the others.
[[nodiscard]] base::Result<> get_in_segments(FtpSite& site,
                                             const std::string& remote,
                                             const std::string& local,
                                             unsigned segments,
                                             const CopyOptions& options,
                                             Meter& meter);

}  // namespace agent
