// Randomness, as an interface: the kernel's for the server, a seeded one for tests and the simulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace base {

class Random {
  public:
    Random() = default;
    Random(const Random&) = delete;
    Random& operator=(const Random&) = delete;
    virtual ~Random() = default;

    // Fills `octets` with unpredictable values. Never fails: the kernel's source blocks only before
    // it is seeded at boot.
    virtual void fill(std::span<unsigned char> octets) = 0;

    [[nodiscard]] std::uint64_t u64();
    // Uniform in [0, bound). `bound` is not zero.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound);
    // `count` characters out of 32 that cannot be mistaken for one another (no i, l, o, u): names and
    // passwords that people type. Five bits each.
    [[nodiscard]] std::string token(std::size_t count);
};

// getrandom(2). Thread-safe.
class SystemRandom final : public Random {
  public:
    void fill(std::span<unsigned char> octets) override;
};

// The same sequence for the same seed, for ever (splitmix64). For tests; not secret, not thread-safe.
class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

    void fill(std::span<unsigned char> octets) override;

  private:
    std::uint64_t state_;
};

}  // namespace base
