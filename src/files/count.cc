// Volume::count() and recount(): what a tree holds, found by walking it.
#include <fcntl.h>
#include <sys/stat.h>

#include <vector>

#include "files/directory.h"
#include "files/volume.h"

namespace files {
namespace {

using base::Result;

// Adds what stands in one folder, and lists the folders in it under `waiting`.
Result<> count_folder(Directory& directory,
                      const std::string& path,
                      Counts& counts,
                      std::vector<std::string>& waiting) {
    while (true) {
        TRY(const char* name, directory.next());
        if (name == nullptr) {
            return {};
        }

        struct stat status {};

        if (::fstatat(directory.fd(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        ++counts.files;
        if (S_ISREG(status.st_mode)) {
            counts.octets += static_cast<std::uint64_t>(status.st_size);
        } else if (S_ISDIR(status.st_mode)) {
            waiting.push_back(child(path, name));
        }
    }
}

}  // namespace

// A heap of paths in place of recursion: how deep folders lie is the user's choice. A folder that
// vanishes meanwhile counts for nothing.
Result<Counts> Volume::count(std::string_view path) const {
    Counts counts;
    std::vector<std::string> waiting;
    waiting.emplace_back(path);
    counts.files = path == "/" ? 0 : 1;
    while (!waiting.empty()) {
        const std::string next = std::move(waiting.back());
        waiting.pop_back();
        auto fd = beneath_.open(next, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!fd) {
            if (next == path) {
                return base::forward_error(fd);
            }
            continue;
        }
        TRY(Directory directory, Directory::of(std::move(*fd)));
        TRY_VOID(count_folder(directory, next, counts, waiting));
    }
    return counts;
}

// Twice: only where the first count, taken while files come and go, disagrees does everybody wait for
// the second.
Result<std::optional<Counts>> Volume::recount() {
    TRY(const Counts first, count("/"));
    if (first == ledger_.used()) {
        return std::optional<Counts>();
    }
    const std::lock_guard lock(names_);
    TRY(const Counts there, count("/"));
    const Counts said = ledger_.used();
    if (there == said) {
        return std::optional<Counts>();
    }
    book({.octets = static_cast<std::int64_t>(there.octets - said.octets),
          .files = static_cast<std::int64_t>(there.files - said.files)});
    return std::optional(said);
}

}  // namespace files
