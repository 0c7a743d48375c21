// The store: an ordered key-value space and content-addressed blobs, changed only by transactions that are
// on disk before anybody hears of them.
//
// A change is a function. It is handed a Transaction, reads and writes through it, and returns success
// or an error; changes run one after another, so none ever conflicts and none sees half of another. All
// changes of one group share one disk sync, and `done` is called only after it: a reply sent from there
// is a promise (docs/architecture/overview.md). A change that returns an error leaves no trace.
//
// Engines: segment journal with RocksDB as its index (open_store), and memory with faults on demand
// (memory_store.h). Rooms above lean on this header alone.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace store {

// The SHA-256 of a blob's octets.
struct BlobId {
    std::array<unsigned char, 32> sha256{};

    // The 32 octets, as stored inside records; nothing but 32 octets is accepted back.
    [[nodiscard]] std::string octets() const;
    [[nodiscard]] static std::optional<BlobId> from_octets(std::string_view octets);
    [[nodiscard]] std::string hex() const;

    friend auto operator<=>(const BlobId&, const BlobId&) = default;
};

// Reads a blob's octets from anywhere in it. It keeps the blob alive: a blob whose last reference goes
// meanwhile can be read to its end through readers that are already open.
class BlobReader {
  public:
    BlobReader() = default;
    BlobReader(const BlobReader&) = delete;
    BlobReader& operator=(const BlobReader&) = delete;
    virtual ~BlobReader() = default;

    [[nodiscard]] virtual std::uint64_t size() const = 0;
    // Fills `into` from `offset`: as many octets as fit, fewer only at the blob's end. What the kernel
    // has in memory is read at once; for the rest the pool waits, and the caller resumes on `loop`.
    [[nodiscard]] virtual base::Task<base::Result<std::size_t>> read(base::Loop& loop,
                                                                     std::uint64_t offset,
                                                                     std::span<char> into) = 0;
};

// Visits one record of a scan; false ends it. The views live for the call.
using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

// Records in the order of their keys.
class KeySpace {
  public:
    KeySpace() = default;
    KeySpace(const KeySpace&) = delete;
    KeySpace& operator=(const KeySpace&) = delete;
    virtual ~KeySpace() = default;

    [[nodiscard]] virtual base::Result<std::optional<std::string>> get(
        std::string_view key) const = 0;
    // first <= key < last, in ascending order of octets.
    [[nodiscard]] virtual base::Result<> scan(std::string_view first,
                                              std::string_view last,
                                              const Visitor& visit) const = 0;
    // The same range in descending order.
    [[nodiscard]] virtual base::Result<> scan_back(std::string_view first,
                                                   std::string_view last,
                                                   const Visitor& visit) const = 0;
};

// A consistent view of the rooms' records and of the blobs they refer to.
class Reader : public KeySpace {
  public:
    // kNotFound when no record refers to it, kCorrupt when its octets cannot be reached.
    [[nodiscard]] virtual base::Result<std::unique_ptr<BlobReader>> open_blob(
        const BlobId& id) const = 0;

    // The same at the place that refer() told, which spares the look-up: a blob's id says nothing of where it
    // lies. An empty place costs the look-up, as does one that the blob has left; none leads to other octets. A
    // blob that has gone may be opened all the same while its octets are there.
    [[nodiscard]] virtual base::Result<std::unique_ptr<BlobReader>> open_blob_at(
        const BlobId& id, std::string_view /*place*/) const {
        return open_blob(id);
    }
};

// A blob that was written and that nothing refers to yet. Copies share it; when the last copy is gone
// and no transaction referred to it, its octets are garbage that collect() takes away.
class NewBlob {
  public:
    // What an engine keeps of it.
    struct State {
        State() = default;
        State(const State&) = delete;
        State& operator=(const State&) = delete;
        virtual ~State() = default;
    };

    NewBlob(BlobId id, std::uint64_t size, std::shared_ptr<State> state)
        : id_(id),
          size_(size),
          state_(std::move(state)) {}

    [[nodiscard]] const BlobId& id() const { return id_; }

    [[nodiscard]] std::uint64_t size() const { return size_; }

    [[nodiscard]] State* state() const { return state_.get(); }

  private:
    BlobId id_;
    std::uint64_t size_;
    std::shared_ptr<State> state_;
};

// Takes a blob's octets as they come. Small blobs wait in memory for the commit that names them; past a
// bound (1 MiB) they stream to disk. Dropped before finish(), it leaves only garbage.
class BlobWriter {
  public:
    BlobWriter() = default;
    BlobWriter(const BlobWriter&) = delete;
    BlobWriter& operator=(const BlobWriter&) = delete;
    virtual ~BlobWriter() = default;

    // kNoSpace or kIo when the disk refuses; the writer is then of no more use.
    [[nodiscard]] virtual base::Task<base::Result<>> append(base::Loop& loop,
                                                            std::string_view octets) = 0;
    // Hashes what is not hashed yet, all of a short blob: on any thread, and the store may have gone. Call once.
    [[nodiscard]] virtual base::Result<NewBlob> finish() = 0;
};

// One change being made. It sees its own writes and everything committed before it.
class Transaction : public Reader {
  public:
    virtual void put(std::string_view key, std::string_view value) = 0;
    virtual void erase(std::string_view key) = 0;
    // One more reference to a blob: the first makes it part of the store. Returns its place in the engine's own
    // words, some 14 octets to keep in a record beside the id for open_blob_at(), or nothing.
    [[nodiscard]] virtual base::Result<std::string> refer(const NewBlob& blob) = 0;
    // One more to a blob that is in the store already; kNotFound when it is not.
    [[nodiscard]] virtual base::Result<std::string> refer(const BlobId& id) = 0;
    // One reference fewer; with the last one the blob is gone. kNotFound when there was none.
    [[nodiscard]] virtual base::Result<> release(const BlobId& id) = 0;
};

// What one change may write in records, 32 octets added for each. One that writes more is ended there: the
// group it belongs to is in memory. Work on more than a mailbox's worth goes in several changes.
inline constexpr std::uint64_t kChangeOctetsMax = std::uint64_t{256} << 20;

// May run more than once (an engine that finds a conflict runs it again) and on any thread: it takes
// what it needs by value and writes nothing but the transaction and state of its own that it resets.
using Change = std::function<base::Result<>(Transaction&)>;

// What check() found; an empty list of findings is a sound store.
struct CheckReport {
    std::vector<std::string> findings;  // one sentence each, naming the record or blob
    std::uint64_t records = 0;
    std::uint64_t blobs = 0;
    std::uint64_t blob_octets = 0;
};

struct StoreStatistics {
    std::uint64_t commits = 0;          // changes that were made
    std::uint64_t changes_waiting = 0;  // submitted, their group not begun
    std::uint64_t groups = 0;           // disk syncs they took
    std::uint64_t octets_written = 0;   // to the journal
    std::uint64_t blob_octets_live = 0;
    std::uint64_t blob_octets_garbage = 0;
};

// One record as a group of commits leaves it; no value means that it is erased.
struct Write {
    std::string_view key;
    std::optional<std::string_view> value;

    friend bool operator==(const Write&, const Write&) = default;
};

// Hears of what was written: for whoever keeps in memory what he read, or tells others of news.
class CommitObserver {
  public:
    CommitObserver() = default;
    CommitObserver(const CommitObserver&) = delete;
    CommitObserver& operator=(const CommitObserver&) = delete;
    virtual ~CommitObserver() = default;

    // The net effect of one group, sorted by key, with views for the call. Called on the store's thread
    // in the order of the groups, when snapshots show it and before any `done` of the group: be quick.
    virtual void on_commit(std::span<const Write> writes) = 0;
};

class Store {
  public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    // Everything committed so far, unmoved by what comes after. Hold it briefly.
    [[nodiscard]] virtual std::unique_ptr<Reader> snapshot() const = 0;
    [[nodiscard]] virtual std::unique_ptr<BlobWriter> new_blob() = 0;

    // Runs `change` in its turn; `done` is called on a thread of the store, after the sync, with the
    // change's own error or the store's: kNoSpace, kIo, and kTooLong for a change beyond
    // kChangeOctetsMax, mean that nothing of it was kept.
    virtual void submit(Change change, std::function<void(base::Result<>)> done) = 0;

    // The same for what nobody waits for: it goes with the next change that somebody does wait for, or alone a
    // tenth of a second later, so that none waits for a sync on its account. A crash before that loses it.
    virtual void submit_lazily(Change change, std::function<void(base::Result<>)> done) {
        submit(std::move(change), std::move(done));
    }

    // submit() for a coroutine on `loop`.
    [[nodiscard]] base::Task<base::Result<>> change(base::Loop& loop, Change change);
    // The same for a thread that may wait: the command line, tests. Never on a loop's thread, nor with
    // an engine that needs that thread.
    [[nodiscard]] base::Result<> change_and_wait(Change change);

    // From the next group on `observer` is told, until it is gone.
    void observe(std::weak_ptr<CommitObserver> observer);

    // Reads everything and verifies every invariant of the store itself: checksums, blob hashes,
    // reference counts against the references `count_references` reports.
    // `count_references(reader, add)` calls add(id) once for each reference that the rooms above hold.
    using CountReferences =
        std::function<base::Result<>(const Reader&, const std::function<void(const BlobId&)>& add)>;
    [[nodiscard]] virtual base::Result<CheckReport> check(const CountReferences& count) = 0;
    // A consistent copy into the empty or absent folder `directory`, while the store works on.
    [[nodiscard]] virtual base::Result<> backup(const std::string& directory) = 0;
    // Gives garbage back to the file system; returns the octets freed. Slow: for a pool's thread.
    [[nodiscard]] virtual base::Result<std::uint64_t> collect() = 0;
    [[nodiscard]] virtual StoreStatistics statistics() const = 0;

  protected:
    void tell_observers(std::span<const Write> writes);

  private:
    std::mutex observers_mutex_;
    std::vector<std::weak_ptr<CommitObserver>> observers_;
};

}  // namespace store
