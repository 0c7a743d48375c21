// The store on disk: a journal of segment files, the only thing that is synced, and RocksDB as the index
// that follows it. docs/architecture/storage-format.md
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/pool.h"
#include "base/result.h"
#include "store/file.h"
#include "store/store.h"

namespace store {

// BUGS: Damage in the very last group cannot be told from a torn tail unless the store was closed in
// good order. When RocksDB refuses a commit that the journal has, the change is reported as failed
// (kIo) and is there after the next start. After a failed sync a start before the next boot trusts the
// page cache.
struct OpenOptions {
    std::string directory;  // made where it is absent
    base::Pool& pool;       // for reads that wait for the disk; outlives the store
    base::Log& log;         // outlives the store
    // With less than this free on the disk new blobs are refused with kNoSpace, with less than half of
    // it every change: RocksDB must never meet a full disk. As much again is held in a file of its own
    // and given up when others have filled the disk, so that deleting is possible even then; new blobs
    // wait until that file could be made again.
    std::uint64_t reserve_octets = std::uint64_t{128} << 20;
    std::uint64_t index_cache_octets = std::uint64_t{32} << 20;
    std::uint64_t segment_octets = std::uint64_t{64} << 20;

    // For tests: another file system under the journal (forgetful_file_system.h, or a fake one), an
    // index that forgets what it has not flushed.
    FileSystem* file_system = nullptr;
    bool flush_on_close = true;
    // While it is set and true, the index refuses commits.
    const std::atomic<bool>* index_refuses = nullptr;
};

// Snapshots, transactions and blob writers must not outlive the store; blob readers may. The blobs of one snapshot
// share what is read ahead: one thread at a time reads them. Loops on which
// somebody waits for a change must outlive it.
// Errors are sentences for whoever runs the server, with the remedy: kInUse (another process has it
// open), kUnsupported (written by a later version), kInvalid (the folder holds something else),
// kCorrupt (with file and offset), kNoSpace, kDenied, kIo.
[[nodiscard]] base::Result<std::unique_ptr<Store>> open_store(const OpenOptions& options);

// Makes a store in the empty or absent folder `to` out of the backup in `from`, which stays as it is.
[[nodiscard]] base::Result<> restore_store(const std::string& from,
                                           const std::string& to,
                                           FileSystem& file_system = posix_file_system());

}  // namespace store
