// Volume::count(), recount() and expect_room(): what a tree holds, found by walking it.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <utility>
#include <vector>

#include "files/directory.h"
#include "files/volume.h"
#include "files/walk.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;

// What is left out of a walk: what vanishes meanwhile, and where the server may not look, which no user has filled.
bool is_passed_over(base::Errc code) {
    return code == Errc::kNotFound || code == Errc::kInvalid || code == Errc::kDenied;
}

// Calls `visit` for each name in the folder `path` of `beneath`, and adds those of folders to `folders`.
Result<> look_into(const Beneath& beneath,
                   const std::string& path,
                   std::vector<std::string>& folders,
                   const std::function<Result<>(const struct stat&, const char* name)>& visit) {
    TRY(UniqueFd fd, beneath.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(Directory names, Directory::of(std::move(fd)));
    while (true) {
        TRY(const char* name, names.next());
        if (name == nullptr) {
            return {};
        }

        struct stat status {};

        if (::fstatat(names.fd(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) {
                continue;
            }
            return fail_errno(errno);
        }
        TRY_VOID(visit(status, name));
        if (S_ISDIR(status.st_mode)) {
            folders.emplace_back(name);
        }
    }
}

}  // namespace

Result<Counts> Volume::count(std::string_view path) const {
    Counts counts;
    counts.files = path == "/" ? 0 : 1;
    const auto add = [&counts](const struct stat& status, const char* /*name*/) {
        ++counts.files;
        counts.octets += S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
        return Result<>();
    };
    TRY_VOID(walk(std::string(path), [&](const auto& folder, auto& folders) -> Result<> {
        const auto looked = look_into(beneath_, folder, folders, add);
        if (looked || (folder != path && is_passed_over(looked.error().code))) {
            return {};
        }
        return base::fail(looked.error().code, folder + ": " + looked.error().text);
    }));
    return counts;
}

Result<> Volume::expect_room(std::string_view path, std::size_t octets) const {
    return walk(std::string(path), [&](const auto& folder, auto& folders) -> Result<> {
        const auto looked = look_into(
            beneath_, folder, folders, [&](const struct stat& /*status*/, const char* name) {
                const std::size_t below = child(folder, name).size() - path.size();
                return below <= octets ? Result<>()
                                       : base::fail(Errc::kTooLong,
                                                    "Something in it would have too long a path.");
            });
        const bool passed = looked || (folder != path && is_passed_over(looked.error().code));
        return passed ? Result<>() : looked;
    });
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
