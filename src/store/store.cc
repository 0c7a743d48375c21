#include "store/store.h"

#include <algorithm>
#include <cstring>
#include <future>

#include "base/base64.h"

namespace store {

std::string BlobId::octets() const {
    std::string out(sha256.size(), '\0');
    std::transform(sha256.begin(), sha256.end(), out.begin(), [](unsigned char octet) {
        return static_cast<char>(octet);
    });
    return out;
}

std::optional<BlobId> BlobId::from_octets(std::string_view octets) {
    BlobId id;
    if (octets.size() != id.sha256.size()) {
        return std::nullopt;
    }
    std::memcpy(id.sha256.data(), octets.data(), id.sha256.size());
    return id;
}

std::string BlobId::hex() const {
    return base::hex_encode(octets());
}

base::Task<base::Result<>> Store::change(base::Loop& loop, Change change) {
    base::Handover<base::Result<>> outcome(loop);
    submit(std::move(change), outcome.giver());
    co_return co_await outcome;
}

base::Result<> Store::change_and_wait(Change change) {
    // Shared: the store's thread may still be inside set_value() when the waiting one goes on.
    auto outcome = std::make_shared<std::promise<base::Result<>>>();
    auto future = outcome->get_future();
    submit(std::move(change),
           [outcome](base::Result<> result) { outcome->set_value(std::move(result)); });
    return future.get();
}

void Store::observe(std::weak_ptr<CommitObserver> observer) {
    const std::lock_guard lock(observers_mutex_);
    std::erase_if(observers_, [](const auto& other) { return other.expired(); });
    observers_.push_back(std::move(observer));
}

void Store::tell_observers(std::span<const Write> writes) {
    std::vector<std::shared_ptr<CommitObserver>> observers;
    {
        const std::lock_guard lock(observers_mutex_);
        for (const auto& observer : observers_) {
            if (auto alive = observer.lock()) {
                observers.push_back(std::move(alive));
            }
        }
    }
    for (const auto& observer : observers) {
        observer->on_commit(writes);
    }
}

}  // namespace store
