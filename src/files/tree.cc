#include <algorithm>
#include <array>
#include <utility>

#include "files/creation.h"
#include "files/deed.h"
#include "files/files.h"
#include "files/hash.h"
#include "files/listing.h"
#include "files/mounts.h"
#include "files/open_file.h"
#include "files/upload_partial.h"
#include "files/upload_state.h"

namespace files {
namespace {

using base::Errc;
using base::Result;
using LastLink = Mounts::LastLink;

constexpr std::size_t kBufferOctets = 256U << 10U;

Result<Entry> stat_place(const Place& place, const std::string& path, Wait wait) {
    auto found = place.volume->stat(place.path, wait);
    // What somebody may only drop somewhere stays out of sight, and so does what is not there: the same is said of both.
    // Folders do not, since one goes into them to drop something.
    const bool blind = (place.rights & (kList | kRead)) == 0;
    if (blind && (!found || found->kind != Kind::kDirectory)) {
        return base::fail(Errc::kDenied, "Permission denied.");
    }
    TRY(Entry entry, std::move(found));
    entry.name = split(path).name;
    entry.rights = place.volume->rights_of(entry, place.entry_rights());
    entry.top = place.path == "/";
    return entry;
}

Result<std::shared_ptr<OpenFile::State>> open_place(std::shared_ptr<const Mounts> mounts,
                                                    Place place,
                                                    const std::string& path,
                                                    std::shared_ptr<const Deed> by,
                                                    Wait wait) {
    TRY(auto opened, place.volume->open_file(place.path, wait));
    opened.second.name = split(path).name;
    opened.second.rights = place.rights;
    return std::make_shared<OpenFile::State>(OpenFile::State{.fd = std::move(opened.first),
                                                             .entry = std::move(opened.second),
                                                             .place = std::move(place),
                                                             .mounts = std::move(mounts),
                                                             .deed = std::move(by)});
}

// A folder takes along what lies in it, so nothing in it, nor where it goes, may have rights of its own; nor may it
// itself, for grants go by names, and under another one it would be anybody's who may see the folder that it is in.
Result<> check_grants(const Place& place, bool itself) {
    if (itself && place.share != nullptr && has_grants_within(*place.share, place.shown_path()) &&
        !has_grants_beneath(*place.share, place.shown_path())) {
        return base::fail(Errc::kDenied, "It has rights of its own.");
    }
    if (place.share != nullptr && has_grants_beneath(*place.share, place.shown_path())) {
        return base::fail(Errc::kDenied, "What lies beneath has rights of its own.");
    }
    return {};
}

// What may have another name.
Result<Place> find_movable(const Mounts& mounts, const std::string& path) {
    TRY(Place place, mounts.find(path, kRename, LastLink::kKeep));
    if (place.path == "/") {
        return base::fail(Errc::kDenied, "That folder cannot be changed.");
    }
    TRY_VOID(check_grants(place, true));
    return place;
}

// Another name stands for fetching, storing and removing where it leads out of the tree, or to where one may do more.
Result<> check_gain(const Place& from, const Place& to) {
    constexpr Rights kToTakeAway = kRead | kDelete;
    const bool stays = from.volume == to.volume && (to.rights & ~from.rights) == 0;
    return stays || (from.rights & kToTakeAway) == kToTakeAway
               ? Result<>()
               : base::fail(Errc::kDenied, "Permission denied.");
}

// What lies in a folder goes along, and must be in reach of a path there too, by whichever links the user says it.
Result<> check_room(const Place& old_place, const Place& new_place, std::size_t shown_octets) {
    const std::size_t above = std::max(shown_octets, new_place.path.size());
    if (above <= old_place.path.size()) {
        return {};
    }
    TRY(const Entry entry, old_place.volume->stat(old_place.path));
    if (entry.kind != Kind::kDirectory) {
        return {};
    }
    return old_place.volume->expect_room(old_place.path,
                                         kPathOctetsMax - std::min(above, kPathOctetsMax));
}

Result<> rename_place(const Mounts& mounts,
                      const std::string& from,
                      const std::string& to,
                      const Deed& deed) {
    TRY(const Place old_place, find_movable(mounts, from));
    TRY(const Place new_place, mounts.find(to, kCreate, LastLink::kKeep));
    TRY_VOID(check_grants(new_place, false));
    TRY_VOID(check_gain(old_place, new_place));
    TRY_VOID(check_room(old_place, new_place, to.size()));
    TRY_VOID(Volume::rename(*old_place.volume,
                            old_place.path,
                            *new_place.volume,
                            new_place.path,
                            (new_place.rights & kOverwrite) != 0));
    note_deed(old_place, deed, "renamed", "to " + to);
    note_deed(new_place, deed, "renamed", "from " + from);
    return {};
}

tl::unexpected<base::Error> give_up() {
    return base::fail(Errc::kUnavailable, "It was given up before its end.");
}

// A right that was taken away ends what it began.
Result<> expect_right(const OpenFile& file) {
    return file.may_be_read() ? Result<>() : base::fail(Errc::kDenied, "Permission denied.");
}

Result<Usage> usage_place(const Mounts& mounts, const std::string& path) {
    TRY(const Place place, mounts.find(path));
    const Limits limits = place.volume->limits();
    const Counts used = place.volume->ledger().used();
    const Counts held = place.volume->ledger().held();
    TRY(const std::uint64_t free, place.volume->disk_free());
    return Usage{.octets = used.octets + held.octets,
                 .files = used.files + held.files,
                 .octets_limit = limits.octets,
                 .files_limit = limits.files,
                 .available = std::min(free, place.volume->ledger().left(limits))};
}

}  // namespace

void note_deed(const Place& place, const Deed& deed, std::string_view kind, std::string_view what) {
    TraceEvent event{.time = deed.clock->now(),
                     .kind = std::string(kind),
                     .session = deed.session,
                     .text = std::string(what)};
    event.text += event.text.empty() ? "by " : ", by ";
    event.text += deed.who;
    place.volume->note(place.shown_path(), std::move(event));
}

Tree::Tree(std::shared_ptr<const Mounts> mounts, base::Pool& pool, std::string name)
    : mounts_(std::move(mounts)),
      pool_(pool),
      name_(std::move(name)) {}

// Who leaves leaves nothing half told.
Tree::~Tree() {
    mounts_->volumes().flush();
}

bool Tree::may_stay() const {
    return mounts_->may_stay();
}

std::shared_ptr<const Deed> Tree::deed() const {
    const std::string who = name_.empty() ? "an anonymous user" : name_;
    return std::make_shared<const Deed>(
        Deed{.clock = &mounts_->volumes().clock(),
             .user = mounts_->viewer_id(),
             .session = actor_.session,
             .who = actor_.peer.empty() ? who : who + " from " + actor_.peer});
}

base::Task<Result<Entry>> Tree::stat(base::Loop& loop, std::string path, Creation creation) {
    const bool as_set = creation == Creation::kAsSet;
    // What the kernel has in memory is answered here: the pool would take longer to be woken.
    if (const auto own = as_set ? std::nullopt : mounts_->own(path)) {
        auto entry = stat_place(*own, path, Wait::kNever);
        if (entry) {
            co_return entry;
        }
    }
    co_return co_await pool_.run(
        loop, [mounts = mounts_, path = std::move(path), as_set]() -> Result<Entry> {
            TRY(const Place place, mounts->find(path));
            TRY(Entry entry, stat_place(place, path, Wait::kForDisk));
            if (as_set) {
                tell_creation(place, entry);
            }
            return entry;
        });
}

base::Task<Result<std::unique_ptr<Listing>>> Tree::list(base::Loop& loop,
                                                        std::string path,
                                                        Creation creation) {
    CO_TRY(std::shared_ptr<Listing::State> state,
           co_await pool_.run(loop, [mounts = mounts_, path = std::move(path), creation] {
               return open_listing(mounts, path, creation);
           }));
    co_return std::make_unique<Listing>(pool_, std::move(state));
}

base::Task<Result<std::unique_ptr<OpenFile>>> Tree::open(base::Loop& loop, std::string path) {
    if (auto own = mounts_->own(path)) {
        auto opened = open_place(mounts_, std::move(*own), path, deed(), Wait::kNever);
        if (opened) {
            co_return std::make_unique<OpenFile>(pool_, std::move(*opened));
        }
    }
    CO_TRY(std::shared_ptr<OpenFile::State> state,
           co_await pool_.run(loop,
                              [mounts = mounts_, path = std::move(path), by = deed()]()
                                  -> Result<std::shared_ptr<OpenFile::State>> {
                                  TRY(Place place, mounts->find(path, kRead, LastLink::kFollow));
                                  return open_place(
                                      mounts, std::move(place), path, by, Wait::kForDisk);
                              }));
    co_return std::make_unique<OpenFile>(pool_, std::move(state));
}

namespace {

// A link makes place for a file that comes whole; what a file grows by goes to where the link leads.
Result<std::shared_ptr<UploadState>> begin_at(const std::shared_ptr<const Mounts>& mounts,
                                              const std::string& path,
                                              const UploadOptions& options,
                                              const std::shared_ptr<const Deed>& by) {
    using Mode = UploadOptions::Mode;
    const bool whole = options.mode == Mode::kReplace || options.mode == Mode::kUnique;
    const LastLink link = whole ? LastLink::kKeep : LastLink::kFollow;
    TRY(Place place, mounts->find(path, link));
    const bool shared = place.share != nullptr;
    TRY(auto begun, begin_upload(std::move(place), path, options, by));
    if (shared) {
        begun->find_again = [mounts, at = begun->shown_path, link] {
            return mounts->find(at, link);
        };
    }
    return begun;
}

}  // namespace

base::Task<Result<std::unique_ptr<Upload>>> Tree::upload(base::Loop& loop,
                                                         std::string path,
                                                         UploadOptions options) {
    const std::shared_ptr<const Deed> by = deed();
    if (const auto own = mounts_->own(path)) {
        if (auto planned = plan_upload(*own, path, options, by)) {
            co_return std::make_unique<Upload>(pool_, std::move(planned));
        }
    }
    CO_TRY(std::shared_ptr<UploadState> state,
           co_await pool_.run(loop, [mounts = mounts_, path = std::move(path), options, by] {
               return begin_at(mounts, path, options, by);
           }));
    co_return std::make_unique<Upload>(pool_, std::move(state));
}

base::Task<Result<std::optional<std::uint64_t>>> Tree::partial(base::Loop& loop, std::string path) {
    return pool_.run(loop,
                     [mounts = mounts_,
                      path = std::move(path),
                      by = deed()]() -> Result<std::optional<std::uint64_t>> {
                         TRY(const Place place, mounts->find(path, kCreate, LastLink::kKeep));
                         const std::string name = partial_name(place, *by);
                         return name.empty()
                                    ? std::nullopt
                                    : place.volume->partials().size(place.volume->aside(), name);
                     });
}

base::Task<Result<>> Tree::forget_partial(base::Loop& loop, std::string path) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), by = deed()]() -> Result<> {
        TRY(const Place place, mounts->find(path, kCreate, LastLink::kKeep));
        const std::string name = partial_name(place, *by);
        Volume& volume = *place.volume;
        const Counts kept =
            name.empty() ? Counts() : volume.partials().forget(volume.aside(), name);
        volume.ledger().let_go(kept);
        return kept.files == 0 ? base::fail(Errc::kNotFound, "There is no such file or folder.")
                               : Result<>();
    });
}

template <class F>
base::Task<Result<>> Tree::change(base::Loop& loop, F function) {
    const std::shared_ptr<const Mounts> mounts = mounts_;
    auto changed = co_await pool_.run(loop, std::move(function));
    mounts->volumes().send_in_time(loop);
    co_return changed;
}

base::Task<Result<>> Tree::make_directory(base::Loop& loop,
                                          std::string path,
                                          unsigned permissions) {
    return change(
        loop, [mounts = mounts_, path = std::move(path), permissions, by = deed()]() -> Result<> {
            TRY(const Place place, mounts->find(path, kMakeDirectory, LastLink::kKeep));
            TRY_VOID(place.volume->make_directory(place.path, permissions));
            note_deed(place, *by, "made", "a folder");
            return {};
        });
}

base::Task<Result<>> Tree::remove_directory(base::Loop& loop, std::string path) {
    return change(loop, [mounts = mounts_, path = std::move(path), by = deed()]() -> Result<> {
        TRY(const Place place, mounts->find(path, kDelete, LastLink::kKeep));
        TRY_VOID(place.volume->remove_directory(place.path));
        place.volume->forget_partials_in(place.shown_path());
        note_deed(place, *by, "removed", "a folder");
        return {};
    });
}

base::Task<Result<>> Tree::remove(base::Loop& loop, std::string path, std::optional<Entry> only) {
    return change(loop,
                  [mounts = mounts_, path = std::move(path), only = std::move(only), by = deed()]()
                      -> Result<> {
                      TRY(const Place place, mounts->find(path, kDelete, LastLink::kKeep));
                      TRY_VOID(place.volume->remove(place.path, only));
                      note_deed(place, *by, "removed", "");
                      return {};
                  });
}

base::Task<Result<>> Tree::check_rename(base::Loop& loop, std::string from) {
    return pool_.run(loop, [mounts = mounts_, from = std::move(from)]() -> Result<> {
        TRY(const Place place, find_movable(*mounts, from));
        const auto there = stat_place(place, from, Wait::kForDisk);
        return there ? Result<>() : Result<>(tl::unexpect, there.error());
    });
}

base::Task<Result<>> Tree::rename(base::Loop& loop, std::string from, std::string to) {
    return change(loop,
                  [mounts = mounts_, from = std::move(from), to = std::move(to), by = deed()] {
                      return rename_place(*mounts, from, to, *by);
                  });
}

base::Task<Result<>> Tree::set_modified(base::Loop& loop, std::string path, base::WallTime time) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), time]() -> Result<> {
        TRY(const Place place, mounts->find(path, kOverwrite, LastLink::kFollow));
        return place.volume->set_modified(place.path, time);
    });
}

base::Task<Result<>> Tree::set_created(base::Loop& loop, std::string path, base::WallTime time) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), time]() -> Result<> {
        TRY(const Place place, mounts->find(path, kOverwrite, LastLink::kFollow));
        return place.volume->set_created(place.path, time);
    });
}

base::Task<Result<>> Tree::set_mode(base::Loop& loop, std::string path, unsigned mode) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), mode]() -> Result<> {
        TRY(const Place place, mounts->find(path, kOverwrite, LastLink::kFollow));
        return place.volume->set_mode(place.path, mode);
    });
}

base::Task<Result<>> Tree::symlink(base::Loop& loop, std::string target, std::string path) {
    return change(loop,
                  [mounts = mounts_,
                   target = std::move(target),
                   path = std::move(path),
                   by = deed()]() -> Result<> {
                      TRY(const Place place, mounts->find(path, kCreate, LastLink::kKeep));
                      TRY_VOID(place.volume->make_link(target, place.path));
                      note_deed(place, *by, "made", "a link to " + target);
                      return {};
                  });
}

base::Task<Result<>> Tree::copy(base::Loop& loop,
                                std::string from,
                                std::string to,
                                std::function<bool()> wanted) {
    CO_TRY(const std::unique_ptr<OpenFile> source, co_await open(loop, std::move(from)));
    UploadOptions options;
    options.resumable = false;
    options.announced = source->entry().size;
    options.created = co_await source->created(loop);
    CO_TRY(const std::unique_ptr<Upload> target, co_await upload(loop, std::move(to), options));
    const auto buffer = std::make_unique<std::array<char, kBufferOctets>>();
    std::uint64_t offset = 0;
    while (true) {
        CO_TRY(const std::size_t octets, co_await source->read(loop, offset, *buffer));
        if (octets == 0) {
            break;
        }
        if (offset > 0 && wanted && !wanted()) {
            co_return give_up();
        }
        CO_TRY_VOID(expect_right(*source));
        CO_TRY_VOID(co_await target->write(loop, {buffer->data(), octets}));
        offset += octets;
    }
    co_return co_await target->commit(loop);
}

base::Task<Result<std::string>> Tree::hash(base::Loop& loop,
                                           std::string path,
                                           HashAlgorithm algorithm,
                                           HashRange range,
                                           std::function<bool()> wanted) {
    CO_TRY(std::unique_ptr<OpenFile> file, co_await open(loop, std::move(path)));
    if (range.first != 0 && range.first >= file->entry().size) {
        co_return base::fail(Errc::kInvalid, "The file is not that long.");
    }
    const auto state = std::make_shared<HashState>(algorithm, std::move(file), range.first);
    bool more = true;
    while (more) {
        CO_TRY(more, co_await pool_.run(loop, [state, last = range.last] {
            return hash_slice(*state, last);
        }));
        if (more && wanted && !wanted()) {
            co_return give_up();
        }
        CO_TRY_VOID(expect_right(*state->file));
    }
    co_return state->hasher.finish();
}

base::Task<Result<Usage>> Tree::usage(base::Loop& loop, std::string path) {
    return pool_.run(
        loop, [mounts = mounts_, path = std::move(path)] { return usage_place(*mounts, path); });
}

}  // namespace files
