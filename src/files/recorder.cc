#include "files/recorder.h"

#include <utility>

#include "files/records.h"

namespace files {
namespace {

// Past so many events on their way the store is in trouble, and events are what can be spared.
constexpr std::size_t kNotesMax = 10'000;

}  // namespace

void Recorder::book(const std::string& volume,
                    Delta delta,
                    std::shared_ptr<const void> keep_alive) {
    {
        const std::lock_guard lock(mutex_);
        Delta& sum = gathering_.deltas[volume];
        sum.octets += delta.octets;
        sum.files += delta.files;
        if (gathering_.alive.empty() || gathering_.alive.back() != keep_alive) {
            gathering_.alive.push_back(std::move(keep_alive));
        }
    }
    send_if_idle();
}

void Recorder::set(const std::string& volume, Counts counts) {
    store_.submit(
        [volume, counts, shares = shares_quota_](store::Transaction& change) -> base::Result<> {
            store_counts(change, volume, counts, shares);
            return {};
        },
        [](const base::Result<>& /*done*/) {});
}

void Recorder::note(std::string volume, std::string path, TraceEvent event) {
    {
        const std::lock_guard lock(mutex_);
        if (gathering_.notes.size() >= kNotesMax) {
            return;
        }
        gathering_.notes.push_back({std::move(volume), std::move(path), std::move(event)});
    }
    send_if_idle();
}

void Recorder::send_if_idle() {
    std::shared_ptr<Batch> batch;
    {
        const std::lock_guard lock(mutex_);
        if (busy_ || (gathering_.deltas.empty() && gathering_.notes.empty())) {
            return;
        }
        busy_ = true;
        batch = std::make_shared<Batch>(std::exchange(gathering_, Batch()));
    }
    store_.submit(
        [batch, shares = shares_quota_](store::Transaction& change) {
            return apply_to(change, *batch, shares);
        },
        [self = shared_from_this(), batch](const base::Result<>& /*done*/) { self->finished(); });
}

void Recorder::finished() {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
    }
    send_if_idle();
}

base::Result<> Recorder::apply_to(store::Transaction& change,
                                  const Batch& batch,
                                  bool shares_quota) {
    for (const auto& [volume, delta] : batch.deltas) {
        TRY(const auto counts, load_counts(change, volume));
        // Never counted: whoever opens the volume next counts it whole.
        if (counts) {
            store_counts(change, volume, apply(*counts, delta), shares_quota);
        }
    }
    for (const Note& note : batch.notes) {
        TRY_VOID(add_trace_once(change, note.volume, note.path, note.event));
    }
    return {};
}

}  // namespace files
