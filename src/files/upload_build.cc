#include "files/upload_build.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <tuple>

#include "files/creation.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;
using Mode = UploadOptions::Mode;

// A file of more is copied, where it grows, before anybody has to wait for it.
constexpr std::uint64_t kLargeOctets = 1U << 20U;
constexpr unsigned kOrdinaryBits = 0777;
constexpr unsigned kOwnerBits = 0600;
constexpr std::size_t kCopyAtOnce = 64U << 20U;
// So often a large file that grows by APPE is copied with nobody waiting.
constexpr int kBuildsBeside = 3;
// And so often then, or any other, with every other upload waiting.
constexpr int kBuildsAlone = 3;

bool is_large(std::uint64_t octets) {
    return octets > kLargeOctets;
}

// A file made out of another and of an upload.
struct Built {
    std::optional<struct statx> old;  // the other one,
    UniqueFd old_fd;                  // open still: its room is given back once nobody waits
    UniqueFd fd;
    std::string aside_name;
};

Result<std::optional<struct statx>> look_at_old(const UploadState& upload, int fd) {
    struct statx status {};

    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0) {
        return fail_errno(errno);
    }
    if (upload.mode == Mode::kPatch && upload.patch_offset > status.stx_size) {
        return base::fail(Errc::kInvalid, "The file is not that long.");
    }
    return std::optional(status);
}

// What stands at the upload's path now; nothing where that is nothing, and the upload makes a new file.
Result<std::pair<UniqueFd, std::optional<struct statx>>> open_old(const UploadState& upload) {
    auto old = upload.place.volume->open_file(upload.place.path);
    if (!old) {
        // Nothing can be put into the middle of a file that is not there.
        const bool anew = old.error().code == Errc::kNotFound && upload.patch_offset == 0;
        if (!anew) {
            return base::forward_error(old);
        }
        return std::pair(UniqueFd(), std::optional<struct statx>());
    }
    TRY(auto status, look_at_old(upload, old->first.get()));
    return std::pair(std::move(old->first), status);
}

bool is_same(const struct statx& a, const struct statx& b) {
    return a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
           a.stx_dev_minor == b.stx_dev_minor && a.stx_size == b.stx_size;
}

bool is_untouched(const struct statx& a, const struct statx& b) {
    return a.stx_ctime.tv_sec == b.stx_ctime.tv_sec && a.stx_ctime.tv_nsec == b.stx_ctime.tv_nsec;
}

// What is there and what this upload brought, behind it or at its place within, synced.
Result<Built> build(UploadState& upload) {
    TRY(auto old, open_old(upload));
    if (!old.second) {
        if ((upload.place.rights & kCreate) == 0) {
            return base::fail(Errc::kNotFound, "There is no such file or folder.");
        }
        TRY_VOID(sync_octets(upload.fd.get()));
        return Built();
    }
    const std::uint64_t size = old.second->stx_size;
    TRY(const std::uint64_t free, upload.place.volume->disk_free());
    if (size > free) {
        return base::fail(Errc::kNoSpace, "The disk is full.");
    }
    upload.permissions = old.second->stx_mode;
    Built built{.old = old.second, .old_fd = {}, .fd = {}, .aside_name = {}};
    TRY(std::tie(built.fd, built.aside_name), make_aside(upload));
    const auto filled = [&]() -> Result<> {
        copy_creation(old.first.get(), built.fd.get());
        TRY_VOID(copy_octets(old.first.get(), built.fd.get(), size, 0));
        const std::uint64_t at = upload.mode == Mode::kPatch ? upload.patch_offset : size;
        TRY_VOID(copy_octets(upload.fd.get(), built.fd.get(), upload.offset, at));
        return sync_octets(built.fd.get());
    }();
    if (!filled) {
        ::unlinkat(upload.place.volume->aside().fd(), built.aside_name.c_str(), 0);
        return tl::unexpected(filled.error());
    }
    return built;
}

}  // namespace

Result<> copy_octets(int from, int to, std::uint64_t octets, std::uint64_t at) {
    loff_t read_at = 0;
    auto write_at = static_cast<loff_t>(at);
    while (octets > 0) {
        const ssize_t copied = ::copy_file_range(
            from, &read_at, to, &write_at, std::min<std::uint64_t>(octets, kCopyAtOnce), 0);
        if (copied < 0 && errno != EINTR) {
            return fail_errno(errno);
        }
        if (copied == 0) {
            return base::fail(Errc::kUnavailable, "The file was changed meanwhile.");
        }
        octets -= copied > 0 ? static_cast<std::uint64_t>(copied) : 0;
    }
    return {};
}

Result<> sync_octets(int fd) {
    if (::fdatasync(fd) != 0) {
        return fail_errno(errno);
    }
    return {};
}

Result<std::pair<UniqueFd, std::string>> make_aside(const UploadState& upload) {
    Aside& aside = upload.place.volume->aside();
    std::string name = aside.new_name();
    UniqueFd fd(::openat(
        aside.fd(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnerBits));
    if (!fd) {
        return fail_errno(errno);
    }
    const unsigned mode = (upload.permissions & kOrdinaryBits) | kOwnerBits;
    if (mode != kOwnerBits && ::fchmod(fd.get(), mode) != 0) {
        const int error = errno;
        ::unlinkat(aside.fd(), name.c_str(), 0);
        return fail_errno(error);
    }
    return std::pair(std::move(fd), std::move(name));
}

bool adds_to_large(const UploadState& upload) {
    const auto old = upload.place.volume->stat(upload.place.path);
    return old && is_large(old->size);
}

namespace {

// Of what stands there now, which `built` was made out of: what was said of it meanwhile.
Result<> take_over_settings(const Built& built, int now_fd, const struct statx& now) {
    copy_creation(now_fd, built.fd.get());
    if (::fchmod(built.fd.get(), (now.stx_mode & kOrdinaryBits) | kOwnerBits) != 0) {
        return fail_errno(errno);
    }
    return {};
}

// Where the old file has got another name or has gone in this moment, this is not its successor.
Result<bool> place_instead(UploadState& upload, Built& built) {
    Volume& volume = *upload.place.volume;
    auto placed = volume.place(
        built.aside_name, upload.place.path, upload.replace, upload.reserved, &*built.old);
    if (!placed) {
        return placed.error().code == Errc::kUnavailable ? Result<bool>(false)
                                                         : base::forward_error(placed);
    }
    ::unlinkat(volume.aside().fd(), upload.aside_name.c_str(), 0);
    built.aside_name.clear();
    upload.fd = std::move(built.fd);
    return true;
}

// What has come in this moment is what it adds to.
Result<bool> place_first(UploadState& upload) {
    Volume& volume = *upload.place.volume;
    constexpr bool kReplace = false;
    auto placed = volume.place(upload.aside_name, upload.place.path, kReplace, upload.reserved);
    if (!placed) {
        return placed.error().code == Errc::kExists ? Result<bool>(false)
                                                    : base::forward_error(placed);
    }
    return true;
}

// False where another file stands there now than it was built of, or one that another program may have written to while
// it was copied for long.
Result<bool> place_built(UploadState& upload, Built& built, bool beside) {
    TRY_VOID(check_rights_again(upload));
    TRY(auto old, open_old(upload));
    const auto& [fd, now] = old;
    if (now.has_value() != built.old.has_value() || (now && !is_same(*now, *built.old))) {
        return false;
    }
    if (now && !is_untouched(*now, *built.old)) {
        if (beside) {
            return false;
        }
        TRY_VOID(take_over_settings(built, fd.get(), *now));
    }
    built.old_fd = std::move(old.first);
    return now ? place_instead(upload, built) : place_first(upload);
}

}  // namespace

// What is large is copied before anybody has to wait for it, and again where another file came first; in the end, and
// what is small at once, with every other upload waiting.
Result<> build_and_place(UploadState& upload) {
    Volume& volume = *upload.place.volume;
    const int beside = adds_to_large(upload) ? kBuildsBeside : 0;
    std::unique_lock alone(volume.commits(), std::defer_lock);
    for (int turn = 0; turn < beside + kBuildsAlone; ++turn) {
        const bool is_beside = turn < beside;
        if (is_beside && alone.owns_lock()) {
            alone.unlock();
        } else if (!is_beside && !alone.owns_lock()) {
            alone.lock();
        }
        TRY(Built built, build(upload));
        if (is_beside) {
            alone.lock();
        }
        auto placed = place_built(upload, built, is_beside);
        if (!built.aside_name.empty()) {
            ::unlinkat(volume.aside().fd(), built.aside_name.c_str(), 0);
        }
        if (!placed || *placed) {
            return placed ? Result<>() : base::forward_error(placed);
        }
    }
    return base::fail(Errc::kUnavailable, "Others rename or remove the file all the time.");
}

Result<> check_rights_again(UploadState& upload) {
    if (!upload.find_again) {
        return {};
    }
    TRY(const Place now, upload.find_again());
    if (now.volume != upload.place.volume || now.path != upload.place.path) {
        // A share that has gone, a link that leads elsewhere since: the rights are another place's.
        return base::fail(Errc::kNotFound, "There is no such file or folder.");
    }
    const Right change = upload.mode == Mode::kAppend ? kAppend : kOverwrite;
    upload.replace = upload.replace && (now.rights & change) != 0;
    if ((now.rights & (upload.exists ? change : kCreate)) == 0) {
        return base::fail(Errc::kDenied, "Permission denied.");
    }
    return {};
}

}  // namespace files
