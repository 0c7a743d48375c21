// Dates as listings print them: of words, digits and guesses.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "ftp/client/remote_entry.h"

namespace ftp {

struct ListDate {
    base::WallTime time{};
    base::Duration precision{};
    std::size_t words = 0;  // that were used up
};

// At the beginning of `words`: "Nov 21 13:40", "Nov 21 2025", "21 Nov 2025", "2025-11-21 13:40:00.0 +0100",
// "11-21 13:40", with the months of a dozen languages. A date without a year is the latest one that is at most a day
// ahead of now.
[[nodiscard]] std::optional<ListDate> parse_unix_date(std::span<const std::string_view> words,
                                                      const ListingClock& clock);
// "04-27-00 09:09PM", "04-27-2000 21:09", "2000-04-27 21:09", "04/27/2000 09:09 PM", "27.04.00 21:09".
[[nodiscard]] std::optional<ListDate> parse_dos_date(std::span<const std::string_view> words,
                                                     const ListingClock& clock);
// "8-SEP-1996 16:09:12.34" and shorter.
[[nodiscard]] std::optional<ListDate> parse_vms_date(std::span<const std::string_view> words,
                                                     const ListingClock& clock);
// Whether three words look like a date with a month in a language that nobody foresaw.
[[nodiscard]] bool is_unknown_date(std::span<const std::string_view> words);

}  // namespace ftp
