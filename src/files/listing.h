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
    Directory directory;
    Place place;
};

// Waits for the disk.
[[nodiscard]] base::Result<std::shared_ptr<Listing::State>> open_listing(Place place);

}  // namespace files
