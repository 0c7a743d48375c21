#include "files/listing.h"

#include <algorithm>
#include <utility>

#include "files/creation.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

// Long enough that the pool's round trip does not count, short enough that memory does not.
constexpr std::size_t kBatch = 1000;

// A share that cannot be opened is left out: the rest of the folder is worth seeing.
std::vector<Entry> share_entries(const Listing::State& state) {
    std::vector<Entry> entries;
    for (const std::string& name : state.shares) {
        const auto place = state.mounts->find(child("/", name));
        auto entry = place ? place->volume->stat("/") : Result<Entry>(tl::unexpect, place.error());
        if (entry) {
            entry->name = name;
            entry->rights = place->rights;
            entry->top = true;
            if (state.creation == Creation::kAsSet) {
                tell_creation(*place, *entry);
            }
            entries.push_back(std::move(*entry));
        }
    }
    return entries;
}

Result<> add_entry(const Listing::State& state, const char* on_disk, std::vector<Entry>& entries) {
    auto entry = state.place.volume->entry_in(state.directory.fd(), on_disk);
    if (!entry) {
        return entry.error().code == Errc::kNotFound ? Result<>() : base::forward_error(entry);
    }
    if (std::find(state.shares.begin(), state.shares.end(), entry->name) != state.shares.end()) {
        return {};
    }
    if (state.creation == Creation::kAsSet) {
        tell_creation(state.directory.fd(), on_disk, *entry);
    }
    entry->rights = state.place.volume->rights_of(
        *entry, state.mounts->rights_beneath(state.place, entry->name));
    entries.push_back(std::move(*entry));
    return {};
}

Result<std::vector<Entry>> next_batch(Listing::State& state) {
    std::vector<Entry> entries;
    if (!state.shares_listed) {
        state.shares_listed = true;
        entries = share_entries(state);
    }
    entries.reserve(kBatch);
    while (entries.size() < kBatch) {
        TRY(const char* name, state.directory.next());
        if (name == nullptr) {
            break;
        }
        TRY_VOID(add_entry(state, name, entries));
    }
    return entries;
}

}  // namespace

Result<std::shared_ptr<Listing::State>> open_listing(std::shared_ptr<const Mounts> mounts,
                                                     std::string_view path,
                                                     Creation creation) {
    TRY(Place place, mounts->find(path, kList, Mounts::LastLink::kFollow));
    TRY(base::UniqueFd fd, place.volume->open_directory(place.path));
    TRY(Directory directory, Directory::of(std::move(fd)));
    TRY(std::vector<std::string> shares, mounts->shares_in(path));
    return std::make_shared<Listing::State>(Listing::State{.mounts = std::move(mounts),
                                                           .place = std::move(place),
                                                           .creation = creation,
                                                           .directory = std::move(directory),
                                                           .shares = std::move(shares),
                                                           .shares_listed = false});
}

base::Task<> Listing::read(base::Pool& pool,
                           base::Loop& loop,
                           std::shared_ptr<State> state,
                           std::function<void(Batch)> giver) {
    giver(co_await pool.run(loop, [state] { return next_batch(*state); }));
}

void Listing::read_ahead(base::Loop& loop) {
    ahead_ = std::make_unique<Ahead>(loop);
    ahead_->reading = read(pool_, loop, state_, ahead_->batch.giver());
    ahead_->reading->start();
}

base::Task<Result<std::vector<Entry>>> Listing::next(base::Loop& loop) {
    if (!ahead_) {
        read_ahead(loop);
    }
    Batch batch = co_await ahead_->batch;
    if (batch && !batch->empty()) {
        read_ahead(loop);
    } else {
        ahead_.reset();
    }
    co_return batch;
}

}  // namespace files
