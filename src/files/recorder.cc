#include "files/recorder.h"

#include <algorithm>
#include <iterator>
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
// Behind a refusal: a full disk does not get free sooner because somebody asks.
constexpr auto kRefusedPause = std::chrono::seconds(10);

}  // namespace

void Recorder::book(const std::string& volume,
                    Delta delta,
                    std::shared_ptr<const void> keep_alive) {
    {
        const std::lock_guard lock(mutex_);
        Delta& sum = gathering_.deltas[volume];
        sum.octets += delta.octets;
        sum.files += delta.files;
        gathering_.alive.insert(std::move(keep_alive));
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
        when = std::max(next_deltas_at_, not_before_);
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

void Recorder::close(bool right) {
    {
        const std::lock_guard lock(mutex_);
        gathering_.closes = right;
        ended_ = true;
        hurry_ = true;
    }
    send_if_due();
}

void Recorder::settle() {
    flush();
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [this, last = gathering_.last] { return tried_ >= last; });
}

bool Recorder::is_due() const {
    const base::SteadyTime now = clock_.steady();
    if (hurry_ || now < not_before_) {
        return hurry_;
    }
    return (!gathering_.deltas.empty() && now >= next_deltas_at_) ||
           gathering_.notes.size() >= kNotesAtOnce ||
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
                  [self = shared_from_this(), batch](const base::Result<>& done) {
                      self->finished(*batch, done.has_value());
                  });
}

void Recorder::finished(Batch& batch, bool written) {
    {
        const std::lock_guard lock(mutex_);
        busy_ = false;
        tried_ = batch.last;
        if (!written && ended_) {
            gathering_.closes = false;  // the next start counts anew
        } else if (!written) {
            take_back(batch);
            not_before_ = clock_.steady() + kRefusedPause;
        }
    }
    settled_.notify_all();
    send_if_due();
}

// What happened to the trees has happened, whatever the store says.
void Recorder::take_back(Batch& batch) {
    for (const auto& [volume, delta] : batch.deltas) {
        Delta& sum = gathering_.deltas[volume];
        sum.octets += delta.octets;
        sum.files += delta.files;
    }
    gathering_.alive.merge(batch.alive);
    if (batch.notes.size() + gathering_.notes.size() <= kNotesMax) {
        std::move(
            gathering_.notes.begin(), gathering_.notes.end(), std::back_inserter(batch.notes));
        gathering_.notes = std::move(batch.notes);
    }
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
