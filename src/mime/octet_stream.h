// Octets that need not be in memory: where the bodies of large messages come from and where messages are
// written to. The caller's files, blobs and sockets stand behind these two; mime itself does no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mime {

// How much is asked of a source at once.
inline constexpr std::size_t kStreamStepOctets = std::size_t{64} * 1024;

// Octets that can be read more than once, from anywhere: what is to be written is looked at first, to
// choose how it travels.
class OctetSource {
  public:
    OctetSource() = default;
    OctetSource(const OctetSource&) = delete;
    OctetSource& operator=(const OctetSource&) = delete;
    virtual ~OctetSource() = default;

    // The octets from `offset` on, at least one and at most `octets_max`; none at the end. The view
    // holds until the next call. Octets may not change between two readings.
    [[nodiscard]] virtual base::Result<std::string_view> read(std::uint64_t offset,
                                                              std::size_t octets_max) = 0;
};

class OctetSink {
  public:
    OctetSink() = default;
    OctetSink(const OctetSink&) = delete;
    OctetSink& operator=(const OctetSink&) = delete;
    virtual ~OctetSink() = default;

    // Takes the next octets, all of them or none.
    [[nodiscard]] virtual base::Result<> write(std::string_view octets) = 0;
};

// Octets of a string that outlives the source.
class StringSource final : public OctetSource {
  public:
    explicit StringSource(std::string_view octets) : octets_(octets) {}

    base::Result<std::string_view> read(std::uint64_t offset, std::size_t octets_max) override {
        return offset < octets_.size() ? octets_.substr(offset, octets_max) : std::string_view{};
    }

  private:
    std::string_view octets_;
};

class StringSink final : public OctetSink {
  public:
    base::Result<> write(std::string_view octets) override {
        text_ += octets;
        return {};
    }

    // What was written so far. Leaves nothing.
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

// Hands the octets from `begin` to `end`, or to the source's end, to `take`, which returns
// base::Result<>. Stops at the first error.
template <class Take>
[[nodiscard]] base::Result<> read_through(OctetSource& source,
                                          std::uint64_t begin,
                                          std::uint64_t end,
                                          Take take) {
    while (begin < end) {
        const std::uint64_t left = end - begin;
        TRY(const std::string_view piece,
            source.read(begin, left < kStreamStepOctets ? left : kStreamStepOctets));
        if (piece.empty()) {
            break;
        }
        begin += piece.size();
        TRY_VOID(take(piece));
    }
    return {};
}

}  // namespace mime
