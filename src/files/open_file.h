// A file that is open for reading, and where it came from.
#pragma once

#include <memory>

#include "base/unique_fd.h"
#include "files/deed.h"
#include "files/files.h"
#include "files/mounts.h"

namespace files {

struct OpenFile::State {
    base::UniqueFd fd;
    Entry entry;
    Place place;
    std::shared_ptr<const Mounts> mounts;  // the user's
    std::shared_ptr<const Deed> deed;
};

}  // namespace files
