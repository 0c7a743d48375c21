// One file by several connections at once, each a part of it: for long ways, where one connection fills no line.
#pragma once

#include "agent/ftp_copy.h"
#include "agent/ftp_site.h"

namespace agent {

// Blocks. Into `local`, with what is missing kept beside it (agent/segment_status.h): a fetch that was killed or lost
// its connections goes on when it is asked for again. Before each part and at the end the server is asked whether the
// file has still the same SIZE and MDTM, and the result is compared by SHA-256 where the server computes it: kInvalid
// where they differ, and all of it is fetched the next time. The server must know SIZE and REST; where it does not, one
// connection fetches all. A part whose connection is lost is fetched by the others. How many octets came.
[[nodiscard]] base::Result<std::uint64_t> get_in_segments(FtpSite& site,
                                                          const CopyPaths& paths,
                                                          unsigned segments,
                                                          const CopyOptions& options,
                                                          Meter& meter);

// The same for somebody who runs the loop: the site's first connection is one of those that fetch.
[[nodiscard]] base::Task<base::Result<std::uint64_t>> download_in_segments(
    FtpSite& site, CopyPaths paths, unsigned segments, CopyOptions options, Meter& meter);

}  // namespace agent
