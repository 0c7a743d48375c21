// The kernel's file system on a machine whose power can be cut: names that no sync of their folder has put on
// the disk are gone then, and octets that were not synced never came. For tests of what makes folders.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/file.h"

namespace fakes {

// Octets are the forgetful file system's matter; this one knows names. RocksDB writes past it.
class PowerCutFileSystem final : public store::FileSystem {
  public:
    [[nodiscard]] base::Result<std::unique_ptr<store::File>> open(const std::string& path,
                                                                  store::OpenMode mode) override;
    [[nodiscard]] base::Result<std::vector<std::string>> list(
        const std::string& directory) override;
    [[nodiscard]] base::Result<> make_directory(const std::string& directory) override;
    [[nodiscard]] base::Result<> clone(const std::string& from, const std::string& to) override;
    [[nodiscard]] base::Result<> close_to_others(const std::string& directory) override;
    [[nodiscard]] base::Result<> remove(const std::string& path) override;
    [[nodiscard]] base::Result<> sync_directory(const std::string& directory) override;
    [[nodiscard]] base::Result<std::uint64_t> free_octets(const std::string& directory) override;
    [[nodiscard]] base::Result<std::unique_ptr<store::FileLock>> lock(
        const std::string& path) override;

    // Takes away every name that was not synced; no file may be open. Returns them.
    std::vector<std::string> cut();

  private:
    template <class T>
    base::Result<T> note(const std::string& path, base::Result<T> made);

    std::mutex mutex_;
    std::set<std::string> unsynced_;
};

}  // namespace fakes
