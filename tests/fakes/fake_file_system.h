// A file system in memory that keeps apart what was written and what was synced: it can lose the
// difference, fail and tear as disks do. For tests of the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "store/file.h"

namespace fakes {

class FakeFileSystem final : public store::FileSystem {
  public:
    FakeFileSystem();
    ~FakeFileSystem() override;

    [[nodiscard]] base::Result<std::unique_ptr<store::File>> open(const std::string& path,
                                                                  store::OpenMode mode) override;
    [[nodiscard]] base::Result<std::vector<std::string>> list(
        const std::string& directory) override;
    // kExists: every folder is there, for ever.
    [[nodiscard]] base::Result<> make_directory(const std::string& directory) override;
    [[nodiscard]] base::Result<> clone(const std::string& from, const std::string& to) override;
    [[nodiscard]] base::Result<> close_to_others(const std::string& directory) override;
    [[nodiscard]] base::Result<> remove(const std::string& path) override;
    [[nodiscard]] base::Result<> sync_directory(const std::string& directory) override;
    [[nodiscard]] base::Result<std::uint64_t> free_octets(const std::string& directory) override;
    [[nodiscard]] base::Result<std::unique_ptr<store::FileLock>> lock(
        const std::string& path) override;

    // The next write writes about half of its octets and then fails with `error`.
    void tear_next_write(base::Errc error);
    // The next sync fails with kIo; what it should have synced never will be, as in Linux.
    void fail_next_sync();
    // Every allocate() fails with kNoSpace until told otherwise.
    void set_full(bool full);
    void set_free_octets(std::uint64_t octets);
    // From now on the files share so much; writing and reserving beyond it fail with kNoSpace.
    void set_capacity(std::uint64_t octets);
    // The power fails at the `operations`-th change from now on, in the middle of it: from then on every
    // operation fails with kIo, until crash().
    void die_after(std::uint64_t operations);

    void die() { die_after(0); }

    // Comes back with what was synced, and of what was not any part: sectors of 512 octets as
    // `random` has it; names of files made or removed since the folder's sync likewise.
    void crash(base::Random& random);

    // An empty disk again; no file may be open.
    void format();

    // A file's octets as a reader sees them now; and sets them, as synced.
    [[nodiscard]] std::string content(const std::string& path) const;
    void set_content(const std::string& path, std::string octets);
    [[nodiscard]] std::vector<std::string> paths() const;

    [[nodiscard]] std::uint64_t syncs() const;

    struct Node;
    struct Shared;

  private:
    std::shared_ptr<Shared> shared_;
};

}  // namespace fakes
