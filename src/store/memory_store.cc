#include "store/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/check.h"
#include "store/journal_format.h"
#include "store/overlay.h"
#include "store/sha256.h"

namespace store {

// The records and the octets of the blobs that they refer to.
struct MemoryStore::State {
    std::map<std::string, std::string, std::less<>> records;
    std::map<BlobId, std::shared_ptr<const std::string>> blobs;
};

// Shared with the blob writers, which may outlive the store.
struct MemoryStore::Faults {
    std::mutex mutex;
    std::size_t commits_left = 0;
    base::Errc commit_error = base::Errc::kIo;
    std::size_t appends_left = 0;
    base::Errc append_error = base::Errc::kIo;
    bool stalled = false;

    base::Result<> spend(std::size_t& left, base::Errc error) {
        const std::lock_guard lock(mutex);
        if (left == 0) {
            return {};
        }
        --left;
        return base::fail(error, "a planned failure of the store in memory");
    }
};

namespace {

using State = MemoryStore::State;
using StatePtr = std::shared_ptr<const State>;
using Octets = std::shared_ptr<const std::string>;

class MemorySpace final : public KeySpace {
  public:
    explicit MemorySpace(const State& state) : state_(state) {}

    base::Result<std::optional<std::string>> get(std::string_view key) const override {
        const auto found = state_.records.find(key);
        if (found == state_.records.end()) {
            return std::nullopt;
        }
        return found->second;
    }

    base::Result<> scan(std::string_view first,
                        std::string_view last,
                        const Visitor& visit) const override {
        for (auto at = state_.records.lower_bound(first);
             at != state_.records.end() && at->first < last && visit(at->first, at->second);
             ++at) {
        }
        return {};
    }

    base::Result<> scan_back(std::string_view first,
                             std::string_view last,
                             const Visitor& visit) const override {
        auto at = state_.records.lower_bound(last);
        while (at != state_.records.begin()) {
            --at;
            if (at->first < first || !visit(at->first, at->second)) {
                break;
            }
        }
        return {};
    }

  private:
    const State& state_;
};

class MemoryBlobReader final : public BlobReader {
  public:
    explicit MemoryBlobReader(Octets octets) : octets_(std::move(octets)) {}

    std::uint64_t size() const override { return octets_->size(); }

    base::Task<base::Result<std::size_t>> read(base::Loop& /*loop*/,
                                               std::uint64_t offset,
                                               std::span<char> into) override {
        if (offset >= octets_->size()) {
            co_return 0;
        }
        co_return octets_->copy(into.data(), into.size(), offset);
    }

  private:
    Octets octets_;
};

base::Result<std::unique_ptr<BlobReader>> open_octets(const Octets& octets, const BlobId& id) {
    if (octets == nullptr) {
        return base::fail(base::Errc::kNotFound, "no blob " + id.hex());
    }
    std::unique_ptr<BlobReader> reader = std::make_unique<MemoryBlobReader>(octets);
    return reader;
}

Octets find_octets(const State& state, const BlobId& id) {
    const auto found = state.blobs.find(id);
    return found == state.blobs.end() ? nullptr : found->second;
}

class MemoryReader final : public Reader {
  public:
    explicit MemoryReader(StatePtr state) : state_(std::move(state)), space_(*state_) {}

    base::Result<std::optional<std::string>> get(std::string_view key) const override {
        return space_.get(key);
    }

    base::Result<> scan(std::string_view first,
                        std::string_view last,
                        const Visitor& visit) const override {
        return space_.scan(first, clamp_to_rooms(last), visit);
    }

    base::Result<> scan_back(std::string_view first,
                             std::string_view last,
                             const Visitor& visit) const override {
        return space_.scan_back(first, clamp_to_rooms(last), visit);
    }

    base::Result<std::unique_ptr<BlobReader>> open_blob(const BlobId& id) const override {
        return open_octets(find_octets(*state_, id), id);
    }

    [[nodiscard]] const KeySpace& space() const { return space_; }

  private:
    StatePtr state_;
    MemorySpace space_;
};

struct MemoryBlobState final : NewBlob::State {
    Octets octets;
};

class MemoryBlobWriter final : public BlobWriter {
  public:
    explicit MemoryBlobWriter(std::shared_ptr<MemoryStore::Faults> faults)
        : faults_(std::move(faults)) {}

    base::Task<base::Result<>> append(base::Loop& /*loop*/, std::string_view octets) override {
        auto outcome = faults_->spend(faults_->appends_left, faults_->append_error);
        failed_ = failed_ || !outcome;
        octets_.append(octets);
        co_return outcome;
    }

    base::Result<NewBlob> finish() override {
        if (failed_) {
            return base::fail(base::Errc::kIo, "the blob was not written whole");
        }
        auto state = std::make_shared<MemoryBlobState>();
        state->octets = std::make_shared<const std::string>(std::exchange(octets_, {}));
        const BlobId id = Sha256::of(*state->octets);
        return NewBlob(id, state->octets->size(), state);
    }

  private:
    std::shared_ptr<MemoryStore::Faults> faults_;
    std::string octets_;
    bool failed_ = false;
};

class MemoryTransaction final : public OverlayTransaction {
  public:
    MemoryTransaction(const KeySpace& below, const State& state)
        : OverlayTransaction(below),
          state_(state) {}

    base::Result<std::unique_ptr<BlobReader>> open_blob(const BlobId& id) const override {
        TRY(const auto record, find_blob(overlay(), id));
        return open_octets(record ? octets_of(id) : nullptr, id);
    }

    // The octets of a blob that the group refers to.
    [[nodiscard]] Octets octets_of(const BlobId& id) const {
        const auto found = placed_.find(id);
        return found == placed_.end() ? find_octets(state_, id) : found->second;
    }

  protected:
    base::Result<std::vector<Extent>> place(const NewBlob& blob) override {
        const auto* state = dynamic_cast<const MemoryBlobState*>(blob.state());
        CHECK(state != nullptr);
        placed_[blob.id()] = state->octets;
        return std::vector<Extent>{Extent{0, 0, blob.size()}};
    }

  private:
    const State& state_;
    std::map<BlobId, Octets> placed_;
};

void apply(const MemoryTransaction& group, State& state) {
    for (const auto& [key, value] : group.writes()) {
        if (key.starts_with(kBlobKeys)) {
            const auto id = blob_id_of_key(key);
            CHECK(id.has_value());
            if (value) {
                state.blobs[*id] = group.octets_of(*id);
            } else {
                state.blobs.erase(*id);
            }
        }
        if (value) {
            state.records[key] = *value;
        } else {
            state.records.erase(key);
        }
    }
}

std::uint64_t live_octets(const State& state) {
    std::uint64_t octets = 0;
    for (const auto& [id, blob] : state.blobs) {
        octets += blob->size();
    }
    return octets;
}

}  // namespace

MemoryStore::MemoryStore()
    : state_(std::make_shared<State>()),
      faults_(std::make_shared<Faults>()) {}

MemoryStore::MemoryStore(base::Loop& loop, MemoryOptions options)
    : loop_(&loop),
      options_(options),
      state_(std::make_shared<State>()),
      faults_(std::make_shared<Faults>()) {}

MemoryStore::~MemoryStore() {
    if (timer_ != 0) {
        loop_->cancel(timer_);
    }
}

std::unique_ptr<Reader> MemoryStore::snapshot() const {
    const std::lock_guard lock(mutex_);
    return std::make_unique<MemoryReader>(state_);
}

std::unique_ptr<BlobWriter> MemoryStore::new_blob() {
    return std::make_unique<MemoryBlobWriter>(faults_);
}

void MemoryStore::submit(Change change, std::function<void(base::Result<>)> done) {
    if (options_.bug_acknowledge_before_commit) {
        loop_->post([done = std::move(done)] { done({}); });
        done = [](const base::Result<>&) {};
    }
    std::unique_lock lock(mutex_);
    queue_.push_back({std::move(change), std::move(done)});
    if (faults_->stalled) {
        return;
    }
    if (loop_ != nullptr) {
        start_group();
        return;
    }
    Group group = std::exchange(queue_, {});
    lock.unlock();
    for (const auto& call : commit(std::move(group))) {
        call();
    }
}

void MemoryStore::start_group() {
    if (timer_ != 0 || queue_.empty() || faults_->stalled) {
        return;
    }
    in_flight_ = std::exchange(queue_, {});
    timer_ = loop_->call_at(loop_->clock().steady() + options_.commit_latency,
                            [this] { commit_group(); });
}

void MemoryStore::commit_group() {
    timer_ = 0;
    // A `done` may crash the store, or destroy it.
    const std::weak_ptr<std::uint64_t> alive = incarnation_;
    const std::uint64_t incarnation = *incarnation_;
    for (const auto& call : commit(std::exchange(in_flight_, {}))) {
        call();
        const auto now = alive.lock();
        if (now == nullptr || *now != incarnation) {
            return;
        }
    }
    start_group();
}

std::vector<std::function<void()>> MemoryStore::commit(Group group) {
    const std::lock_guard commit_lock(commit_mutex_);
    const std::shared_ptr<State> before = [this] {
        const std::lock_guard lock(mutex_);
        return state_;
    }();
    const MemorySpace space(*before);
    MemoryTransaction transaction(space, *before);
    std::vector<base::Result<>> results;
    for (const Submission& submission : group) {
        results.push_back(transaction.run(submission.change));
    }
    const auto written = faults_->spend(faults_->commits_left, faults_->commit_error);
    if (written) {
        std::unique_lock lock(mutex_);
        // Copied only when a snapshot shares it: `before` and state_ are two owners.
        if (state_.use_count() > 2) {
            state_ = std::make_shared<State>(*before);
        }
        apply(transaction, *state_);
        ++statistics_.groups;
        statistics_.commits += static_cast<std::uint64_t>(
            std::count_if(results.begin(), results.end(), [](const auto& r) { return bool(r); }));
        lock.unlock();
        tell_observers(views_of(transaction.writes()));
    }
    std::vector<std::function<void()>> calls;
    for (std::size_t i = 0; i < group.size(); ++i) {
        auto result = results[i] && !written ? written : results[i];
        calls.emplace_back([done = std::move(group[i].done), result] { done(result); });
    }
    return calls;
}

base::Result<CheckReport> MemoryStore::check(const CountReferences& count) {
    const auto state = [this] {
        const std::lock_guard lock(mutex_);
        return state_;
    }();
    const MemoryReader reader(state);
    return check_blobs(reader.space(),
                       reader,
                       count,
                       [&state](const BlobId& id, const BlobRecord&, CheckReport& report) {
                           const Octets octets = find_octets(*state, id);
                           if (octets == nullptr || Sha256::of(*octets) != id) {
                               report.findings.push_back(
                                   fmt::format("blob {}: its octets are not there", id.hex()));
                           }
                       });
}

base::Result<> MemoryStore::backup(const std::string& /*directory*/) {
    return base::fail(base::Errc::kUnsupported, "a store in memory has no backup");
}

base::Result<std::uint64_t> MemoryStore::collect() {
    return 0;
}

StoreStatistics MemoryStore::statistics() const {
    const std::lock_guard lock(mutex_);
    StoreStatistics statistics = statistics_;
    statistics.blob_octets_live = live_octets(*state_);
    statistics.changes_waiting = queue_.size();
    return statistics;
}

void MemoryStore::fail_next_commits(std::size_t count, base::Errc error) {
    const std::lock_guard lock(faults_->mutex);
    faults_->commits_left = count;
    faults_->commit_error = error;
}

void MemoryStore::fail_next_appends(std::size_t count, base::Errc error) {
    const std::lock_guard lock(faults_->mutex);
    faults_->appends_left = count;
    faults_->append_error = error;
}

void MemoryStore::stall() {
    const std::lock_guard lock(mutex_);
    faults_->stalled = true;
    if (timer_ != 0) {
        loop_->cancel(std::exchange(timer_, 0));
        // The group starts over, in front of whatever has joined the queue.
        queue_.insert(queue_.begin(),
                      std::make_move_iterator(in_flight_.begin()),
                      std::make_move_iterator(in_flight_.end()));
        in_flight_.clear();
    }
}

void MemoryStore::resume() {
    std::unique_lock lock(mutex_);
    faults_->stalled = false;
    if (loop_ != nullptr) {
        start_group();
        return;
    }
    Group group = std::exchange(queue_, {});
    lock.unlock();
    for (const auto& call : commit(std::move(group))) {
        call();
    }
}

void MemoryStore::crash() {
    const std::lock_guard lock(mutex_);
    ++*incarnation_;
    if (timer_ != 0) {
        loop_->cancel(std::exchange(timer_, 0));
    }
    queue_.clear();
    in_flight_.clear();
    faults_->stalled = false;
    faults_->commits_left = 0;
    faults_->appends_left = 0;
}

std::size_t MemoryStore::pending() const {
    const std::lock_guard lock(mutex_);
    return queue_.size() + in_flight_.size();
}

}  // namespace store
