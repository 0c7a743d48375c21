#include "files/upload_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "files/creation.h"
#include "files/upload_build.h"
#include "files/upload_partial.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using base::UniqueFd;
using Mode = UploadOptions::Mode;

// Quota is taken in pieces, so that small writes do not ask each time.
constexpr std::uint64_t kReserveAtOnce = 1U << 20U;
constexpr unsigned kExecuteBits = 0111;
// As in net/file_pump.cc: pieces of the page cache that the kernel has at hand.
constexpr std::size_t kWriteOctets = std::size_t{32} * 1024;

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
    if (!partial_name.empty() && resumable) {
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
    upload->resumable = options.resumable;
    if (options.mode == Mode::kReplace || options.mode == Mode::kResume || !options.resumable) {
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
    const std::uint64_t kept = options.resumable ? go_on_behind_partial(*upload) : 0;
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
