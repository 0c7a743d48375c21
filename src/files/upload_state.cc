#include "files/upload_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "files/creation.h"
#include "files/upload_partial.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;
using Mode = UploadOptions::Mode;

// Quota is taken in pieces, so that small writes do not ask each time.
constexpr std::uint64_t kReserveAtOnce = 1U << 20U;
// A file of more is copied, where it grows, before anybody has to wait for it.
constexpr std::uint64_t kLargeOctets = 1U << 20U;
constexpr unsigned kOrdinaryBits = 0777;
constexpr unsigned kExecuteBits = 0111;
constexpr unsigned kOwnerBits = 0600;
constexpr std::size_t kCopyAtOnce = 64U << 20U;
// So often a large file that grows by APPE is copied with nobody waiting.
constexpr int kBuildsBeside = 3;
// And so often then, or any other, with every other upload waiting.
constexpr int kBuildsAlone = 3;
// As in net/file_pump.cc: pieces of the page cache that the kernel has at hand.
constexpr std::size_t kWriteOctets = std::size_t{32} * 1024;

bool is_large(std::uint64_t octets) {
    return octets > kLargeOctets;
}

Result<> need(const Place& place, Right right) {
    if ((place.rights & right) == 0) {
        return base::fail(Errc::kDenied, "Permission denied.");
    }
    return {};
}

Result<std::uint64_t> size_of(int fd) {
    struct stat status {};

    if (::fstat(fd, &status) != 0) {
        return fail_errno(errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

// The octets [0, octets) of `from` to `at` in `to`; shared on disk where the file system can.
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
            return base::fail(Errc::kIo, "The file was changed meanwhile.");
        }
        octets -= copied > 0 ? static_cast<std::uint64_t>(copied) : 0;
    }
    return {};
}

Result<> claim_to(UploadState& upload, std::uint64_t end);

Result<> claim_entry(UploadState& upload) {
    constexpr Counts kOne{.octets = 0, .files = 1};
    Volume& volume = *upload.place.volume;
    auto reserved = volume.ledger().reserve(kOne, volume.limits());
    if (!reserved && give_up_partial(upload, 0)) {
        reserved = volume.ledger().reserve(kOne, volume.limits());
    }
    upload.reserved.files = reserved ? 1 : 0;
    return reserved;
}

// Of what has the name already. SIZE tells of that file, so nothing is kept of what is to replace it, or used of what
// was: nobody could know which of the two goes on.
Result<> take_name_of(UploadState& upload, const Entry& there, Right change) {
    if (there.kind == Kind::kDirectory) {
        return base::fail(Errc::kExists, "There is a folder of that name.");
    }
    // Who may store there learns that nothing was stored, and why, also where nothing can be seen: another name helps.
    if ((upload.place.rights & change) == 0) {
        return base::fail(Errc::kExists, "The name is taken.");
    }
    if (there.kind != Kind::kFile && upload.mode != Mode::kReplace) {
        return there.kind == Kind::kLink ? base::fail(Errc::kDenied, "A link is in the way.")
                                         : base::fail(Errc::kInvalid, "It is no file.");
    }
    upload.exists = true;
    upload.replace = true;
    forget_partial(upload);
    if (there.kind == Kind::kFile) {
        const bool builds = upload.mode == Mode::kAppend || upload.mode == Mode::kPatch;
        upload.credit = builds ? 0 : there.size;
        upload.permissions = there.mode;
    }
    return upload.patch_offset <= there.size
               ? Result<>()
               : base::fail(Errc::kInvalid, "The file is not that long.");
}

// What may be done depends on whether somebody has the name already.
Result<> check_rights(UploadState& upload) {
    const Right change = upload.mode == Mode::kAppend ? kAppend : kOverwrite;
    if ((upload.place.rights & (kCreate | change)) == 0) {
        return base::fail(Errc::kDenied, "Permission denied.");
    }
    auto there = upload.place.volume->stat(upload.place.path);
    if (there) {
        return take_name_of(upload, *there, change);
    }
    if (there.error().code != Errc::kNotFound) {
        return base::forward_error(there);
    }
    TRY_VOID(need(upload.place, kCreate));
    if (upload.patch_offset > 0) {
        return base::fail(Errc::kNotFound, "There is no such file or folder.");
    }
    // Another may bring the name first; then its file makes place if it could have before.
    upload.replace = (upload.place.rights & change) != 0;
    return {};
}

// The program's own umask is for its own files: here the user's counts, which is in the permissions already.
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

Result<> open_aside(UploadState& upload) {
    TRY(std::tie(upload.fd, upload.aside_name), make_aside(upload));
    return {};
}

Result<> check_announced(UploadState& upload, std::uint64_t octets) {
    TRY_VOID(claim_to(upload, octets));
    TRY(const std::uint64_t free, upload.place.volume->disk_free());
    if (octets > free) {
        return base::fail(Errc::kNoSpace, "The disk has not that much room.");
    }
    return {};
}

// Names beside `path` for STOU: "report.txt" becomes "report.txt.7".
std::string unique_path(const std::string& path, const std::string& token) {
    const SplitPath parts = split(path);
    std::string name(parts.name.empty() ? "file" : parts.name);
    name.resize(std::min(name.size(), kNameOctetsMax - token.size() - 1));
    return child(parts.parent, display_name(name) + '.' + token);
}

// A name that the file may have, in a folder that is there: before octets come in vain.
Result<> claim_name(UploadState& upload) {
    Volume& volume = *upload.place.volume;
    if (upload.mode == Mode::kUnique) {
        const std::string token = volume.aside().new_name();
        upload.place.path = unique_path(upload.place.path, token);
        upload.shown_path = unique_path(upload.shown_path, token);
        TRY_VOID(need(upload.place, kCreate));
    } else {
        TRY_VOID(check_rights(upload));
    }
    if (!upload.exists) {
        TRY_VOID(claim_entry(upload));
    }
    TRY_VOID(volume.beneath().spot(upload.place.path));
    return {};
}

// The part that a resumed upload builds on: of a kept partial, or of the file itself.
Result<> take_over(UploadState& upload, std::uint64_t octets) {
    TRY(const bool taken, take_partial(upload, octets));
    if (taken) {
        TRY_VOID(claim_to(upload, octets));
        if (::ftruncate(upload.fd.get(), static_cast<off_t>(octets)) != 0) {
            return fail_errno(errno);
        }
        upload.offset = octets;
        return {};
    }
    TRY(const auto old, upload.place.volume->open_file(upload.place.path));
    TRY(const std::uint64_t size, size_of(old.first.get()));
    if (size < octets) {
        return base::fail(Errc::kInvalid, "The file is not that long.");
    }
    TRY_VOID(claim_to(upload, octets));
    TRY_VOID(copy_octets(old.first.get(), upload.fd.get(), octets, 0));
    upload.offset = octets;
    return {};
}

}  // namespace

Result<> reserve_to(UploadState& upload, std::uint64_t end) {
    const std::uint64_t needed = end - std::min(end, upload.credit);
    if (needed <= upload.reserved.octets) {
        return {};
    }
    Volume& volume = *upload.place.volume;
    const std::uint64_t more = needed - upload.reserved.octets;
    TRY(const std::uint64_t free, volume.disk_free());
    if (more > free) {
        return base::fail(Errc::kNoSpace, "The disk is full.");
    }
    // Always some more than was asked for: who asks again for the piece behind a few octets has it then.
    const std::uint64_t rounded = (more / kReserveAtOnce + 1) * kReserveAtOnce;
    const Limits limits = volume.limits();
    const auto generous = volume.ledger().reserve({.octets = rounded, .files = 0}, limits);
    if (generous) {
        upload.reserved.octets += rounded;
        return {};
    }
    TRY_VOID(volume.ledger().reserve({.octets = more, .files = 0}, limits));
    upload.reserved.octets += more;
    return {};
}

namespace {

// For octets that are there, or announced. What does not fit is not kept: out of sight it would hold the room that is
// missing.
Result<> claim_to(UploadState& upload, std::uint64_t end) {
    auto reserved = reserve_to(upload, end);
    const std::uint64_t more = end - std::min(end, upload.credit + upload.reserved.octets);
    if (!reserved && reserved.error().code == Errc::kOverQuota && give_up_partial(upload, more)) {
        reserved = reserve_to(upload, end);
    }
    if (!reserved) {
        upload.partial_name.clear();
    }
    return reserved;
}

}  // namespace

UploadState::~UploadState() {
    if (!place.volume) {
        return;
    }
    place.volume->ledger().release(reserved);
    if (!partial_name.empty()) {
        // What came and could be written is kept.
        (void)(planned && offset > 0 ? make_planned(*this) : finish_direct(*this));
    }
    if (planned) {
        place.volume->aside().end_plan();
    }
    if (!aside_name.empty() && (offset == 0 || !keep_partial(*this))) {
        ::unlinkat(place.volume->aside().fd(), aside_name.c_str(), 0);
        place.volume->aside().retire(std::move(fd), offset);
    }
}

namespace {

// As the options want it, with nothing asked of anybody yet.
std::shared_ptr<UploadState> new_upload(Place place,
                                        std::string shown_path,
                                        const UploadOptions& options,
                                        std::shared_ptr<const Deed> deed) {
    auto upload = std::make_shared<UploadState>();
    upload->place = std::move(place);
    upload->shown_path = std::move(shown_path);
    upload->mode = options.mode;
    if (options.mode == Mode::kReplace || options.mode == Mode::kResume) {
        upload->partial_name = partial_name(upload->place, *deed);
    }
    if (options.mode == Mode::kPatch) {
        upload->patch_offset = options.offset;
        upload->patch_length = options.length;
    }
    upload->deed = std::move(deed);
    upload->permissions = options.permissions & ~kExecuteBits;
    return upload;
}

// Whether a file could have the name, as far as memory tells: its folder is there, and no folder is in its place.
// Names outside ASCII may stand there in another spelling.
bool may_have_name(const Volume& volume, const std::string& path) {
    if (!is_ascii(path)) {
        return false;
    }
    const auto there = volume.stat(path, Wait::kNever);
    return there ? there->kind != Kind::kDirectory
                 : volume.beneath()
                       .open(split(path).parent, O_PATH | O_DIRECTORY, Wait::kNever)
                       .has_value();
}

}  // namespace

std::shared_ptr<UploadState> plan_upload(const Place& place,
                                         const std::string& shown_path,
                                         const UploadOptions& options,
                                         const std::shared_ptr<const Deed>& deed) {
    Volume& volume = *place.volume;
    if (options.mode != Mode::kReplace || options.announced || options.created ||
        !may_have_name(volume, place.path)) {
        return nullptr;
    }
    constexpr Counts kMost{.octets = kEarlyOctets, .files = 1};
    const auto free = volume.disk_free();
    if (!free || *free < kMost.octets || !volume.ledger().reserve(kMost, volume.limits())) {
        return nullptr;
    }
    if (!volume.aside().begin_plan()) {
        volume.ledger().release(kMost);
        return nullptr;
    }
    auto upload = new_upload(place, shown_path, options, deed);
    upload->reserved = kMost;
    upload->planned = true;
    return upload;
}

Result<std::shared_ptr<UploadState>> begin_upload(Place place,
                                                  std::string shown_path,
                                                  const UploadOptions& options,
                                                  std::shared_ptr<const Deed> deed) {
    auto upload = new_upload(std::move(place), std::move(shown_path), options, std::move(deed));
    upload->place.volume->aside().close_retired();
    TRY_VOID(claim_name(*upload));
    TRY_VOID(open_aside(*upload));
    if (options.created) {
        // A copy without it is a copy all the same.
        (void)write_creation(upload->fd.get(), *options.created);
    }
    const std::uint64_t kept = go_on_behind_partial(*upload);
    const std::uint64_t first = options.mode == Mode::kResume ? options.offset : kept;
    if (first > 0) {
        TRY_VOID(take_over(*upload, first));
    }
    if (options.announced) {
        TRY_VOID(check_announced(*upload, upload->offset + *options.announced));
    }
    return upload;
}

// The folder is looked for when the file gets its name.
Result<> make_planned(UploadState& upload) {
    upload.place.volume->aside().close_retired();
    TRY_VOID(check_rights(upload));
    TRY_VOID(open_aside(upload));
    const std::unique_ptr<char[]> octets = std::move(upload.early);
    upload.planned = false;
    upload.place.volume->aside().end_plan();
    return write_upload(upload, {octets.get(), std::exchange(upload.offset, 0)});
}

Result<> write_upload(UploadState& upload, std::string_view octets) {
    if (upload.planned) {
        TRY_VOID(make_planned(upload));
    }
    TRY_VOID(claim_to(upload, upload.offset + octets.size()));
    while (!octets.empty()) {
        const std::size_t piece = std::min<std::size_t>(
            octets.size(), kWriteOctets - static_cast<std::size_t>(upload.offset % kWriteOctets));
        const ssize_t written =
            ::pwrite(upload.fd.get(), octets.data(), piece, static_cast<off_t>(upload.offset));
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno(errno);
        }
        upload.offset += static_cast<std::uint64_t>(written);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

namespace {

Result<> sync_octets(int fd) {
    if (::fdatasync(fd) != 0) {
        return fail_errno(errno);
    }
    return {};
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

// Rights that were taken away while octets came count.
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
    return need(now, upload.exists ? change : kCreate);
}

// Of what stands there now, which `built` was made out of: what was said of it meanwhile.
Result<> take_over_settings(const Built& built, int now_fd, const struct statx& now) {
    copy_creation(now_fd, built.fd.get());
    if (::fchmod(built.fd.get(), (now.stx_mode & kOrdinaryBits) | kOwnerBits) != 0) {
        return fail_errno(errno);
    }
    return {};
}

// No other upload gives a file its name meanwhile, though other commands do. False where another file stands there now
// than it was built of, or one that another program may have written to while it was copied for long.
Result<bool> place_built(UploadState& upload, Built& built, bool beside) {
    Volume& volume = *upload.place.volume;
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
    const std::string& name = now ? built.aside_name : upload.aside_name;
    TRY_VOID(volume.place(name, upload.place.path, upload.replace, upload.reserved));
    if (now) {
        ::unlinkat(volume.aside().fd(), upload.aside_name.c_str(), 0);
        built.aside_name.clear();
        upload.fd = std::move(built.fd);
    }
    built.old_fd = std::move(old.first);
    return true;
}

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

// Everything that makes the file appear, under its name; false where it is not wanted. What is built out of two files
// is asked about before, with its new octets synced for that alone: once built it is too late to go back.
Result<bool> appear(UploadState& upload, const std::function<bool()>& wanted) {
    Volume& volume = *upload.place.volume;
    const bool built = upload.mode == Mode::kAppend || upload.mode == Mode::kPatch;
    if (upload.mode == Mode::kPatch && upload.offset != upload.patch_length) {
        return base::fail(Errc::kInvalid, "That is not as much as the range holds.");
    }
    if (wanted || !built) {
        TRY_VOID(sync_octets(upload.fd.get()));
    }
    if (wanted && !wanted()) {
        return false;
    }
    if (built) {
        TRY_VOID(build_and_place(upload));
        return true;
    }
    TRY_VOID(check_rights_again(upload));
    const std::shared_lock together(volume.commits());
    TRY_VOID(volume.place(upload.aside_name, upload.place.path, upload.replace, upload.reserved));
    return true;
}

}  // namespace

bool adds_to_large(const UploadState& upload) {
    const auto old = upload.place.volume->stat(upload.place.path);
    return old && is_large(old->size);
}

Result<bool> commit_upload(UploadState& upload, const std::function<bool()>& wanted) {
    if (upload.planned) {
        TRY_VOID(make_planned(upload));
    }
    TRY(const bool appeared, appear(upload, wanted));
    if (!appeared) {
        return false;
    }
    upload.aside_name.clear();
    upload.fd.reset();
    forget_partial(upload);
    note_deed(
        upload.place,
        *upload.deed,
        upload.mode == Mode::kAppend ? "appended" : "stored",
        std::to_string(upload.offset) + " octets" +
            (upload.mode == Mode::kPatch ? " at " + std::to_string(upload.patch_offset) : ""));
    upload.place.volume->ledger().release(upload.reserved);
    upload.reserved = {};
    return true;
}

// The disk takes what has come while more comes: the sync at the end then waits for little.
void hand_over(UploadState& upload, base::Pool& pool) {
    // A descriptor of its own: nothing of an upload that ends meanwhile waits for this.
    auto fd = std::make_shared<UniqueFd>(::fcntl(upload.fd.get(), F_DUPFD_CLOEXEC, 0));
    pool.submit([fd, from = upload.handed_over, to = upload.offset] {
        ::sync_file_range(fd->get(),
                          static_cast<off64_t>(from),
                          static_cast<off64_t>(to - from),
                          SYNC_FILE_RANGE_WRITE);
    });
    upload.handed_over = upload.offset;
}

}  // namespace files
