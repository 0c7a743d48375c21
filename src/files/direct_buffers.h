// Memory for uploads that go past the page cache: buffers that the disk reads straight out of, from one budget
// for all uploads of a server.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace files {

class DirectBuffers;

// One buffer; gives itself back, on any thread.
class DirectBuffer {
  public:
    // A disk's request in one piece; two of them stay in the cache of a processor.
    static constexpr std::size_t kOctets = std::size_t{512} * 1024;

    DirectBuffer(std::shared_ptr<DirectBuffers> home, char* memory)
        : home_(std::move(home)),
          memory_(memory) {}

    DirectBuffer(const DirectBuffer&) = delete;
    DirectBuffer& operator=(const DirectBuffer&) = delete;
    ~DirectBuffer();

    // Begins at a multiple of its length.
    [[nodiscard]] std::span<char> octets() const { return {memory_, kOctets}; }

  private:
    std::shared_ptr<DirectBuffers> home_;
    char* memory_;
};

// Thread-safe. Buffers lie four to a huge page where the kernel has one: it then pins and maps them for the disk as
// one piece instead of 128 pages, a tenth of the CPU of an upload. One page that nobody uses is kept, warm, for the
// next upload; the others go back to the kernel.
class DirectBuffers : public std::enable_shared_from_this<DirectBuffers> {
  public:
    // `octets_max`: of all buffers together.
    explicit DirectBuffers(std::size_t octets_max)
        : count_max_(octets_max / DirectBuffer::kOctets) {}

    DirectBuffers(const DirectBuffers&) = delete;
    DirectBuffers& operator=(const DirectBuffers&) = delete;
    ~DirectBuffers();

    // Null when the budget is used up, or the machine's memory. Its octets are whatever they are.
    [[nodiscard]] std::shared_ptr<DirectBuffer> take();
    // More than half of them are in use: nobody should take more than it needs to get on.
    [[nodiscard]] bool are_scarce() const;
    [[nodiscard]] std::size_t in_use() const;

  private:
    friend class DirectBuffer;

    static constexpr std::size_t kSlabOctets = std::size_t{2} * 1024 * 1024;
    static constexpr unsigned kPerSlab = kSlabOctets / DirectBuffer::kOctets;
    static constexpr unsigned kAllUsed = (1U << kPerSlab) - 1;

    struct Slab {
        char* memory = nullptr;
        unsigned used = 0;  // a bit a buffer
    };

    [[nodiscard]] Slab* slab_with_room();
    void give_back(const char* memory);

    const std::size_t count_max_;
    mutable std::mutex mutex_;  // guards what follows
    std::size_t in_use_ = 0;
    std::vector<Slab> slabs_;
};

}  // namespace files
