#include "files/maintenance.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

#include "files/creation.h"
#include "files/directory.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;

constexpr unsigned kOurs = 0700;
constexpr unsigned kPermissionBits = 07777;
constexpr std::size_t kCopyAtOnce = 64U << 20U;

// One folder being copied, by paths beneath the two roots.
struct Pair {
    int from;
    int to;
};

Result<UniqueFd> open_folder(int root, const std::string& path) {
    return Beneath(UniqueFd(::fcntl(root, F_DUPFD_CLOEXEC, 0)))
        .open("/" + path, O_RDONLY | O_DIRECTORY);
}

Result<> keep_times(int fd, const struct stat& status) {
    const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
    if (::fchmod(fd, status.st_mode & kPermissionBits) != 0 || ::futimens(fd, times.data()) != 0) {
        return fail_errno(errno);
    }
    return {};
}

Result<> copy_file(Pair folders, const char* name) {
    const UniqueFd from(
        ::openat(folders.from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

    struct stat status {};

    if (!from || ::fstat(from.get(), &status) != 0) {
        return errno == ENOENT ? Result<>() : fail_errno(errno);
    }
    const UniqueFd to(
        ::openat(folders.to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOurs));
    if (!to) {
        return fail_errno(errno);
    }
    while (true) {
        const ssize_t copied =
            ::copy_file_range(from.get(), nullptr, to.get(), nullptr, kCopyAtOnce, 0);
        if (copied == 0) {
            copy_creation(from.get(), to.get());
            return keep_times(to.get(), status);
        }
        if (copied < 0 && errno != EINTR) {
            return fail_errno(errno);
        }
    }
}

Result<> copy_link(Pair folders, const char* name) {
    std::array<char, PATH_MAX> target{};
    const ssize_t octets = ::readlinkat(folders.from, name, target.data(), target.size() - 1);
    if (octets >= 0 && ::symlinkat(target.data(), folders.to, name) != 0) {
        return fail_errno(errno);
    }
    return {};
}

Result<> copy_entry(Pair folders,
                    const std::string& path,
                    const char* name,
                    std::vector<std::string>& waiting) {
    struct stat status {};

    if (::fstatat(folders.from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? Result<>() : fail_errno(errno);
    }
    if (S_ISDIR(status.st_mode)) {
        const unsigned mode = (status.st_mode & kPermissionBits) | kOurs;
        if ((::mkdirat(folders.to, name, mode) != 0 && errno != EEXIST) ||
            ::fchmodat(folders.to, name, mode, 0) != 0) {
            return fail_errno(errno);
        }
        waiting.push_back(path.empty() ? name : path + "/" + name);
        return {};
    }
    if (S_ISLNK(status.st_mode)) {
        return copy_link(folders, name);
    }
    return S_ISREG(status.st_mode) ? copy_file(folders, name) : Result<>();
}

Result<> copy_folder(int from_root,
                     int to_root,
                     const std::string& path,
                     std::vector<std::string>& waiting) {
    auto from = open_folder(from_root, path);
    if (!from) {
        return from.error().code == Errc::kNotFound ? Result<>() : base::forward_error(from);
    }

    struct stat status {};

    if (::fstat(from->get(), &status) != 0) {
        return fail_errno(errno);
    }
    TRY(const UniqueFd to, open_folder(to_root, path));
    TRY(Directory names, Directory::of(std::move(*from)));
    while (true) {
        TRY(const char* name, names.next());
        if (name == nullptr) {
            copy_creation(names.fd(), to.get());
            return keep_times(to.get(), status);
        }
        TRY_VOID(copy_entry({names.fd(), to.get()}, path, name, waiting));
    }
}

}  // namespace

Result<> copy_tree(const std::string& from, const std::string& to) {
    const UniqueFd source(::open(from.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!source) {
        return fail_errno(errno);
    }
    if (::mkdir(to.c_str(), kOurs) != 0 && errno != EEXIST) {
        return fail_errno(errno);
    }
    const UniqueFd target(::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!target) {
        return fail_errno(errno);
    }
    std::vector<std::string> waiting{""};
    while (!waiting.empty()) {
        const std::string path = std::move(waiting.back());
        waiting.pop_back();
        TRY_VOID(copy_folder(source.get(), target.get(), path, waiting));
    }
    if (::syncfs(target.get()) != 0) {
        return fail_errno(errno);
    }
    return {};
}

namespace {

// Removes what a folder holds; the folders in it are left, and added to `folders` with its path before.
Result<> remove_files_of(int directory,
                         const std::string& path,
                         std::vector<std::string>& folders) {
    TRY(UniqueFd fd, open_folder(directory, path));
    TRY(Directory names, Directory::of(std::move(fd)));
    while (true) {
        TRY(const char* entry, names.next());
        if (entry == nullptr) {
            return {};
        }
        if (::unlinkat(names.fd(), entry, 0) == 0) {
            continue;
        }
        if (errno != EISDIR && errno != EPERM) {
            return fail_errno(errno);
        }
        folders.push_back(path + "/" + entry);
    }
}

}  // namespace

Result<> remove_tree(int directory, const std::string& name) {
    // Deepest last: a folder is removed when what it held is gone.
    std::vector<std::string> folders{name};
    for (std::size_t i = 0; i < folders.size(); ++i) {
        const std::string path = folders[i];
        TRY_VOID(remove_files_of(directory, path, folders));
    }
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
        if (::unlinkat(directory, folder->c_str(), AT_REMOVEDIR) != 0) {
            return fail_errno(errno);
        }
    }
    return {};
}

void sweep(const Aside& aside, bool keep_partials, base::WallTime now) {
    auto names =
        Directory::of(UniqueFd(::openat(aside.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    while (names) {
        const auto name = names->next();
        if (!name || *name == nullptr) {
            return;
        }
        const std::string_view found = *name;
        if (keep_partials && found.starts_with(kPartialsPrefix)) {
            static_cast<void>(Partials::expire(aside, std::string(found), now));
            continue;
        }
        if (::unlinkat(aside.fd(), *name, 0) != 0) {
            (void)remove_tree(aside.fd(), std::string(found));
        }
    }
}

}  // namespace files
