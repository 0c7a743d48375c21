// The store in memory: for tests, and for the simulator, where it is the disk. It keeps the same
// promises as the engine on disk until it is told to break one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "store/store.h"

namespace store {

struct MemoryOptions {
    // How long a group takes to reach the "disk", in the loop's time.
    base::Duration commit_latency = std::chrono::milliseconds(1);
    // A planted bug: `done` is called before the change is committed, so a crash in between breaks the
    // store's promise. The simulator must find it; nothing else may set it.
    bool bug_acknowledge_before_commit = false;
};

// Without a loop a change is committed at once, inside submit(), from any thread. With one, everything
// happens on that loop's thread: changes wait in a queue, run when their group's latency has passed,
// and `done` is called from the loop.
class MemoryStore final : public Store {
  public:
    MemoryStore();
    // `loop` must outlive the store.
    explicit MemoryStore(base::Loop& loop, MemoryOptions options = {});
    MemoryStore(const MemoryStore&) = delete;
    MemoryStore& operator=(const MemoryStore&) = delete;
    ~MemoryStore() override;

    [[nodiscard]] std::unique_ptr<Reader> snapshot() const override;
    [[nodiscard]] std::unique_ptr<BlobWriter> new_blob() override;
    void submit(Change change, std::function<void(base::Result<>)> done) override;
    [[nodiscard]] base::Result<CheckReport> check(const CountReferences& count) override;
    // kUnsupported: there is nothing on disk.
    [[nodiscard]] base::Result<> backup(const std::string& directory) override;
    [[nodiscard]] base::Result<std::uint64_t> collect() override;
    [[nodiscard]] StoreStatistics statistics() const override;

    // The next `count` groups fail with `error`, kNoSpace or kIo, and nothing of them is kept.
    void fail_next_commits(std::size_t count, base::Errc error);
    // The next `count` calls of BlobWriter::append fail.
    void fail_next_appends(std::size_t count, base::Errc error);
    // From now on nothing is committed, as with a disk that does not answer, until resume().
    void stall();
    void resume();
    // The power fails: whatever was submitted and is not committed is gone, and its `done` is never
    // called. What was committed stands for the next server. Ends a stall and every planned failure.
    void crash();

    // Submitted and not yet committed.
    [[nodiscard]] std::size_t pending() const;

    // A state of the store; shared with the snapshots that hold it. Defined in the source.
    struct State;
    struct Faults;

  private:
    struct Submission {
        Change change;
        std::function<void(base::Result<>)> done;
    };

    using Group = std::deque<Submission>;

    void start_group();
    void commit_group();
    [[nodiscard]] std::vector<std::function<void()>> commit(Group group);

    base::Loop* loop_ = nullptr;
    MemoryOptions options_;
    mutable std::mutex mutex_;  // guards everything below
    std::mutex commit_mutex_;   // held while changes run; taken before mutex_
    std::shared_ptr<State> state_;
    std::shared_ptr<Faults> faults_;
    Group queue_;
    Group in_flight_;
    base::Loop::TimerId timer_ = 0;
    StoreStatistics statistics_;
    // Posted callbacks that outlive a crash or the store itself see another number or nothing.
    std::shared_ptr<std::uint64_t> incarnation_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace store
