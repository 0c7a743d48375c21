// The file system as the store uses it, as an interface: the kernel's for the server, one that forgets,
// fails and tears for the tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace store {

// An open file. Reads from any thread; writes from one at a time. Closed by its destructor.
class File {
  public:
    File() = default;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    virtual ~File() = default;

    // As many octets as fit into `into`, fewer only at the file's end.
    [[nodiscard]] virtual base::Result<std::size_t> read_at(std::uint64_t offset,
                                                            std::span<char> into) const = 0;
    // The same without waiting for the disk; nothing when that cannot be done.
    [[nodiscard]] virtual std::optional<std::size_t> read_cached(std::uint64_t offset,
                                                                 std::span<char> into) const = 0;
    // All parts, one behind the other. After a failure any of it may be in the file.
    [[nodiscard]] virtual base::Result<> write_at(std::uint64_t offset,
                                                  std::span<const std::string_view> parts) = 0;
    // Waits until everything written is on the disk. After a failure nobody knows what is, and a
    // second call would lie: the kernel has dropped the pages.
    [[nodiscard]] virtual base::Result<> sync() = 0;
    // Reserves space up to `octets`, so that writes below need none. What was not written reads as NUL.
    [[nodiscard]] virtual base::Result<> allocate(std::uint64_t octets) = 0;
    [[nodiscard]] virtual base::Result<> truncate(std::uint64_t octets) = 0;
    [[nodiscard]] virtual base::Result<std::uint64_t> size() const = 0;
};

// Held for as long as the object lives, or the process.
class FileLock {
  public:
    FileLock() = default;
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    virtual ~FileLock() = default;
};

enum class OpenMode { kRead, kReadWrite, kCreate };

// Errors: kNotFound, kExists (kCreate), kNoSpace, kDenied, kIo, each naming the path.
class FileSystem {
  public:
    FileSystem() = default;
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    virtual ~FileSystem() = default;

    [[nodiscard]] virtual base::Result<std::unique_ptr<File>> open(const std::string& path,
                                                                   OpenMode mode) = 0;
    // The names in a folder, unsorted.
    [[nodiscard]] virtual base::Result<std::vector<std::string>> list(
        const std::string& directory) = 0;
    // One folder, its owner's alone; its name is on the disk after sync_directory() of the one above it.
    // kExists, also for a file; kNotFound when the one above is missing.
    [[nodiscard]] virtual base::Result<> make_directory(const std::string& directory) = 0;
    // A copy, on the disk, of a file that shares its octets there until one of both changes (FICLONE). An error where the
    // file system cannot, and nothing is made then.
    [[nodiscard]] virtual base::Result<> clone(const std::string& from, const std::string& to) = 0;
    // From now on its owner's alone.
    [[nodiscard]] virtual base::Result<> close_to_others(const std::string& directory) = 0;
    // A file, or an empty folder.
    [[nodiscard]] virtual base::Result<> remove(const std::string& path) = 0;
    // Waits until the names in the folder are on the disk.
    [[nodiscard]] virtual base::Result<> sync_directory(const std::string& directory) = 0;
    // What this user may still write.
    [[nodiscard]] virtual base::Result<std::uint64_t> free_octets(const std::string& directory) = 0;
    // kInUse when another process, or this one, holds it. Creates the file.
    [[nodiscard]] virtual base::Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

    // The folder and those above it, their names on the disk; one that exists is no error.
    [[nodiscard]] base::Result<> create_directory(const std::string& directory);
};

// The kernel's. Thread-safe; lives for ever.
[[nodiscard]] FileSystem& posix_file_system();

}  // namespace store
