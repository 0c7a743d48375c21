// A tree of the server's, folder by folder.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "agent/ftp_site.h"

namespace agent {

struct TreeWalk {
    // With its path below the top. True: a folder that is to be looked into.
    std::function<bool(const std::string& path, ftp::RemoteEntry entry)> on_entry;
    // What could not be looked into, and why. The walk goes on without it.
    std::function<void(const std::string& path, const base::Error& error)> on_failure;
};

// "a/b"; with an empty folder the name alone.
[[nodiscard]] std::string join_path(const std::string& folder, const std::string& name);

// By name, and what is in a folder directly behind it, as find(1) prints it. Without recursion, 64 folders deep, 5,000,000
// files and 512 MiB of names far: the server decides what it lists, and may do so without end. A listing that a lost
// connection ended is asked for again, as often as the site's settings have it. Fails when `top` itself cannot be listed,
// and with kReset when the user has had enough.
[[nodiscard]] base::Task<base::Result<>> walk_tree(FtpSite& site, std::string top, TreeWalk walk);

}  // namespace agent
