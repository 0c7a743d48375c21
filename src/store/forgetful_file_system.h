// The kernel's file system, but what was not synced dies with the process: SIGKILL then loses what only a
// power failure would. For crash tests of the whole server; it makes nothing faster or safer.
#pragma once

#include "store/file.h"

namespace store {

// Written octets stay in this process until the file's sync; readers see them only then, which is all
// that the store needs. Thread-safe; lives for ever.
[[nodiscard]] FileSystem& forgetful_file_system();

}  // namespace store
