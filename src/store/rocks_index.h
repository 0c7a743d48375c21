// The index: every record in order, and how far the journal is in it. RocksDB without its own log: after
// a crash it is as it was at its last flush, and the journal brings the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "store/journal_format.h"
#include "store/journal_reader.h"
#include "store/overlay.h"

namespace store {

struct IndexOptions {
    std::uint64_t cache_octets = std::uint64_t{32} << 20;
    std::uint64_t memtable_octets = std::uint64_t{16} << 20;
    // False: what is not flushed is dropped when the index is closed, as in a crash. For tests.
    bool flush_on_close = true;
    // While it is set and true, apply() fails with kIo. For tests.
    const std::atomic<bool>* refuses = nullptr;
};

class RocksIndex {
  public:
    // Creates it where there is none. kInUse, kCorrupt, kIo, with a sentence for whoever runs the server.
    [[nodiscard]] static base::Result<std::unique_ptr<RocksIndex>> open(
        const std::string& directory, const IndexOptions& options);
    RocksIndex(const RocksIndex&) = delete;
    RocksIndex& operator=(const RocksIndex&) = delete;
    ~RocksIndex();

    // The journal's place that the index has reached; nothing when it is new.
    [[nodiscard]] base::Result<std::optional<Position>> applied() const;
    // All of a commit, or nothing of it. From one thread.
    [[nodiscard]] base::Result<> apply(std::span<const Write> writes, const Position& position);
    // As it is now, for the thread that applies.
    [[nodiscard]] const KeySpace& latest() const;
    // Unmoved by later commits; must not outlive the index.
    [[nodiscard]] std::unique_ptr<KeySpace> snapshot() const;
    // Everything applied so far is in synced files when it returns.
    [[nodiscard]] base::Result<> flush();
    // Begins that and does not wait for it.
    [[nodiscard]] base::Result<> start_flush();
    // A copy in the absent folder `directory`, everything applied so far included.
    [[nodiscard]] base::Result<> checkpoint(const std::string& directory);
    // Reads every file and verifies its checksums.
    [[nodiscard]] base::Result<> verify() const;

  private:
    struct Rocks;

    explicit RocksIndex(std::unique_ptr<Rocks> rocks);

    std::unique_ptr<Rocks> rocks_;
};

}  // namespace store
