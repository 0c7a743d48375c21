// Months and counted days as listings of many tongues name them; of list_dates.cc alone.
#pragma once

#include <optional>
#include <string_view>

namespace ftp {

// Without the "." and "," that some tongues put behind months and days.
[[nodiscard]] std::string_view without_marks(std::string_view word);
// 1 to `max`: "4" of "4", and of the "4\u6708" (month) of East Asia, whatever its encoding.
[[nodiscard]] std::optional<unsigned> parse_counted(std::string_view word, unsigned max);
// 1 to 12 of a month's name, or of its number with a unit behind it.
[[nodiscard]] std::optional<unsigned> parse_month(std::string_view word);

}  // namespace ftp
