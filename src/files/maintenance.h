// What keeps the trees in order: sweeping up after a crash, checking counts, copying all of it. Everything
// here waits for the disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "files/volume.h"
#include "files/volumes.h"

namespace files {

// Takes away the uploads and removed trees that a crash left aside; kept partials stay for a week
// where they are wanted, and go with the rest where they are not.
void sweep(const Aside& aside, bool keep_partials, base::WallTime now);

// What becomes of a file or link that has the name of one that is copied.
enum class Existing { kRefused, kReplaced };

// Copies the folder `from` with all that lies in it into `to`, made where it is absent: files, folders,
// links, modes and times. What vanishes meanwhile is left out. Synced when it returns.
[[nodiscard]] base::Result<> copy_tree(const std::string& from,
                                       const std::string& to,
                                       Existing existing = Existing::kRefused);

// Removes the folder `name` of an open one with all that lies in it.
[[nodiscard]] base::Result<> remove_tree(int directory, const std::string& name);

}  // namespace files
