#include "app/units.h"

#include <array>
#include <limits>

#include "base/ascii.h"

namespace app {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 10> kSizes{{{"TiB", 1ULL << 40},
                                       {"GiB", 1ULL << 30},
                                       {"MiB", 1ULL << 20},
                                       {"KiB", 1ULL << 10},
                                       {"B", 1},
                                       {"", 1},
                                       {"TB", 1'000'000'000'000},
                                       {"GB", 1'000'000'000},
                                       {"MB", 1'000'000},
                                       {"kB", 1'000}}};
constexpr std::size_t kBinarySizes = 5;

constexpr std::array<Unit, 5> kDurations{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::uint64_t kSizeMax = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMillisecondsMax = 36'525ULL * 86'400'000;

// The number in front times the unit behind it, when `units` knows it and `max` allows it.
template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text,
                                   const std::array<Unit, N>& units,
                                   std::uint64_t max) {
    std::size_t digits = 0;
    while (digits < text.size() && base::is_digit(text[digits])) {
        ++digits;
    }
    const std::string_view name = text.substr(digits);
    for (const Unit& unit : units) {
        if (unit.name == name) {
            const auto number = base::parse_u64(text.substr(0, digits), max / unit.factor);
            return number ? std::optional(*number * unit.factor) : std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse(text, kSizes, kSizeMax);
}

std::string format_size(std::uint64_t octets) {
    for (std::size_t i = 0; i < kBinarySizes; ++i) {
        if (octets != 0 && octets % kSizes[i].factor == 0) {
            return std::to_string(octets / kSizes[i].factor) + std::string(kSizes[i].name);
        }
    }
    return "0B";
}

std::optional<base::Duration> parse_duration(std::string_view text) {
    const auto milliseconds = parse(text, kDurations, kMillisecondsMax);
    if (!milliseconds) {
        return std::nullopt;
    }
    return std::chrono::milliseconds(*milliseconds);
}

std::string format_duration(base::Duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    for (const Unit& unit : kDurations) {
        const auto factor = static_cast<std::int64_t>(unit.factor);
        if (count != 0 && count % factor == 0) {
            return std::to_string(count / factor) + std::string(unit.name);
        }
    }
    return "0s";
}

}  // namespace app
