#include "files/volume.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "files/creation.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;

constexpr unsigned kPermissionBits = 07777;
constexpr unsigned kOrdinaryBits = 0777;
constexpr unsigned kOwnerFile = 0600;
constexpr unsigned kOwnerFolder = 0700;
// What is smaller the disk takes back in no time.
constexpr std::uint64_t kLargeOctets = 64U << 20U;
constexpr unsigned kStatxWanted = STATX_BASIC_STATS | STATX_BTIME;

base::WallTime wall_time(const statx_timestamp& time) {
    return base::WallTime(std::chrono::seconds(time.tv_sec) +
                          std::chrono::milliseconds(time.tv_nsec / 1'000'000));
}

Kind kind_of(unsigned mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return Kind::kFile;
        case S_IFDIR:
            return Kind::kDirectory;
        case S_IFLNK:
            return Kind::kLink;
        case S_IFIFO:
            return Kind::kFifo;
        case S_IFSOCK:
            return Kind::kSocket;
        case S_IFCHR:
            return Kind::kCharacterDevice;
        case S_IFBLK:
            return Kind::kBlockDevice;
        default:
            return Kind::kOther;
    }
}

Result<struct statx> read_status(int directory, const char* name, int flags) {
    struct statx status {};

    if (::statx(directory, name, flags | AT_NO_AUTOMOUNT, kStatxWanted, &status) != 0) {
        return fail_errno(errno);
    }
    return status;
}

Entry make_entry(const struct statx& status, const VolumeSettings& settings) {
    Entry entry;
    entry.kind = kind_of(status.stx_mode);
    entry.size = status.stx_size;
    entry.modified = wall_time(status.stx_mtime);
    if ((status.stx_mask & STATX_BTIME) != 0) {
        entry.created = wall_time(status.stx_btime);
    }
    entry.mode = status.stx_mode & kPermissionBits;
    entry.owner = settings.owner;
    entry.group = settings.group;
    entry.device = (std::uint64_t{status.stx_dev_major} << 32U) | status.stx_dev_minor;
    entry.inode = status.stx_ino;
    entry.links = status.stx_nlink;
    return entry;
}

// Numbers of files that have gone are given again, with another time.
bool is_same_file(const struct statx& a, const struct statx& b) {
    return a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
           a.stx_dev_minor == b.stx_dev_minor;
}

bool is_unchanged(const Entry& now, const Entry& before) {
    return now.inode == before.inode && now.device == before.device && now.size == before.size &&
           now.modified == before.modified && now.created == before.created;
}

std::string read_link(int directory, const char* name) {
    std::array<char, PATH_MAX> target;  // NOLINT(*-member-init): readlink fills it
    const ssize_t octets = ::readlinkat(directory, name, target.data(), target.size());
    return {target.data(), octets < 0 ? 0 : static_cast<std::size_t>(octets)};
}

// What a name takes of the quota; a folder itself has no octets.
Counts counts_of(const struct statx& status) {
    return {.octets = kind_of(status.stx_mode) == Kind::kFile ? status.stx_size : 0, .files = 1};
}

Delta minus(Counts counts) {
    return {.octets = -static_cast<std::int64_t>(counts.octets),
            .files = -static_cast<std::int64_t>(counts.files)};
}

Delta plus(Counts counts) {
    return {.octets = static_cast<std::int64_t>(counts.octets),
            .files = static_cast<std::int64_t>(counts.files)};
}

Result<> succeeded(int outcome) {
    if (outcome != 0) {
        return fail_errno(errno);
    }
    return {};
}

Result<> refuse_top(bool is_top) {
    if (is_top) {
        return base::fail(Errc::kDenied, "That folder cannot be changed.");
    }
    return {};
}

Result<> refuse_top(const Beneath::Spot& spot) {
    return refuse_top(spot.name == ".");
}

Result<> refuse_top(std::string_view path) {
    return refuse_top(path == "/");
}

}  // namespace

Result<std::shared_ptr<Aside>> Aside::open(const std::string& path, std::string token) {
    if (::mkdir(path.c_str(), kOwnerFolder) != 0 && errno != EEXIST) {
        return fail_errno(errno);
    }
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) {
        return fail_errno(errno);
    }
    return std::make_shared<Aside>(std::move(directory), std::move(token));
}

std::string Aside::new_name() {
    return token_ + '-' + std::to_string(next_.fetch_add(1));
}

void Aside::retire(UniqueFd fd, std::uint64_t octets) {
    if (octets > kLargeOctets) {
        const std::lock_guard lock(mutex_);
        retired_.push_back(std::move(fd));
    }
}

void Aside::close_retired() {
    std::vector<UniqueFd> closing;
    const std::lock_guard lock(mutex_);
    closing.swap(retired_);
}

bool Aside::begin_plan() {
    if (plans_.fetch_add(1, std::memory_order_relaxed) < kPlansMax) {
        return true;
    }
    end_plan();
    return false;
}

Result<Entry> Volume::stat(std::string_view path, Wait wait) const {
    TRY(const UniqueFd found, beneath_.open(path, O_PATH | O_NOFOLLOW, wait));
    TRY(const struct statx status, read_status(found.get(), "", AT_EMPTY_PATH));
    Entry entry = make_entry(status, settings_);
    entry.name = split(path).name;
    if (entry.kind == Kind::kLink) {
        entry.target = read_link(found.get(), "");
    }
    return entry;
}

Result<Entry> Volume::entry_in(int directory, const char* on_disk) const {
    TRY(const struct statx status, read_status(directory, on_disk, AT_SYMLINK_NOFOLLOW));
    Entry entry = make_entry(status, settings_);
    entry.name = display_name(on_disk);
    if (entry.kind == Kind::kLink) {
        entry.target = read_link(directory, on_disk);
    }
    return entry;
}

Rights Volume::rights_of(const Entry& entry, Rights rights) const {
    switch (entry.kind) {
        case Kind::kFile:
        case Kind::kDirectory:
            return rights;
        case Kind::kLink:
            return settings_.follow_links ? rights : rights & ~Rights{kRead | kAppend};
        default:
            return rights & ~Rights{kRead | kAppend};
    }
}

// It is looked at before, for to open what is no file is a deed: a FIFO's writer goes on, a tape rewinds.
Result<UniqueFd> Volume::open_ordinary(std::string_view path, Wait wait) const {
    TRY(const UniqueFd there, beneath_.open(path, O_PATH | O_NOFOLLOW, wait));
    TRY(const struct statx status, read_status(there.get(), "", AT_EMPTY_PATH));
    switch (kind_of(status.stx_mode)) {
        case Kind::kFile:
        case Kind::kDirectory:
        case Kind::kLink:  // which is refused as links are
            return beneath_.open(path, O_RDONLY, wait);
        default:
            return base::fail(Errc::kInvalid, "It is no file.");
    }
}

Result<std::pair<UniqueFd, Entry>> Volume::open_file(std::string_view path, Wait wait) const {
    TRY(UniqueFd fd, open_ordinary(path, wait));
    TRY(const struct statx status, read_status(fd.get(), "", AT_EMPTY_PATH));
    Entry entry = make_entry(status, settings_);
    entry.name = split(path).name;
    if (entry.kind == Kind::kDirectory) {
        return base::fail(Errc::kInvalid, "It is a folder.");
    }
    if (entry.kind != Kind::kFile) {
        return base::fail(Errc::kInvalid, "It is no file.");
    }
    return std::pair(std::move(fd), std::move(entry));
}

Result<UniqueFd> Volume::open_directory(std::string_view path) const {
    return beneath_.open(path, O_RDONLY | O_DIRECTORY);
}

Result<> Volume::make_directory(std::string_view path, unsigned mode) {
    TRY(const Beneath::Spot spot, beneath_.spot(path));
    {
        const std::lock_guard lock(names_);
        TRY_VOID(ledger_.reserve({.octets = 0, .files = 1}, limits()));
        // By fchmodat() whatever the program's own umask is.
        const mode_t bits = (mode & kOrdinaryBits) | kOwnerFolder;
        const int directory = spot.directory.get();
        const auto made = succeeded(::mkdirat(directory, spot.name.c_str(), kOwnerFolder) != 0
                                        ? -1
                                        : ::fchmodat(directory, spot.name.c_str(), bits, 0));
        ledger_.release({.octets = 0, .files = 1});
        TRY_VOID(made);
        book({.octets = 0, .files = 1});
    }
    return syncs_.sync(spot.directory.get());
}

Result<> Volume::make_link(const std::string& target, std::string_view path) {
    if (!settings_.follow_links) {
        return base::fail(Errc::kUnsupported, "Links are not offered here.");
    }
    TRY(const Beneath::Spot spot, beneath_.spot(path));
    {
        const std::lock_guard lock(names_);
        TRY_VOID(ledger_.reserve({.octets = 0, .files = 1}, limits()));
        const auto made =
            succeeded(::symlinkat(target.c_str(), spot.directory.get(), spot.name.c_str()));
        ledger_.release({.octets = 0, .files = 1});
        TRY_VOID(made);
        book({.octets = 0, .files = 1});
    }
    return syncs_.sync(spot.directory.get());
}

Result<> Volume::remove_directory(std::string_view path) {
    return unlink(path, AT_REMOVEDIR, {});
}

Result<> Volume::remove(std::string_view path, const std::optional<Entry>& only) {
    return unlink(path, 0, only);
}

// A link leads to the file that `only` tells of, or led there: it is nobody's octets.
Result<> Volume::unlink(std::string_view path, int flags, const std::optional<Entry>& only) {
    TRY(const Beneath::Spot spot, beneath_.spot(path));
    TRY_VOID(refuse_top(spot));
    {
        const std::lock_guard lock(names_);
        TRY(const struct statx status,
            read_status(spot.directory.get(), spot.name.c_str(), AT_SYMLINK_NOFOLLOW));
        if (only && kind_of(status.stx_mode) == Kind::kFile &&
            !is_unchanged(make_entry(status, settings_), *only)) {
            return base::fail(Errc::kNotFound, "There is no such file or folder.");
        }
        TRY_VOID(succeeded(::unlinkat(spot.directory.get(), spot.name.c_str(), flags)));
        book(minus(counts_of(status)));
    }
    return syncs_.sync(spot.directory.get());
}

// A tree's top is nobody's to change: a share's is everybody's who sees it.
Result<> Volume::set_modified(std::string_view path, base::WallTime time) {
    TRY_VOID(refuse_top(path));
    TRY(const UniqueFd fd, open_ordinary(path));
    const auto since = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    std::array<timespec, 2> times{};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = seconds.count();
    times[1].tv_nsec = std::chrono::nanoseconds(since - seconds).count();
    TRY_VOID(succeeded(::futimens(fd.get(), times.data())));
    return {};
}

Result<> Volume::set_created(std::string_view path, base::WallTime time) {
    TRY_VOID(refuse_top(path));
    TRY(const UniqueFd fd, open_ordinary(path));
    return write_creation(fd.get(), time);
}

Result<> Volume::set_mode(std::string_view path, unsigned mode) {
    TRY_VOID(refuse_top(path));
    TRY(const UniqueFd fd, open_ordinary(path));
    TRY(const struct statx status, read_status(fd.get(), "", AT_EMPTY_PATH));
    const unsigned kept = kind_of(status.stx_mode) == Kind::kDirectory ? kOwnerFolder : kOwnerFile;
    return succeeded(::fchmod(fd.get(), (mode & kOrdinaryBits) | kept));
}

namespace {

// Whether there is something at the spot, and what it counts; nothing for nothing.
Result<std::optional<struct statx>> look(const Beneath::Spot& spot) {
    auto status = read_status(spot.directory.get(), spot.name.c_str(), AT_SYMLINK_NOFOLLOW);
    if (status) {
        return std::optional(*status);
    }
    if (status.error().code == Errc::kNotFound) {
        return std::optional<struct statx>();
    }
    return base::forward_error(status);
}

// renameat2(2) where `there` is what stands at `to`. A folder never makes place.
Result<> give_name(int from_directory,
                   const std::string& from,
                   const Beneath::Spot& to,
                   const std::optional<struct statx>& there,
                   bool replace) {
    TRY_VOID(refuse_top(to));
    if (there && kind_of(there->stx_mode) == Kind::kDirectory) {
        return base::fail(Errc::kExists, "There is a folder of that name.");
    }
    const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    const int outcome =
        ::renameat2(from_directory, from.c_str(), to.directory.get(), to.name.c_str(), flags);
    if (outcome != 0 && errno == EXDEV) {
        return base::fail(Errc::kUnsupported, "That is on another disk; store a copy there.");
    }
    return succeeded(outcome);
}

}  // namespace

Result<> Volume::place(const std::string& aside_name,
                       std::string_view path,
                       bool replace,
                       Counts reserved,
                       const struct statx* only) {
    if (settings_.is_gone && settings_.is_gone()) {
        return base::fail(Errc::kNotFound, "There is no such file or folder.");
    }
    TRY(const Beneath::Spot spot, beneath_.spot(path));
    {
        const std::lock_guard lock(names_);
        TRY(const struct statx own, read_status(aside_->fd(), aside_name.c_str(), 0));
        TRY(const std::optional<struct statx> there, look(spot));
        if (only != nullptr && !(there && is_same_file(*there, *only))) {
            return base::fail(Errc::kUnavailable, "Another file has the name.");
        }
        const Counts freed = there ? counts_of(*there) : Counts();
        const Counts more = less(less(counts_of(own), freed), reserved);
        TRY_VOID(ledger_.reserve(more, limits()));
        const auto named = give_name(aside_->fd(), aside_name, spot, there, replace);
        if (named) {
            book(plus(counts_of(own)));
            book(minus(freed));
        }
        ledger_.release(more);
        TRY_VOID(named);
    }
    return syncs_.sync(spot.directory.get());
}

Result<> Volume::rename(
    Volume& from, std::string_view from_path, Volume& to, std::string_view to_path, bool replace) {
    TRY(const Beneath::Spot old_spot, from.beneath_.spot(from_path));
    TRY_VOID(refuse_top(old_spot));
    TRY(const Beneath::Spot new_spot, to.beneath_.spot(to_path));
    {
        std::unique_lock first(from.names_, std::defer_lock);
        std::unique_lock second(to.names_, std::defer_lock);
        if (&from == &to) {
            first.lock();
        } else {
            std::lock(first, second);
        }
        TRY(const struct statx own,
            read_status(old_spot.directory.get(), old_spot.name.c_str(), AT_SYMLINK_NOFOLLOW));
        TRY(const std::optional<struct statx> there, look(new_spot));
        const bool same = there && is_same_file(*there, own);
        const bool is_folder = kind_of(own.stx_mode) == Kind::kDirectory;
        if (&from == &to && is_folder && to_path != from_path && is_within(to_path, from_path)) {
            return base::fail(Errc::kInvalid, "A folder does not go into itself.");
        }
        Counts moved = counts_of(own);
        if (&from != &to && is_folder) {
            TRY(moved, from.count(from_path));
        }
        if (&from != &to) {
            const Counts more = less(moved, there ? counts_of(*there) : Counts());
            TRY_VOID(to.ledger_.reserve(more, to.limits()));
            to.ledger_.release(more);
        }
        TRY_VOID(give_name(
            old_spot.directory.get(), old_spot.name, new_spot, there, replace && !is_folder));
        if (&from != &to) {
            from.book(minus(moved));
            to.book(plus(moved));
        }
        if (there && !same) {
            to.book(minus(counts_of(*there)));
        }
    }
    TRY_VOID(to.syncs_.sync(new_spot.directory.get()));
    return from.syncs_.sync(old_spot.directory.get());
}

std::shared_ptr<const void> Volume::begin_build() {
    constexpr unsigned kBuildsMax = 2;
    if (builds_.fetch_add(1) >= kBuildsMax) {
        builds_.fetch_sub(1);
        return nullptr;
    }
    return {this, [self = shared_from_this()](const void*) { self->builds_.fetch_sub(1); }};
}

Result<std::uint64_t> Volume::disk_free() const {
    struct statvfs status {};

    if (::fstatvfs(beneath_.root(), &status) != 0) {
        return fail_errno(errno);
    }
    const std::uint64_t free = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    return free - std::min(free, settings_.reserve_octets);
}

// Where none are kept nobody looks through them.
void Volume::forget_partials_in(std::string_view path) {
    if (ledger_.held().files != 0) {
        ledger_.let_go(partials_.forget_folder(*aside_, path));
    }
}

void Volume::forget_partials_of(std::string_view user) {
    if (ledger_.held().files != 0) {
        ledger_.let_go(partials_.forget_user(*aside_, user));
    }
}

void Volume::book(Delta delta) {
    ledger_.book(delta);
    recorder_->book(settings_.key, delta, shared_from_this());
}

void Volume::note(std::string_view path, TraceEvent event) {
    recorder_->note(settings_.key, std::string(path), std::move(event));
}

}  // namespace files
