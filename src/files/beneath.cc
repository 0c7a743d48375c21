#include "files/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <span>

#include "files/directory.h"
#include "files/path.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;

// Past so many entries nobody looks for other spellings of a name: that is linear in the folder.
constexpr std::size_t kSpellingEntriesMax = 100'000;
// A name that moves while the kernel walks by makes it start anew (EAGAIN).
constexpr int kAttemptsMax = 100;

// "/a/b" as openat2 wants it.
std::string relative(std::string_view path) {
    path.remove_prefix(std::min<std::size_t>(path.size(), 1));
    return path.empty() ? "." : std::string(path);
}

enum class Links { kRefused, kFollowed };

Result<UniqueFd> open_short(int root, const char* path, int flags, Links links, Wait wait) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if ((flags & O_PATH) != 0) {
        how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    }
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    if (links == Links::kRefused) {
        how.resolve |= RESOLVE_NO_SYMLINKS;
    }
    const int attempts_max = wait == Wait::kNever ? 1 : kAttemptsMax;
    if (wait == Wait::kNever) {
        how.resolve |= RESOLVE_CACHED;
    }
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0) {
            return UniqueFd(static_cast<int>(fd));
        }
        if (errno != EAGAIN && errno != EINTR) {
            break;
        }
    }
    return fail_errno(errno);
}

// Commands' paths are shorter than the kernel takes at once, but what was moved by hand may lie as deep as it likes.
Result<UniqueFd> open_beneath(int root,
                              const std::string& path,
                              int flags,
                              Links links = Links::kRefused,
                              Wait wait = Wait::kForDisk) {
    UniqueFd folder;
    std::size_t begin = 0;
    while (path.size() - begin >= PATH_MAX) {
        const std::size_t end = path.rfind('/', begin + PATH_MAX - 1);
        if (end == std::string::npos || end <= begin) {
            return fail_errno(ENAMETOOLONG);
        }
        TRY(folder,
            open_short(folder ? folder.get() : root,
                       path.substr(begin, end - begin).c_str(),
                       O_PATH | O_DIRECTORY,
                       links,
                       wait));
        begin = end + 1;
    }
    return open_short(folder ? folder.get() : root, path.c_str() + begin, flags, links, wait);
}

bool exists(int directory, const std::string& name) {
    struct stat status {};

    return ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// The name in `directory` that users see as `name`, by looking at all of them.
std::optional<std::string> search(int directory, std::string_view name) {
    auto names =
        Directory::of(UniqueFd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    for (std::size_t count = 0; names && count < kSpellingEntriesMax; ++count) {
        const auto on_disk = names->next();
        if (!on_disk || *on_disk == nullptr) {
            return std::nullopt;
        }
        if (display_name(*on_disk) == name) {
            return std::string(*on_disk);
        }
    }
    return std::nullopt;
}

// `name` as `directory` spells it; in NFC where nothing there is called so.
std::string spell(int directory, std::string_view name) {
    std::string plain(name);
    if (is_ascii(name) || exists(directory, plain)) {
        return plain;
    }
    std::string other = decomposed(name);
    if (exists(directory, other)) {
        return other;
    }
    return search(directory, name).value_or(std::move(plain));
}

}  // namespace

tl::unexpected<base::Error> fail_errno(int number) {
    switch (number) {
        case ENOENT:
            return base::fail(Errc::kNotFound, "There is no such file or folder.");
        case ENOTDIR:
            return base::fail(Errc::kInvalid, "It is no folder.");
        case EISDIR:
            return base::fail(Errc::kInvalid, "It is a folder.");
        case EEXIST:
            return base::fail(Errc::kExists, "The name is taken.");
        case ENOTEMPTY:
            return base::fail(Errc::kInUse, "The folder is not empty.");
        case ELOOP:
        case EXDEV:
        case EAGAIN:
            return base::fail(Errc::kDenied, "A link is in the way.");
        case EACCES:
        case EPERM:
        case ETXTBSY:
            return base::fail(Errc::kDenied, "The server may not do that.");
        case EROFS:
            return base::fail(Errc::kDenied, "The disk is read-only.");
        case ENAMETOOLONG:
            return base::fail(Errc::kTooLong, "The name is too long.");
        case ENXIO:
        case ENODEV:
            return base::fail(Errc::kInvalid, "It is no file.");
        case EINVAL:
            return base::fail(Errc::kInvalid, "The file system refuses that.");
        case ENOSPC:
        case EDQUOT:
            return base::fail(Errc::kNoSpace, "The disk is full.");
        case EFBIG:
            return base::fail(Errc::kNoSpace, "The file grew too large.");
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            return base::fail(Errc::kUnavailable, "The server is busy.");
        default:
            return base::fail(Errc::kIo, "The disk does not work as it should.");
    }
}

Result<Beneath> Beneath::open_root(const std::string& directory) {
    UniqueFd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) {
        return fail_errno(errno);
    }
    return Beneath(std::move(root));
}

Result<UniqueFd> Beneath::open(std::string_view path, int flags, Wait wait) const {
    auto opened = open_beneath(root(), relative(path), flags, Links::kRefused, wait);
    if (opened || wait == Wait::kNever || opened.error().code != Errc::kNotFound ||
        is_ascii(path)) {
        return opened;
    }
    return open_beneath(root(), relative(spelled(path)), flags);
}

Result<Beneath::Spot> Beneath::spot(std::string_view path) const {
    const SplitPath parts = split(path);
    TRY(UniqueFd directory, open(parts.parent, O_PATH | O_DIRECTORY));
    std::string name = parts.name.empty() ? "." : spell(directory.get(), parts.name);
    return Spot{std::move(directory), std::move(name)};
}

// One name after the other, each as the folder before it spells it.
std::string Beneath::spelled(std::string_view path) const {
    std::string on_disk;
    UniqueFd directory;
    path.remove_prefix(1);
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        auto opened =
            open_beneath(root(), relative(on_disk.empty() ? "/" : on_disk), O_PATH | O_DIRECTORY);
        if (!opened) {
            return on_disk + '/' + std::string(path);
        }
        on_disk += '/' + spell(opened->get(), path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return on_disk;
}

Result<std::string> Beneath::resolve(std::string_view path) const {
    auto found = open_beneath(root(), relative(path), O_PATH, Links::kFollowed);
    if (!found && found.error().code == Errc::kNotFound && !is_ascii(path)) {
        found = open_beneath(root(), relative(spelled(path)), O_PATH, Links::kFollowed);
    }
    if (!found) {
        return base::forward_error(found);
    }
    return real_path(found->get());
}

Result<std::string> Beneath::real_path(int fd) const {
    std::array<char, PATH_MAX> top;    // NOLINT(*-member-init): readlink fills it
    std::array<char, PATH_MAX> found;  // NOLINT(*-member-init): readlink fills it
    const auto read = [](int which, std::span<char> into) -> std::string_view {
        const std::string link = "/proc/self/fd/" + std::to_string(which);
        const ssize_t octets = ::readlink(link.c_str(), into.data(), into.size());
        return {into.data(), octets < 0 ? 0 : static_cast<std::size_t>(octets)};
    };
    const std::string_view directory = read(root(), top);
    const std::string_view path = read(fd, found);
    if (directory.empty() || !path.starts_with('/') || !is_within(path, directory)) {
        return base::fail(Errc::kDenied, "A link is in the way.");
    }
    const std::string_view rest = path.substr(directory == "/" ? 0 : directory.size());
    return rest.empty() ? std::string("/") : std::string(rest);
}

}  // namespace files
