// The newest snapshots of mailboxes, kept in memory and brought up to date by what commits write: once a
// mailbox is here nobody reads it from the store again.
//
// A commit's pages are kept as they were written and decoded by the first who asks, so that the store's
// thread pays for a copy of some hundred octets and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "mail/snapshot.h"
#include "store/store.h"

namespace mail {

class Glimpse;

class SnapshotCache {
  public:
    // Past `octets_max` the snapshots that were asked for least recently are let go; sessions that hold
    // one keep it.
    explicit SnapshotCache(std::size_t octets_max) : octets_max_(octets_max) {}

    SnapshotCache(const SnapshotCache&) = delete;
    SnapshotCache& operator=(const SnapshotCache&) = delete;
    ~SnapshotCache() = default;

    // The newest snapshot if the mailbox is in memory, else null. From any thread; never reads the store.
    [[nodiscard]] base::Result<SnapshotPtr> find(Ref ref);
    // The same, read from `store` if need be: slow for a large mailbox, so on a pool's thread.
    // kNotFound: there is no such mailbox.
    [[nodiscard]] base::Result<SnapshotPtr> load(const store::Store& store, Ref ref);
    // The snapshot of a glimpse's moment; read a second time where the mailbox has moved on since.
    [[nodiscard]] base::Result<SnapshotPtr> load(const store::Store& store, const Glimpse& glimpse);
    // What a group of commits wrote, in the order of the groups.
    void on_commit(std::span<const store::Write> writes);

  private:
    struct Slot;
    using SlotPtr = std::shared_ptr<Slot>;

    [[nodiscard]] SlotPtr slot(Ref ref, bool make);
    [[nodiscard]] base::Result<SnapshotPtr> refresh(Ref ref, const SlotPtr& slot);
    void forget(Ref ref, const SlotPtr& slot);
    void shrink(const SlotPtr& slot, std::size_t octets);
    static void collect(Slot& slot, std::span<const store::Write> writes, Ref ref);

    const std::size_t octets_max_;
    std::mutex mutex_;  // guards what follows; taken before a slot's
    std::map<Ref, SlotPtr> slots_;
    std::list<Ref> recent_;  // the last asked for in front
    std::size_t octets_ = 0;
};

}  // namespace mail
