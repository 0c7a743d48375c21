// What a mirror goes by: its two trees, read through its filter, and when a file of one is to replace the other's.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent/ftp_site.h"
#include "agent/mirror.h"
#include "agent/tree_match.h"

namespace agent {

struct MirrorTrees {
    Tree there;
    Tree here;
    std::string where;  // the first connection's folder, which the top there may be relative to
    bool whole = true;  // the source's listing: only then is it known what it has not
    std::set<std::string, std::less<>> left_out;  // links and the like of the source
    std::uint64_t links = 0;                      // of these the links that pass the filter
    std::set<std::string, std::less<>> links_here;
    std::string why_unlisted;           // the target's top there; empty: it was listed
    std::vector<std::string> failures;  // a sentence each
};

// Blocks. A top that is missing at the target is an empty tree. Fails when the source's top cannot be read, or a folder
// of ours that is to be sent.
[[nodiscard]] base::Result<MirrorTrees> read_mirror_trees(FtpSite& site,
                                                          const std::string& remote,
                                                          const std::string& local,
                                                          const MirrorOptions& options);

// Of newer_than and older_than; without a time it is.
[[nodiscard]] bool is_of_wanted_time(const MirrorOptions& options, const ftp::RemoteEntry& from);

// `from`, a file of the source, is another than `to`, which stands at the target.
[[nodiscard]] bool is_changed(const MirrorOptions& options,
                              const ftp::RemoteEntry& from,
                              const ftp::RemoteEntry& to);

}  // namespace agent
