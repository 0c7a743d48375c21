#include "files/listing.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

// Long enough that the pool's round trip does not count, short enough that memory does not.
constexpr std::size_t kBatch = 1000;

Result<std::vector<Entry>> next_batch(Listing::State& state) {
    std::vector<Entry> entries;
    entries.reserve(kBatch);
    while (entries.size() < kBatch) {
        TRY(const char* name, state.directory.next());
        if (name == nullptr) {
            break;
        }
        auto entry = state.place.volume->entry_in(state.directory.fd(), name);
        if (entry) {
            entry->rights = state.place.rights;
            entries.push_back(std::move(*entry));
        } else if (entry.error().code != Errc::kNotFound) {
            return base::forward_error(entry);
        }
    }
    return entries;
}

}  // namespace

Result<std::shared_ptr<Listing::State>> open_listing(Place place) {
    TRY(base::UniqueFd fd, place.volume->open_directory(place.path));
    TRY(Directory directory, Directory::of(std::move(fd)));
    return std::make_shared<Listing::State>(
        Listing::State{.directory = std::move(directory), .place = std::move(place)});
}

base::Task<Result<std::vector<Entry>>> Listing::next(base::Loop& loop) {
    return pool_.run(loop, [state = state_] { return next_batch(*state); });
}

}  // namespace files
