// Makes one tree a copy of another: the server's of ours, or ours of the server's.
//
// A file is copied when it is missing, when its size differs, or when the source's is newer than the target's by more
// than both listings can tell. What the source has not is removed only when all folders could be read. Names that no
// local file may have are left out: a server cannot write outside the target. Links are not followed and not made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/ftp_copy.h"
#include "agent/ftp_site.h"
#include "agent/mirror_report.h"
#include "agent/path_filter.h"
#include "agent/progress.h"

namespace agent {

struct MirrorOptions {
    bool reverse = false;  // upload
    bool remove = false;   // what the source has not
    bool dry_run = false;
    bool only_newer = false;     // a file of another size that is newer at the target stays
    bool only_missing = false;   // a file that is there stays as it is
    bool only_existing = false;  // a file that is not there is not brought
    bool heed_time = true;       // tell by it that a file was changed
    bool heed_size = true;
    bool recurse = true;
    bool remove_source = false;  // each file, once it was copied
    // Of the source's files only those; one without a time is copied.
    std::optional<base::WallTime> newer_than = {};
    std::optional<base::WallTime> older_than = {};
    bool loop = false;  // until nothing is left to be copied
    unsigned parallel = 1;
    unsigned segments = 1;  // connections for one large file that is fetched
    PathFilter filter = {};
    CopyOptions copy = {};
};

// Blocks; `site` is open. `remote` and `local` are the two tops, made where they are missing. Fails only when nothing
// could be begun.
[[nodiscard]] base::Result<MirrorReport> mirror(FtpSite& site,
                                                const std::string& remote,
                                                const std::string& local,
                                                const MirrorOptions& options,
                                                MeterStyle meter);

}  // namespace agent
