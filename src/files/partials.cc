#include "files/partials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "files/directory.h"
#include "files/hash.h"
#include "files/path.h"
#include "files/volume.h"

namespace files {
namespace {

using base::Result;
using base::UniqueFd;

constexpr unsigned kOurs = 0700;
constexpr auto kKept = std::chrono::days(7);
constexpr std::size_t kNameDigits = 32;
constexpr std::size_t kFolderAt = kNameDigits + 1;

// Names of any length and kind, in a form that every file system takes.
std::string digest_of(std::string_view first, std::string_view second) {
    Hasher hasher(HashAlgorithm::kSha256);
    hasher.update(first);
    hasher.update({"\0", 1});
    hasher.update(second);
    return hasher.finish().substr(0, kNameDigits);
}

std::string user_part(std::string_view user) {
    return digest_of("user", user);
}

std::string folder_part(std::string_view path) {
    return digest_of("folder", path);
}

std::optional<struct stat> status_of(int directory, const std::string& path) {
    struct stat status {};

    if (::fstatat(directory, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return std::nullopt;
    }
    return status;
}

Counts counts_of(const struct stat& status) {
    return {.octets = static_cast<std::uint64_t>(status.st_size), .files = 1};
}

}  // namespace

Partials::Partials(std::string_view volume)
    : folder_(std::string(kPartialsPrefix) + digest_of(volume, "")) {}

// user "-" folder "-" both, each as so many hexadecimal digits
std::string Partials::name_of(std::string_view user, std::string_view path) {
    return user_part(user) + '-' + folder_part(split(path).parent) + '-' + digest_of(user, path);
}

Counts Partials::open(const Aside& aside, base::WallTime now) const {
    return expire(aside, folder_, now);
}

Counts Partials::expire(const Aside& aside, const std::string& folder, base::WallTime now) {
    Counts counts;
    auto names = Directory::of(UniqueFd(
        ::openat(aside.fd(), folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    const std::time_t oldest = std::chrono::system_clock::to_time_t(now - kKept);
    while (names) {
        const auto name = names->next();
        if (!name || *name == nullptr) {
            break;
        }
        const auto status = status_of(names->fd(), *name);
        if (status && status->st_mtime < oldest) {
            ::unlinkat(names->fd(), *name, 0);
        } else if (status) {
            counts.octets += counts_of(*status).octets;
            ++counts.files;
        }
    }
    return counts;
}

// Those whose name has `part` at `at`.
Counts Partials::forget_where(const Aside& aside, std::size_t at, std::string_view part) const {
    Counts counts;
    auto names = Directory::of(UniqueFd(
        ::openat(aside.fd(), folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    while (names) {
        const auto name = names->next();
        if (!name || *name == nullptr) {
            break;
        }
        const std::string_view found = *name;
        if (found.size() > at && found.substr(at).starts_with(part)) {
            const Counts one = forget(aside, std::string(found));
            counts.octets += one.octets;
            counts.files += one.files;
        }
    }
    return counts;
}

Counts Partials::forget_folder(const Aside& aside, std::string_view path) const {
    return forget_where(aside, kFolderAt, folder_part(path));
}

Counts Partials::forget_user(const Aside& aside, std::string_view user) const {
    return forget_where(aside, 0, user_part(user));
}

void Partials::forget_all(const Aside& aside) const {
    (void)forget_where(aside, 0, "");
    ::unlinkat(aside.fd(), folder_.c_str(), AT_REMOVEDIR);
}

Result<Counts> Partials::keep(const Aside& aside,
                              const std::string& aside_name,
                              const std::string& name) const {
    if (::mkdirat(aside.fd(), folder_.c_str(), kOurs) != 0 && errno != EEXIST) {
        return fail_errno(errno);
    }
    const std::string path = folder_ + "/" + name;
    const auto before = status_of(aside.fd(), path);
    if (::renameat(aside.fd(), aside_name.c_str(), aside.fd(), path.c_str()) != 0) {
        return fail_errno(errno);
    }
    return before ? counts_of(*before) : Counts();
}

std::optional<std::uint64_t> Partials::size(const Aside& aside, const std::string& name) const {
    const auto status = status_of(aside.fd(), folder_ + "/" + name);
    return status ? std::optional(counts_of(*status).octets) : std::nullopt;
}

Result<UniqueFd> Partials::take(const Aside& aside,
                                const std::string& name,
                                const std::string& aside_name) const {
    const std::string path = folder_ + "/" + name;
    if (::renameat(aside.fd(), path.c_str(), aside.fd(), aside_name.c_str()) != 0) {
        return fail_errno(errno);
    }
    UniqueFd fd(::openat(aside.fd(), aside_name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        return fail_errno(errno);
    }
    return fd;
}

Counts Partials::forget(const Aside& aside, const std::string& name) const {
    const std::string path = folder_ + "/" + name;
    const auto status = status_of(aside.fd(), path);
    if (!status || ::unlinkat(aside.fd(), path.c_str(), 0) != 0) {
        return {};
    }
    return counts_of(*status);
}

}  // namespace files
