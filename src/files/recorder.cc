#include "files/recorder.h"

#include <utility>

#include "files/records.h"

namespace files {
namespace {

// Past so many events on their way the store is in trouble, and events are what can be spared.
constexpr std::size_t kNotesMax = 10'000;
// So many are worth a change of their own.
constexpr std::size_t kNotesAtOnce = 256;
constexpr auto kNotesPause = std::chrono::seconds(1);
constexpr auto kDeltasPause = std::chrono::milliseconds(100);

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
        ++gathering_.last;
    }
    send_if_due();
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
        ++gathering_.last;
    }
    send_if_due();
}

void Recorder::send_in_time(base::Loop& loop) {
    base::SteadyTime when;
    {
        const std::lock_guard lock(mutex_);
        if (armed_ || gathering_.deltas.empty()) {
            return;
        }
        armed_ = true;
        when = next_deltas_at_;
    }
    loop.call_at(when, [self = shared_from_this()] {
        {
            const std::lock_guard lock(self->mutex_);
            self->armed_ = false;
        }
        self->send_if_due();
    });
}

void Recorder::flush() {
    {
        const std::lock_guard lock(mutex_);
        hurry_ = !gathering_.notes.empty() || !gathering_.deltas.empty();
    }
    send_if_due();
}

void Recorder::close() {
    {
        const std::lock_guard lock(mutex_);
        gathering_.closes = true;
        hurry_ = true;
    }
    send_if_due();
}

void Recorder::settle() {
    flush();
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [this, last = gathering_.last] { return written_ >= last; });
}

bool Recorder::is_due() const {
    const base::SteadyTime now = clock_.steady();
    return (!gathering_.deltas.empty() && now >= next_deltas_at_) ||
           gathering_.notes.size() >= kNotesAtOnce || hurry_ ||
           (!gathering_.notes.empty() && now >= next_notes_at_);
}

void Recorder::send_if_due() {
    std::shared_ptr<Batch> batch;
    {
        const std::lock_guard lock(mutex_);
        if (busy_ || !is_due()) {
            return;
        }
        busy_ = true;
        hurry_ = false;
        const base::SteadyTime now = clock_.steady();
        next_deltas_at_ = now + kDeltasPause;
        next_notes_at_ = now + kNotesPause;
        batch = std::make_shared<Batch>(std::exchange(gathering_, Batch{.last = gathering_.last}));
    }
    store_.submit([batch, shares = shares_quota_](
                      store::Transaction& change) { return apply_to(change, *batch, shares); },
                  [self = shared_from_this(), batch](const base::Result<>& /*done*/) {
                      self->finished(batch->last);
                  });
}

void Recorder::finished(std::uint64_t last) {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
        written_ = last;
    }
    settled_.notify_all();
    send_if_due();
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
    if (batch.closes) {
        mark_closed(change);
    }
    return {};
}

}  // namespace files
