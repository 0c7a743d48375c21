// Moments and spans as people write them, for `at`, `repeat` and mirror's --newer-than: "now-7days", "03:00",
// "tomorrow 8:30", "2026-01-31 +12h".
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace agent {

//     when = [ "now" / "today" / "tomorrow" / "yesterday" / YYYY-MM-DD ] [ H:MM [ :SS ] ] *( ( "+" / "-" ) span )
// in this machine's zone. A day without a time begins at midnight, a time without a day is of today. kSyntax.
[[nodiscard]] base::Result<base::WallTime> parse_when(std::string_view text, base::WallTime now);

//     span = number [ "s" / "m" / "h" / "d" / "w" ], or their names: sec, min, hour, day, week, and their plurals
// Without a unit they are seconds. kSyntax.
[[nodiscard]] base::Result<base::Duration> parse_span(std::string_view text);

}  // namespace agent
