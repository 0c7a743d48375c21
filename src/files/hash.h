// Hashes of files, in constant memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "files/files.h"

namespace files {

// Over octets as they come.
class Hasher {
  public:
    explicit Hasher(HashAlgorithm algorithm);
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    ~Hasher();

    void update(std::string_view octets);
    // Lower-case hexadecimal. Once only.
    [[nodiscard]] std::string finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// A hash on its way over the octets [first, last) of an open file, a slice at a time: a long one leaves
// the pool's threads to others in between.
struct HashState {
    HashState(HashAlgorithm algorithm, std::unique_ptr<OpenFile> open, std::uint64_t first)
        : hasher(algorithm),
          file(std::move(open)),
          position(first) {}

    Hasher hasher;
    std::unique_ptr<OpenFile> file;
    std::uint64_t position;
};

// Takes in up to a slice before `last`; false when there is no more. Waits for the disk.
[[nodiscard]] base::Result<bool> hash_slice(HashState& state, std::uint64_t last);

}  // namespace files
