// The one thread that changes the store on disk. It takes whatever waits, runs the changes, writes and
// syncs them as one group, brings the index up to date, and only then says `done`. While one group
// is being synced the next one gathers: grouping adapts to the load and never waits for company.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/pool.h"
#include "store/ballast.h"
#include "store/disk_blob.h"
#include "store/disk_transaction.h"
#include "store/file.h"
#include "store/journal.h"
#include "store/journal_format.h"
#include "store/rocks_index.h"
#include "store/store.h"

namespace store {

// What a reader needs: the records of one moment, and the segments that they speak of.
struct View {
    std::unique_ptr<KeySpace> space;
    SegmentSetPtr segments;
};

class Committer {
  public:
    struct Options {
        FileSystem& file_system;
        std::string directory;
        std::uint64_t reserve_octets;
        base::Pool& pool;
        base::Log& log;
        // Told on the committer's thread what a group wrote, before its changes are.
        std::function<void(std::span<const Write>)> on_commit;
    };

    // All must outlive the committer. `live` is what the index says.
    Committer(
        Options options, Journal& journal, RocksIndex& index, Ballast ballast, LiveOctets live);
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;
    // Finishes what was submitted.
    ~Committer();

    // `done` is called on the committer's thread.
    void submit(Change change, std::function<void(base::Result<>)> done);
    // Store::submit_lazily
    void submit_lazily(Change change, std::function<void(base::Result<>)> done);
    void append_extent(std::shared_ptr<const std::string> octets,
                       std::uint32_t crc,
                       std::function<void(base::Result<PinnedExtent>)> done);

    // What only the committer's thread may touch, for tasks that run there between two groups.
    struct Inside {
        Journal& journal;
        RocksIndex& index;
        const LiveOctets& live;
    };

    // Runs `task` on the committer's thread and waits for it; not on that thread itself.
    void run_and_wait(const std::function<void(Inside&)>& task);

    // On the caller's thread, beside the commits: everything committed before the call is in the
    // index's files after it.
    [[nodiscard]] base::Result<> flush_index();

    [[nodiscard]] View view() const;
    [[nodiscard]] StoreStatistics statistics() const;

  private:
    struct ChangeItem {
        Change change;
        std::function<void(base::Result<>)> done;
    };

    struct ExtentItem {
        std::shared_ptr<const std::string> octets;
        std::uint32_t crc = 0;
        std::function<void(base::Result<PinnedExtent>)> done;
    };

    using TaskItem = std::function<void()>;
    using Item = std::variant<ChangeItem, ExtentItem, TaskItem>;

    // What there is space for.
    enum class Space {
        kBlobs,    // everything
        kRecords,  // changes without new blobs
        kBallast,  // the same, when the ballast is given up for them
    };

    // An item of the group being made and how it has ended so far.
    struct Outcome {
        Item item;
        base::Result<> result;
        PinnedExtent extent;
    };

    void push(Item item);
    void run();
    [[nodiscard]] bool take();
    void commit_group();
    [[nodiscard]] base::Result<Space> prepare();
    [[nodiscard]] base::Result<> give_up_ballast();
    void stage(Outcome& outcome, DiskTransaction& transaction, Space space);
    [[nodiscard]] base::Result<> write(DiskTransaction& transaction, Space space);
    [[nodiscard]] base::Result<> apply(const Writes& writes);
    void publish();
    void flush_now_and_then();
    void report(std::vector<Outcome>& group, const base::Result<>& written);

    Options options_;
    Journal& journal_;
    RocksIndex& index_;
    Ballast ballast_;
    LiveOctets live_;
    bool index_failed_ = false;
    bool told_full_ = false;  // the last group was refused for want of space
    std::uint64_t flushed_segment_ = 0;
    std::deque<Item> taken_;

    std::mutex queue_mutex_;
    std::condition_variable arrived_;
    std::deque<Item> queue_;
    std::deque<Item> lazy_;  // behind what comes next in queue_
    bool stopping_ = false;

    mutable std::mutex view_mutex_;  // makes a snapshot and its segments one moment
    SegmentSetPtr segments_;

    std::atomic<std::uint64_t> waiting_{0};
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> groups_{0};
    std::atomic<std::uint64_t> octets_written_{0};
    std::atomic<std::uint64_t> live_octets_{0};

    std::thread thread_;
};

}  // namespace store
