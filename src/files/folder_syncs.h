// The disk's promise for names: fsync(2) of folders, shared by all that change one folder at a time.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/result.h"

namespace files {

// Group commit: while one thread syncs a folder, whoever comes with a new name there waits, and one of them syncs for
// all. A sync that runs already is of no use to them: it may have looked at the folder before. Thread-safe.
class FolderSyncs {
  public:
    using Sync = std::function<base::Result<>(int directory)>;

    // `sync` makes the names in a folder safe; replaced by tests.
    explicit FolderSyncs(Sync sync);

    FolderSyncs();
    FolderSyncs(const FolderSyncs&) = delete;
    FolderSyncs& operator=(const FolderSyncs&) = delete;
    ~FolderSyncs() = default;

    // Waits until the names that the folder has now are on the disk. `directory`: open, by O_PATH if need be.
    [[nodiscard]] base::Result<> sync(int directory);

    // How many wait for a sync that has not begun.
    [[nodiscard]] std::size_t waiting() const;

  private:
    using Key = std::pair<dev_t, ino_t>;

    // One fsync, and what came of it for those who wait for it.
    struct Round {
        std::size_t waiting = 0;
        bool over = false;
        base::Result<> outcome;
    };

    struct Folder {
        bool busy = false;
        std::shared_ptr<Round> next;  // not begun; null while nobody waits for one
    };

    const Sync sync_;
    mutable std::mutex mutex_;
    std::condition_variable round_over_;
    std::map<Key, Folder> folders_;  // those that somebody syncs
};

}  // namespace files
