// Sizes and durations as people write them in the configuration: "50MiB", "5m".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace app {

// size = 1*DIGIT [ "B" / "KiB" / "MiB" / "GiB" / "TiB" / "kB" / "MB" / "GB" / "TB" ], in octets.
// Nothing for another unit, a fraction, a sign, or more octets than 2^63 - 1.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// The same octets in the largest binary unit that divides them: "50MiB".
[[nodiscard]] std::string format_size(std::uint64_t octets);

// duration = 1*DIGIT ( "ms" / "s" / "m" / "h" / "d" ). Nothing for a number without its unit, or for
// more than 100 years.
[[nodiscard]] std::optional<base::Duration> parse_duration(std::string_view text);
// In the largest unit that divides it, milliseconds at the least: "5m".
[[nodiscard]] std::string format_duration(base::Duration duration);

}  // namespace app
