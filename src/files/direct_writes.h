// The large part of an upload, past the page cache: octets come into one buffer while the disk takes those before.
// docs/decisions/files.md says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/loop.h"
#include "base/pool.h"
#include "base/result.h"
#include "base/task.h"
#include "files/direct_buffers.h"
#include "files/direct_file.h"

namespace files {

struct UploadState;

// What an upload has of this between its first buffer and finish_direct().
struct DirectPart {
    std::unique_ptr<DirectFile> file;
    std::shared_ptr<DirectBuffer> buffer;  // null: all of them are on their way
    std::uint64_t at = 0;                  // where in the file the buffer goes
    std::size_t filled = 0;                // octets of it
};

// Writes what the last buffer has, cuts the file to the upload's offset and gives everything back; nothing where
// there is nothing. After a failure the offset is where octets are missing from. All other writes must have
// ended. Waits for the disk.
[[nodiscard]] base::Result<> finish_direct(UploadState& upload);

// Of one upload, on its loop. What is being written outlives it.
class DirectWrites {
  public:
    DirectWrites(base::Pool& pool, std::shared_ptr<UploadState> state);
    DirectWrites(const DirectWrites&) = delete;
    DirectWrites& operator=(const DirectWrites&) = delete;
    ~DirectWrites();

    // As Upload has them.
    [[nodiscard]] std::uint64_t until_room() const;
    [[nodiscard]] base::Task<base::Result<std::span<char>>> room(base::Loop& loop);
    void fill(base::Loop& loop, std::size_t octets);
    [[nodiscard]] base::Task<base::Result<>> drain(base::Loop& loop);

    // drain() without its end, finish_direct(), for whoever is about to be on the pool anyway.
    [[nodiscard]] base::Task<> settle();

  private:
    using Done = base::Handover<base::Result<>>;

    // A buffer on its way to the disk.
    struct Flight {
        std::shared_ptr<DirectBuffer> buffer;
        std::unique_ptr<Done> written;
    };

    [[nodiscard]] bool begin();
    // `work` on the pool.
    void submit(const Done& done, std::function<base::Result<>(UploadState&)> work);
    [[nodiscard]] base::Task<std::shared_ptr<DirectBuffer>> next_buffer();

    base::Pool& pool_;
    std::shared_ptr<UploadState> state_;
    std::vector<Flight> flights_;  // in the order in which they left
    std::uint64_t from_;           // the offset that this is worth its while from
};

}  // namespace files
