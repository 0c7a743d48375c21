#include "ftp/client/list_dates.h"

#include <algorithm>

#include "base/ascii.h"
#include "ftp/client/list_months.h"

namespace ftp {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct TimeOfDay {
    seconds since_midnight{0};
    base::Duration precision = days(1);
};

std::optional<unsigned> parse_day(std::string_view word) {
    return parse_counted(word, 31);
}

// POSIX strptime(3), %y: 69 to 99 are of the last century.
constexpr unsigned kFirstYearOf1900 = 69;

// "2025" whole; "99" and "25" as IIS shortens them; "103" where 2003 came as a surprise.
std::optional<int> parse_year(std::string_view word) {
    const auto year = base::parse_number<unsigned>(word, 9999U);
    if (!year || word.size() < 2 || word.size() > 4 || (word.size() == 3 && word[0] != '1')) {
        return std::nullopt;
    }
    if (word.size() == 4) {
        return static_cast<int>(*year);
    }
    return static_cast<int>(*year) + (*year < kFirstYearOf1900 ? 2000 : 1900);
}

// "13:40", "13:40:05", "13:40:05.123", "9:09PM", "09:09P".
std::optional<TimeOfDay> parse_time(std::string_view word) {
    bool afternoon = false;
    bool twelve_hours = false;
    if (word.ends_with('M') || word.ends_with('m')) {
        word.remove_suffix(1);
    }
    if (!word.empty() &&
        (base::to_upper(word.back()) == 'P' || base::to_upper(word.back()) == 'A')) {
        twelve_hours = true;
        afternoon = base::to_upper(word.back()) == 'P';
        word.remove_suffix(1);
    }
    if (word.find(':') == std::string_view::npos) {
        return std::nullopt;
    }
    const auto hour = base::parse_number<unsigned>(base::split_front(word, ':'), 24U);
    const auto minute = base::parse_number<unsigned>(base::split_front(word, ':'), 59U);
    if (!hour || !minute || (twelve_hours && (*hour == 0 || *hour > 12))) {
        return std::nullopt;
    }
    TimeOfDay time{.since_midnight = minutes(*minute), .precision = minutes(1)};
    const unsigned real_hour = twelve_hours ? (*hour % 12) + (afternoon ? 12 : 0) : *hour;
    time.since_midnight += hours(real_hour);
    if (!word.empty()) {
        const auto second = base::parse_number<unsigned>(base::split_front(word, '.'), 60U);
        if (!second) {
            return std::nullopt;
        }
        time.since_midnight += seconds(*second);
        time.precision = seconds(1);
    }
    return time;
}

std::optional<base::WallTime> make_time(
    int year, unsigned month, unsigned day, const TimeOfDay& time, const ListingClock& clock) {
    const std::chrono::year_month_day date{
        std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) {
        return std::nullopt;
    }
    return base::WallTime(std::chrono::sys_days(date) + time.since_midnight - clock.zone);
}

// A listing leaves the year out for files of the last half year; one day ahead allows for clocks and zones.
std::optional<base::WallTime> guess_year(unsigned month,
                                         unsigned day,
                                         const TimeOfDay& time,
                                         const ListingClock& clock) {
    const std::chrono::year_month_day today(std::chrono::floor<days>(clock.now));
    // Eight years back at most: a 29 February.
    for (int back = -1; back <= 8; ++back) {
        const auto moment =
            make_time(static_cast<int>(today.year()) - back, month, day, time, clock);
        if (moment && *moment <= clock.now + days(1)) {
            return moment;
        }
    }
    return std::nullopt;
}

std::optional<ListDate> finish(std::optional<base::WallTime> time,
                               base::Duration precision,
                               std::size_t words) {
    if (!time) {
        return std::nullopt;
    }
    return ListDate{.time = *time, .precision = precision, .words = words};
}

// Behind month and day: a time of day, a year, or both in either order, as ls -lT of BSD has it ("13:40:05 2025") and
// VShell ("08, 2002 09:47").
std::optional<ListDate> parse_year_or_time(unsigned month,
                                           unsigned day,
                                           std::span<const std::string_view> words,
                                           const ListingClock& clock) {
    const std::string_view second = words.size() > 3 ? words[3] : "";
    if (const auto year = parse_counted(words[2], 9999); year && *year >= 1000) {
        const auto time = words[1].ends_with(',') ? parse_time(second) : std::nullopt;
        return finish(
            make_time(static_cast<int>(*year), month, day, time.value_or(TimeOfDay{}), clock),
            time ? time->precision : base::Duration(days(1)),
            time ? 4 : 3);
    }
    const auto time = parse_time(words[2]);
    if (!time) {
        return std::nullopt;
    }
    if (time->precision == seconds(1) && second.size() == 4) {
        if (const auto year = parse_year(second)) {
            return finish(make_time(*year, month, day, *time, clock), seconds(1), 4);
        }
    }
    return finish(guess_year(month, day, *time, clock), time->precision, 3);
}

// Month and day in either order, then a year or a time of day.
std::optional<ListDate> parse_named_month(std::span<const std::string_view> words,
                                          const ListingClock& clock) {
    if (words.size() < 3) {
        return std::nullopt;
    }
    const bool day_first = !parse_month(words[0]);
    auto month = parse_month(words[day_first ? 1 : 0]);
    auto day = parse_day(words[day_first ? 0 : 1]);
    if (!month && parse_time(words[2])) {
        month = parse_counted(words[0], 12);  // "3 29 03:26"
        day = parse_day(words[1]);
    }
    if (!month || !day) {
        return std::nullopt;
    }
    return parse_year_or_time(*month, *day, words, clock);
}

bool begins_with_digit(std::string_view word) {
    return !word.empty() && base::is_digit(word[0]);
}

// East Asia's order: a year, a month with its unit, a day. Where a time or a year follows, what looks like the first year is
// a file's size.
std::optional<ListDate> parse_year_first(std::span<const std::string_view> words,
                                         const ListingClock& clock) {
    if (words.size() < 3 || words[0].size() < 4 || !begins_with_digit(words[1])) {
        return std::nullopt;
    }
    const auto year = parse_counted(words[0], 9999);
    const auto month = parse_month(words[1]);
    const auto day = parse_day(words[2]);
    const bool is_size =
        words.size() > 3 && (parse_time(words[3]) || parse_counted(words[3], 9999));
    if (!year || *year < 1000 || !month || !day || is_size) {
        return std::nullopt;
    }
    return finish(make_time(static_cast<int>(*year), *month, *day, {}, clock), days(1), 3);
}

// "+0100" as ls --full-time prints it.
std::optional<minutes> parse_zone(std::string_view word) {
    if (word.size() != 5 || (word[0] != '+' && word[0] != '-')) {
        return std::nullopt;
    }
    const auto hour = base::parse_number<unsigned>(word.substr(1, 2), 14U);
    const auto minute = base::parse_number<unsigned>(word.substr(3), 59U);
    if (!hour || !minute) {
        return std::nullopt;
    }
    const minutes ahead = hours(*hour) + minutes(*minute);
    return word[0] == '-' ? -ahead : ahead;
}

// A date that is one word: "2024-11-21", "2024/11/21", "11-21-24", "21-NOV-2024", "Nov-21-2024"; dots have the day
// first, "21.11.2024", and so has whoever says a month above twelve.
std::optional<std::chrono::year_month_day> parse_joined(std::string_view word) {
    const std::size_t at = word.find_first_of("-/.");
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const char separator = word[at];
    const std::string_view first = base::split_front(word, separator);
    const std::string_view second = base::split_front(word, separator);
    if (word.empty() || without_marks(word) != word) {
        return std::nullopt;
    }
    const bool year_first = first.size() == 4 && base::is_digit(first[0]);
    const auto year = parse_year(year_first ? first : word);
    auto month = year_first ? base::parse_number<unsigned>(second, 12U) : parse_month(first);
    auto day = parse_day(year_first ? word : second);
    if (!year_first && !month) {
        month = parse_month(second);
        day = parse_day(month ? first : second);
    }
    if (!month && !year_first) {
        const auto one = parse_day(first);
        const bool swapped = separator == '.' || one.value_or(0) > 12;
        month = base::parse_number<unsigned>(swapped ? second : first, 12U);
        day = parse_day(swapped ? first : second);
    }
    if (!year || !month || !day) {
        return std::nullopt;
    }
    return std::chrono::year_month_day{
        std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
}

std::optional<ListDate> finish_joined(const std::chrono::year_month_day& date,
                                      const std::optional<TimeOfDay>& time,
                                      const ListingClock& clock,
                                      std::size_t words) {
    return finish(make_time(static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()),
                            static_cast<unsigned>(date.day()),
                            time.value_or(TimeOfDay{}),
                            clock),
                  time ? time->precision : base::Duration(days(1)),
                  words);
}

// With the time behind it, and its zone as ls --full-time has it.
std::optional<ListDate> parse_joined_and_time(std::span<const std::string_view> words,
                                              ListingClock clock) {
    const auto date = parse_joined(words[0]);
    if (!date) {
        return std::nullopt;
    }
    const auto time = words.size() > 1 ? parse_time(words[1]) : std::nullopt;
    std::size_t used = time ? 2 : 1;
    if (time && words.size() > 2) {
        if (const auto zone = parse_zone(words[2])) {
            clock.zone = *zone;
            used = 3;
        }
    }
    return finish_joined(*date, time, clock, used);
}

// ls --time-style=iso: "11-21 13:40"; elsewhere "09-26 2000".
std::optional<ListDate> parse_short_iso(std::span<const std::string_view> words,
                                        const ListingClock& clock) {
    if (words.size() < 2 || words[0].size() != 5 || words[0][2] != '-') {
        return std::nullopt;
    }
    const auto month = base::parse_number<unsigned>(words[0].substr(0, 2), 12U);
    const auto day = base::parse_number<unsigned>(words[0].substr(3), 31U);
    const auto time = parse_time(words[1]);
    if (!month || !day) {
        return std::nullopt;
    }
    if (const auto year = parse_year(words[1]); year && words[1].size() == 4) {
        return finish(make_time(*year, *month, *day, {}, clock), days(1), 2);
    }
    return time ? finish(guess_year(*month, *day, *time, clock), time->precision, 2) : std::nullopt;
}

}  // namespace

std::optional<ListDate> parse_unix_date(std::span<const std::string_view> words,
                                        const ListingClock& clock) {
    if (words.empty()) {
        return std::nullopt;
    }
    if (const auto named = parse_named_month(words, clock)) {
        return named;
    }
    if (const auto joined = parse_joined_and_time(words, clock)) {
        return joined;
    }
    if (const auto short_iso = parse_short_iso(words, clock)) {
        return short_iso;
    }
    return parse_year_first(words, clock);
}

std::optional<ListDate> parse_dos_date(std::span<const std::string_view> words,
                                       const ListingClock& clock) {
    if (words.size() < 2) {
        return std::nullopt;
    }
    const auto date = parse_joined(words[0]);
    auto time = parse_time(words[1]);
    if (!date || !time) {
        return std::nullopt;
    }
    std::size_t used = 2;
    if (words.size() > 2 && (words[2] == "AM" || words[2] == "PM")) {
        time = parse_time(std::string(words[1]) + std::string(words[2]));
        used = 3;
    }
    return time ? finish_joined(*date, time, clock, used) : std::nullopt;
}

std::optional<ListDate> parse_vms_date(std::span<const std::string_view> words,
                                       const ListingClock& clock) {
    const auto date = words.empty() || words[0].find('-') == std::string_view::npos
                          ? std::nullopt
                          : parse_joined(words[0]);
    if (!date) {
        return std::nullopt;
    }
    const auto time = words.size() > 1 ? parse_time(words[1]) : std::nullopt;
    return finish_joined(*date, time, clock, time ? 2 : 1);
}

// What no table knows still stands where a month does.
bool is_unknown_date(std::span<const std::string_view> words) {
    if (words.size() < 3) {
        return false;
    }
    const bool has_end = parse_time(words[2]) || (words[2].size() == 4 && parse_year(words[2]));
    const auto is_name = [](std::string_view word) {
        return std::none_of(word.begin(), word.end(), base::is_digit);
    };
    return has_end && ((parse_day(words[0]) && is_name(words[1])) ||
                       (is_name(words[0]) && parse_day(words[1])));
}

}  // namespace ftp
