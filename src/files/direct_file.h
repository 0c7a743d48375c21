// The file of an upload as it is written past the page cache: open(2) with O_DIRECT, in whole blocks.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace files {

class DirectFile {
  public:
    // pwrite(2), or what a test says of the disk.
    using PutAt = ssize_t (*)(int fd, const void* octets, std::size_t count, off_t at);

    // The file `name` in `directory`, which `cached` is open for through the page cache; it must outlive this object.
    // Null where the file system has no such way, or only for blocks larger than a buffer.
    [[nodiscard]] static std::unique_ptr<DirectFile> open(int directory,
                                                          const std::string& name,
                                                          int cached,
                                                          PutAt put);

    // Writes all of `octets`, which begin where a DirectBuffer does, at `at`, a multiple of a block. What is less than
    // a block, and what the file system refuses, goes through the page cache. Several threads may write to
    // different places at once. The file may be longer than what was written, until it is cut.
    // What fails is told by failure(). Waits for the disk.
    void write(std::span<const char> octets, std::uint64_t at);

    // The file system refused it once: not to be tried again.
    [[nodiscard]] bool is_refused() const { return refused_.load(std::memory_order_relaxed); }

    struct Failure {
        base::Error error;     // kNoSpace, kIo or what else the disk said
        std::uint64_t at = 0;  // everything that was to be written in front of it was
    };

    // Of the writes that have ended, the one nearest to the file's beginning.
    [[nodiscard]] std::optional<Failure> failure() const;

  private:
    DirectFile(base::UniqueFd fd, int cached, std::size_t block_octets, PutAt put)
        : fd_(std::move(fd)),
          cached_(cached),
          block_octets_(block_octets),
          put_(put) {}

    // Tries to have blocks for [at, end) and some more.
    void allocate(std::uint64_t at, std::uint64_t end);
    void note_failure(std::uint64_t at, int error);

    base::UniqueFd fd_;
    int cached_;
    std::size_t block_octets_;
    PutAt put_;
    std::atomic<bool> refused_ = false;
    mutable std::mutex mutex_;  // guards what follows
    std::uint64_t allocated_ = 0;
    std::optional<Failure> failure_;
};

}  // namespace files
