// Reading a folder a batch at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "files/directory.h"
#include "files/files.h"
#include "files/mounts.h"

namespace files {

struct Listing::State {
    std::shared_ptr<const Mounts> mounts;
    Place place;
    Creation creation;
    Directory directory;
    std::vector<std::string> shares;  // shown beside what the folder holds, and in place of it
    bool shares_listed = false;
};

// Waits for the disk.
[[nodiscard]] base::Result<std::shared_ptr<Listing::State>> open_listing(
    std::shared_ptr<const Mounts> mounts, std::string_view path, Creation creation);

}  // namespace files
