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
#include "files/walk.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;

constexpr unsigned kOurs = 0700;
constexpr unsigned kPermissionBits = 07777;
constexpr std::size_t kCopyAtOnce = 64U << 20U;

// One folder being copied.
struct Pair {
    int from;
    int to;
    Existing existing;
};

// Whether a name that is taken makes place.
bool make_place(Pair folders, const char* name) {
    return errno == EEXIST && folders.existing == Existing::kReplaced &&
           ::unlinkat(folders.to, name, 0) == 0;
}

UniqueFd make_file(Pair folders, const char* name) {
    return UniqueFd(
        ::openat(folders.to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOurs));
}

// A folder that is there already is the one. What else is there may be a link that leads anywhere.
bool make_folder(Pair folders, const char* name, unsigned mode) {
    const auto make = [&] { return ::mkdirat(folders.to, name, mode) == 0; };
    if (make()) {
        return true;
    }

    struct stat there {};

    const bool is_folder = errno == EEXIST &&
                           ::fstatat(folders.to, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                           S_ISDIR(there.st_mode);
    return is_folder || (make_place(folders, name) && make());
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
    UniqueFd to = make_file(folders, name);
    if (!to && make_place(folders, name)) {
        to = make_file(folders, name);
    }
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
    const auto link = [&] { return ::symlinkat(target.data(), folders.to, name) == 0; };
    if (octets < 0 || link() || (make_place(folders, name) && link())) {
        return {};
    }
    return fail_errno(errno);
}

Result<> copy_entry(Pair folders, const char* name, std::vector<std::string>& within) {
    struct stat status {};

    if (::fstatat(folders.from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? Result<>() : fail_errno(errno);
    }
    if (S_ISDIR(status.st_mode)) {
        const unsigned mode = (status.st_mode & kPermissionBits) | kOurs;
        if (!make_folder(folders, name, mode) ||
            ::fchmodat(folders.to, name, mode, AT_SYMLINK_NOFOLLOW) != 0) {
            return fail_errno(errno);
        }
        within.emplace_back(name);
        return {};
    }
    if (S_ISLNK(status.st_mode)) {
        return copy_link(folders, name);
    }
    return S_ISREG(status.st_mode) ? copy_file(folders, name) : Result<>();
}

Result<> copy_folder(const Beneath& source,
                     const Beneath& target,
                     Existing existing,
                     const std::string& path,
                     std::vector<std::string>& within) {
    auto from = source.open(path, O_RDONLY | O_DIRECTORY);
    if (!from) {
        return from.error().code == Errc::kNotFound ? Result<>() : base::forward_error(from);
    }

    struct stat status {};

    if (::fstat(from->get(), &status) != 0) {
        return fail_errno(errno);
    }
    TRY(const UniqueFd to, target.open(path, O_RDONLY | O_DIRECTORY));
    TRY(Directory names, Directory::of(std::move(*from)));
    while (true) {
        TRY(const char* name, names.next());
        if (name == nullptr) {
            copy_creation(names.fd(), to.get());
            return keep_times(to.get(), status);
        }
        TRY_VOID(copy_entry({names.fd(), to.get(), existing}, name, within));
    }
}

// Removes what the folder `path` holds but for the folders in it.
Result<> remove_files_of(const Beneath& root,
                         const std::string& path,
                         std::vector<std::string>& within) {
    TRY(UniqueFd fd, root.open(path, O_RDONLY | O_DIRECTORY));
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
        within.emplace_back(entry);
    }
}

}  // namespace

Result<> copy_tree(const std::string& from, const std::string& to, Existing existing) {
    TRY(const Beneath source, Beneath::open_root(from));
    if (::mkdir(to.c_str(), kOurs) != 0 && errno != EEXIST) {
        return fail_errno(errno);
    }
    TRY(const Beneath target, Beneath::open_root(to));
    TRY_VOID(walk("/", [&](const auto& path, auto& within) -> Result<> {
        const auto copied = copy_folder(source, target, existing, path, within);
        return copied ? Result<>()
                      : base::fail(copied.error().code, from + path + ": " + copied.error().text);
    }));
    TRY(const UniqueFd synced, target.open("/", O_RDONLY | O_DIRECTORY));
    if (::syncfs(synced.get()) != 0) {
        return fail_errno(errno);
    }
    return {};
}

Result<> remove_tree(int directory, const std::string& name) {
    const Beneath root(UniqueFd(::fcntl(directory, F_DUPFD_CLOEXEC, 0)));
    return walk(
        "/" + name,
        [&](const auto& path, auto& within) { return remove_files_of(root, path, within); },
        [&](const auto& path) -> Result<> {
            TRY(const Beneath::Spot spot, root.spot(path));
            if (::unlinkat(spot.directory.get(), spot.name.c_str(), AT_REMOVEDIR) != 0) {
                return fail_errno(errno);
            }
            return {};
        });
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
