#include <algorithm>
#include <array>
#include <utility>

#include "files/files.h"
#include "files/hash.h"
#include "files/listing.h"
#include "files/mounts.h"
#include "files/upload.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kBufferOctets = 256U << 10U;

struct OpenedFile {
    base::UniqueFd fd;
    Entry entry;
};

Result<Entry> stat_place(const Mounts& mounts, const std::string& path) {
    TRY(const Place place, mounts.find(path));
    TRY(Entry entry, place.volume->stat(place.path));
    entry.name = split(path).name;
    entry.rights = place.rights;
    return entry;
}

Result<OpenedFile> open_place(const Mounts& mounts, const std::string& path) {
    TRY(const Place place, mounts.find(path, kRead));
    TRY(auto opened, place.volume->open_file(place.path));
    opened.second.rights = place.rights;
    return OpenedFile{std::move(opened.first), std::move(opened.second)};
}

Result<> rename_place(const Mounts& mounts, const std::string& from, const std::string& to) {
    TRY(const Place old_place, mounts.find(from, kRename));
    TRY(const Place new_place, mounts.find(to, kCreate));
    return Volume::rename(*old_place.volume,
                          old_place.path,
                          *new_place.volume,
                          new_place.path,
                          (new_place.rights & kOverwrite) != 0);
}

Result<Usage> usage_place(const Mounts& mounts, const std::string& path) {
    TRY(const Place place, mounts.find(path));
    const Limits limits = place.volume->limits();
    const Counts used = place.volume->ledger().used();
    TRY(const std::uint64_t free, place.volume->disk_free());
    return Usage{.octets = used.octets,
                 .files = used.files,
                 .octets_limit = limits.octets,
                 .files_limit = limits.files,
                 .available = std::min(free, place.volume->ledger().left(limits))};
}

}  // namespace

Tree::Tree(std::shared_ptr<Mounts> mounts, base::Pool& pool)
    : mounts_(std::move(mounts)),
      pool_(pool),
      actor_(std::make_shared<const Actor>()) {}

Tree::~Tree() = default;

void Tree::set_actor(Actor actor) {
    actor_ = std::make_shared<const Actor>(std::move(actor));
}

base::Task<Result<Entry>> Tree::stat(base::Loop& loop, std::string path) {
    return pool_.run(
        loop, [mounts = mounts_, path = std::move(path)] { return stat_place(*mounts, path); });
}

base::Task<Result<std::unique_ptr<Listing>>> Tree::list(base::Loop& loop, std::string path) {
    CO_TRY(
        std::shared_ptr<Listing::State> state,
        co_await pool_.run(loop,
                           [mounts = mounts_,
                            path = std::move(path)]() -> Result<std::shared_ptr<Listing::State>> {
                               TRY(Place place, mounts->find(path, kList));
                               return open_listing(std::move(place));
                           }));
    co_return std::make_unique<Listing>(pool_, std::move(state));
}

base::Task<Result<std::unique_ptr<OpenFile>>> Tree::open(base::Loop& loop, std::string path) {
    CO_TRY(OpenedFile opened, co_await pool_.run(loop, [mounts = mounts_, path = std::move(path)] {
        return open_place(*mounts, path);
    }));
    co_return std::make_unique<OpenFile>(pool_, std::move(opened.fd), std::move(opened.entry));
}

base::Task<Result<std::unique_ptr<Upload>>> Tree::upload(base::Loop& loop,
                                                         std::string path,
                                                         UploadOptions options) {
    CO_TRY(std::shared_ptr<UploadState> state,
           co_await pool_.run(loop,
                              [mounts = mounts_, path = std::move(path), options]()
                                  -> Result<std::shared_ptr<UploadState>> {
                                  TRY(Place place, mounts->find(path));
                                  return begin_upload(std::move(place), path, options);
                              }));
    co_return std::make_unique<Upload>(pool_, std::move(state));
}

base::Task<Result<std::optional<std::uint64_t>>> Tree::partial(base::Loop& /*loop*/,
                                                               std::string /*path*/) {
    co_return std::optional<std::uint64_t>();
}

base::Task<Result<>> Tree::make_directory(base::Loop& loop,
                                          std::string path,
                                          unsigned permissions) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), permissions]() -> Result<> {
        TRY(const Place place, mounts->find(path, kMakeDirectory));
        return place.volume->make_directory(place.path, permissions);
    });
}

base::Task<Result<>> Tree::remove_directory(base::Loop& loop, std::string path) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path)]() -> Result<> {
        TRY(const Place place, mounts->find(path, kDelete));
        return place.volume->remove_directory(place.path);
    });
}

base::Task<Result<>> Tree::remove(base::Loop& loop, std::string path) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path)]() -> Result<> {
        TRY(const Place place, mounts->find(path, kDelete));
        return place.volume->remove(place.path);
    });
}

base::Task<Result<>> Tree::rename(base::Loop& loop, std::string from, std::string to) {
    return pool_.run(loop, [mounts = mounts_, from = std::move(from), to = std::move(to)] {
        return rename_place(*mounts, from, to);
    });
}

base::Task<Result<>> Tree::set_modified(base::Loop& loop, std::string path, base::WallTime time) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), time]() -> Result<> {
        TRY(const Place place, mounts->find(path, kOverwrite));
        return place.volume->set_modified(place.path, time);
    });
}

base::Task<Result<>> Tree::set_mode(base::Loop& loop, std::string path, unsigned mode) {
    return pool_.run(loop, [mounts = mounts_, path = std::move(path), mode]() -> Result<> {
        TRY(const Place place, mounts->find(path, kOverwrite));
        return place.volume->set_mode(place.path, mode);
    });
}

base::Task<Result<>> Tree::symlink(base::Loop& loop, std::string target, std::string path) {
    return pool_.run(
        loop, [mounts = mounts_, target = std::move(target), path = std::move(path)]() -> Result<> {
            TRY(const Place place, mounts->find(path, kCreate));
            return place.volume->make_link(target, place.path);
        });
}

base::Task<Result<>> Tree::copy(base::Loop& loop, std::string from, std::string to) {
    CO_TRY(const std::unique_ptr<OpenFile> source, co_await open(loop, std::move(from)));
    UploadOptions options;
    options.announced = source->entry().size;
    CO_TRY(const std::unique_ptr<Upload> target, co_await upload(loop, std::move(to), options));
    const auto buffer = std::make_unique<std::array<char, kBufferOctets>>();
    std::uint64_t offset = 0;
    while (true) {
        CO_TRY(const std::size_t octets, co_await source->read(loop, offset, *buffer));
        if (octets == 0) {
            break;
        }
        CO_TRY_VOID(co_await target->write(loop, {buffer->data(), octets}));
        offset += octets;
    }
    co_return co_await target->commit(loop);
}

base::Task<Result<std::string>> Tree::hash(base::Loop& loop,
                                           std::string path,
                                           HashAlgorithm algorithm,
                                           std::uint64_t first,
                                           std::uint64_t last) {
    CO_TRY(std::unique_ptr<OpenFile> file, co_await open(loop, std::move(path)));
    const auto state = std::make_shared<HashState>(algorithm, std::move(file), first);
    bool more = true;
    while (more) {
        CO_TRY(more, co_await pool_.run(loop, [state, last] { return hash_slice(*state, last); }));
    }
    co_return state->hasher.finish();
}

base::Task<Result<Usage>> Tree::usage(base::Loop& loop, std::string path) {
    return pool_.run(
        loop, [mounts = mounts_, path = std::move(path)] { return usage_place(*mounts, path); });
}

}  // namespace files
