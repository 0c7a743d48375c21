// A folder's names, one after another, but for "." and ".." and what this room keeps for itself.
#pragma once

#include <dirent.h>

#include <memory>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace files {

// One thread at a time.
class Directory {
  public:
    // Of a folder that is open for reading.
    [[nodiscard]] static base::Result<Directory> of(base::UniqueFd fd);

    // The next name as the disk has it, valid until the next call; null at the end.
    [[nodiscard]] base::Result<const char*> next();

    [[nodiscard]] int fd() const { return ::dirfd(stream_.get()); }

  private:
    struct Close {
        void operator()(DIR* stream) const { ::closedir(stream); }
    };

    explicit Directory(DIR* stream) : stream_(stream) {}

    std::unique_ptr<DIR, Close> stream_;
};

}  // namespace files
