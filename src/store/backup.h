// A consistent copy of the store on disk, made while it works.
#pragma once

#include <string>

#include "base/result.h"
#include "store/committer.h"

namespace store {

// Into the empty or absent folder `directory`: a checkpoint of the index, and the segments up to the same
// commit. What never changes again is hard-linked where both folders are on one file system.
[[nodiscard]] base::Result<> backup_store(Committer& committer,
                                          FileSystem& file_system,
                                          const std::string& directory);

}  // namespace store
