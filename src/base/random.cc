#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace base {

std::uint64_t Random::u64() {
    std::array<unsigned char, sizeof(std::uint64_t)> octets{};
    fill(octets);
    std::uint64_t value = 0;
    std::memcpy(&value, octets.data(), sizeof value);
    return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
    CHECK(bound != 0);
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t value = u64();
    while (value >= limit) {
        value = u64();
    }
    return value % bound;
}

std::string Random::token(std::size_t count) {
    static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string octets(count, '\0');
    fill({reinterpret_cast<unsigned char*>(octets.data()), octets.size()});
    for (char& c : octets) {
        c = kAlphabet[static_cast<unsigned char>(c) & 31U];
    }
    return octets;
}

void SystemRandom::fill(std::span<unsigned char> octets) {
    while (!octets.empty()) {
        const ssize_t got = ::getrandom(octets.data(), octets.size(), 0);
        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        octets = octets.subspan(static_cast<std::size_t>(got));
    }
}

void SeededRandom::fill(std::span<unsigned char> octets) {
    while (!octets.empty()) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        z ^= z >> 31U;
        const std::size_t count = octets.size() < sizeof z ? octets.size() : sizeof z;
        std::memcpy(octets.data(), &z, count);
        octets = octets.subspan(count);
    }
}

}  // namespace base
