#include "store/committer.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

// A group ends here even when more is waiting: what it stages is in memory twice.
constexpr std::uint64_t kGroupOctetsMax = std::uint64_t{8} << 20;
constexpr std::size_t kGroupChangesMax = 4096;
// The index is flushed at least every so many segments: a start replays no more than these.
constexpr std::uint64_t kSegmentsUnflushedMax = 4;
// How long what nobody waits for waits for company.
constexpr std::chrono::milliseconds kLaziness{100};

}  // namespace

Committer::Committer(
    Options options, Journal& journal, RocksIndex& index, Ballast ballast, LiveOctets live)
    : options_(std::move(options)),
      journal_(journal),
      index_(index),
      ballast_(std::move(ballast)),
      live_(std::move(live)),
      segments_(journal.segments()) {
    for (const auto& [segment, octets] : live_) {
        live_octets_ += octets;
    }
    if (journal_.current() != nullptr) {
        flushed_segment_ = journal_.current()->number();
    }
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), "store");
}

Committer::~Committer() {
    {
        const std::lock_guard lock(queue_mutex_);
        stopping_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

void Committer::submit(Change change, std::function<void(Result<>)> done) {
    ++waiting_;
    push(ChangeItem{std::move(change), std::move(done)});
}

void Committer::submit_lazily(Change change, std::function<void(Result<>)> done) {
    ++waiting_;
    bool is_first = false;
    {
        const std::lock_guard lock(queue_mutex_);
        is_first = lazy_.empty();
        lazy_.push_back(ChangeItem{std::move(change), std::move(done)});
    }
    if (is_first) {
        arrived_.notify_one();
    }
}

void Committer::append_extent(std::shared_ptr<const std::string> octets,
                              std::uint32_t crc,
                              std::function<void(Result<PinnedExtent>)> done) {
    push(ExtentItem{std::move(octets), crc, std::move(done)});
}

void Committer::run_and_wait(const std::function<void(Inside&)>& task) {
    CHECK(std::this_thread::get_id() != thread_.get_id());
    // Shared: this thread may go on while the other is still inside set_value().
    auto finished = std::make_shared<std::promise<void>>();
    push(TaskItem([this, &task, finished] {
        Inside inside{journal_, index_, live_};
        task(inside);
        publish();
        finished->set_value();
    }));
    finished->get_future().wait();
}

Result<> Committer::flush_index() {
    return index_.flush();
}

void Committer::push(Item item) {
    {
        const std::lock_guard lock(queue_mutex_);
        queue_.push_back(std::move(item));
    }
    arrived_.notify_one();
}

View Committer::view() const {
    const std::lock_guard lock(view_mutex_);
    return {index_.snapshot(), segments_};
}

StoreStatistics Committer::statistics() const {
    StoreStatistics statistics;
    statistics.commits = commits_;
    statistics.changes_waiting = waiting_;
    statistics.groups = groups_;
    statistics.octets_written = octets_written_;
    statistics.blob_octets_live = live_octets_;
    std::uint64_t octets = 0;
    const std::lock_guard lock(view_mutex_);
    for (const auto& [number, segment] : *segments_) {
        octets += segment->end() - kSegmentHeaderOctets;
    }
    statistics.blob_octets_garbage = octets - std::min(octets, statistics.blob_octets_live);
    return statistics;
}

void Committer::run() {
    while (take()) {
        while (!taken_.empty()) {
            commit_group();
        }
    }
}

// Waits for items; false when the store closes and none is left.
bool Committer::take() {
    std::unique_lock lock(queue_mutex_);
    const auto is_urgent = [this] { return !queue_.empty() || stopping_; };
    arrived_.wait(lock, [&] { return is_urgent() || !lazy_.empty(); });
    arrived_.wait_for(lock, kLaziness, is_urgent);
    taken_.swap(queue_);
    std::move(lazy_.begin(), lazy_.end(), std::back_inserter(taken_));
    lazy_.clear();
    return !taken_.empty();
}

// Takes items up to a task or the group's bounds, and makes them one group.
void Committer::commit_group() {
    if (auto* const task = std::get_if<TaskItem>(&taken_.front())) {
        (*task)();
        taken_.pop_front();
        return;
    }
    std::vector<Outcome> group;
    auto space = prepare();
    DiskTransaction transaction(
        index_.latest(), journal_, options_.pool, space && *space == Space::kBlobs);
    while (!taken_.empty() && group.size() < kGroupChangesMax &&
           journal_.staged_octets() + transaction.octets_written() < kGroupOctetsMax &&
           !std::holds_alternative<TaskItem>(taken_.front())) {
        Outcome outcome{std::move(taken_.front()), {}, {}};
        taken_.pop_front();
        waiting_ -= std::holds_alternative<ChangeItem>(outcome.item) ? 1 : 0;
        if (space) {
            stage(outcome, transaction, *space);
        }
        group.push_back(std::move(outcome));
    }
    Result<> written;
    if (space) {
        written = write(transaction, *space);
    } else {
        written = base::forward_error(space);
    }
    report(group, written);
}

// Gets ready for a group. kNoSpace when there is room for nothing.
Result<Committer::Space> Committer::prepare() {
    if (index_failed_) {
        return base::fail(Errc::kIo, "the index could not be written; restart staffetta");
    }
    // What the segment has reserved is free to us, whatever the disk says: on a disk that others have
    // filled, mail can still be deleted. Where a new segment is due it is 0, and the disk's word counts.
    TRY(const std::uint64_t disk_octets, options_.file_system.free_octets(options_.directory));
    const std::uint64_t free_octets = disk_octets + journal_.reserved_octets();
    ballast_.take(disk_octets);
    const bool for_blobs = free_octets >= options_.reserve_octets && ballast_.settled();
    Space space = for_blobs ? Space::kBlobs : Space::kRecords;
    if (free_octets < options_.reserve_octets / 2) {
        if (!ballast_.held()) {
            return base::fail(Errc::kNoSpace, "the disk is full up to the store's reserve");
        }
        space = Space::kBallast;
        if (journal_.reserved_octets() == 0) {
            TRY_VOID(give_up_ballast());
        }
    }
    TRY_VOID(journal_.begin_group());
    return space;
}

Result<> Committer::give_up_ballast() {
    options_.log.warning(
        "store: the disk is full; its ballast is given up so that mail can be deleted");
    return ballast_.release();
}

void Committer::stage(Outcome& outcome, DiskTransaction& transaction, Space space) {
    if (const auto* const item = std::get_if<ChangeItem>(&outcome.item)) {
        outcome.result = transaction.run(item->change);
        return;
    }
    const auto& item = std::get<ExtentItem>(outcome.item);
    if (space != Space::kBlobs) {
        outcome.result = base::fail(Errc::kNoSpace, "the disk is full up to the store's reserve");
        return;
    }
    // Pinned before the segment could lose its last live octet.
    outcome.extent = {journal_.stage_extent(item.octets, item.crc),
                      std::make_shared<SegmentPin>(journal_.current())};
}

Result<> Committer::write(DiskTransaction& transaction, Space space) {
    const bool has_commit = !transaction.writes().empty();
    if (has_commit && space == Space::kBallast && ballast_.held()) {
        // Not before: mail that is refused all the time must not use up what deleting needs.
        TRY_VOID(give_up_ballast());
    }
    LiveOctets live;
    Writes writes;
    if (has_commit) {
        live = transaction.account(live_);
        writes = views_of(transaction.writes());
        journal_.stage_commit(encode_commit(writes));
    }
    auto written = journal_.write_group();
    publish();
    octets_written_ = journal_.octets_written();
    if (!written || !has_commit) {
        return written;
    }
    ++groups_;
    TRY_VOID(apply(writes));
    for (const auto& [segment, octets] : live) {
        live_octets_ += octets - live_[segment];
        live_[segment] = octets;
        if (octets == 0) {
            live_.erase(segment);
        }
    }
    flush_now_and_then();
    return {};
}

// Brings the index up to the journal. When that fails the commit is durable and cannot be shown: the
// store takes no more, and the next start replays it.
Result<> Committer::apply(const Writes& writes) {
    auto applied = index_.apply(writes, journal_.position());
    if (applied && options_.on_commit) {
        options_.on_commit(writes);
    }
    if (!applied) {
        index_failed_ = true;
        options_.log.error("store: the index cannot be written, no more changes are taken",
                           {{"reason", applied.error().text}});
    }
    return applied;
}

void Committer::publish() {
    if (segments_ != journal_.segments()) {
        const std::lock_guard lock(view_mutex_);
        segments_ = journal_.segments();
    }
}

void Committer::flush_now_and_then() {
    const std::uint64_t segment = journal_.current()->number();
    if (segment < flushed_segment_ + kSegmentsUnflushedMax) {
        return;
    }
    flushed_segment_ = segment;
    const auto started = index_.start_flush();
    if (!started) {
        options_.log.warning("store: the index could not be flushed",
                             {{"reason", started.error().text}});
    }
}

// A disk that is full refuses one group after the other: the first is news.
void Committer::report(std::vector<Outcome>& group, const Result<>& written) {
    const bool is_full = !written && written.error().code == Errc::kNoSpace;
    if (!written && !(is_full && told_full_)) {
        options_.log.error("store: a group of changes could not be written",
                           {{"changes", group.size()},
                            {"error", base::errc_name(written.error().code)},
                            {"reason", written.error().text}});
    }
    told_full_ = is_full;
    for (Outcome& outcome : group) {
        auto result = std::move(outcome.result);
        if (result && !written) {
            result = written;
        }
        if (auto* const item = std::get_if<ChangeItem>(&outcome.item)) {
            commits_ += result ? 1 : 0;
            item->done(std::move(result));
        } else if (result) {
            std::get<ExtentItem>(outcome.item).done(std::move(outcome.extent));
        } else {
            std::get<ExtentItem>(outcome.item).done(base::forward_error(result));
        }
    }
}

}  // namespace store
