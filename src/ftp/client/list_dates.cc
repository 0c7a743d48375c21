#include "ftp/client/list_dates.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace ftp {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths{
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

struct TimeOfDay {
    seconds since_midnight{0};
    base::Duration precision = days(1);
};

std::optional<unsigned> parse_month(std::string_view word) {
    if (word.ends_with('.') || word.ends_with(',')) {
        word.remove_suffix(1);
    }
    const auto* found = std::find_if(kMonths.begin(), kMonths.end(), [word](std::string_view name) {
        return base::iequals(word, name);
    });
    if (found == kMonths.end()) {
        return std::nullopt;
    }
    return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

std::optional<unsigned> parse_day(std::string_view word) {
    if (word.ends_with('.') || word.ends_with(',')) {
        word.remove_suffix(1);
    }
    const auto day = base::parse_number<unsigned>(word, 31U);
    return day && *day >= 1 ? day : std::nullopt;
}

// "2025" whole; "99" and "25" as IIS shortens them.
std::optional<int> parse_year(std::string_view word) {
    const auto year = base::parse_number<unsigned>(word, 9999U);
    if (!year || (word.size() != 4 && word.size() != 2)) {
        return std::nullopt;
    }
    if (word.size() == 4) {
        return static_cast<int>(*year);
    }
    return static_cast<int>(*year) + (*year < 70 ? 2000 : 1900);
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

// Month and day in either order, then a year or a time of day.
std::optional<ListDate> parse_named_month(std::span<const std::string_view> words,
                                          const ListingClock& clock) {
    if (words.size() < 3) {
        return std::nullopt;
    }
    const bool day_first = !parse_month(words[0]);
    const auto month = parse_month(words[day_first ? 1 : 0]);
    const auto day = parse_day(words[day_first ? 0 : 1]);
    if (!month || !day) {
        return std::nullopt;
    }
    if (const auto year = parse_year(words[2]); year && words[2].size() == 4) {
        return finish(make_time(*year, *month, *day, {}, clock), days(1), 3);
    }
    const auto time = parse_time(words[2]);
    if (!time) {
        return std::nullopt;
    }
    // ls -lT of BSD: "Nov 21 13:40:05 2025".
    if (words.size() > 3 && time->precision == seconds(1)) {
        if (const auto year = parse_year(words[3]); year && words[3].size() == 4) {
            return finish(make_time(*year, *month, *day, *time, clock), seconds(1), 4);
        }
    }
    return finish(guess_year(*month, *day, *time, clock), time->precision, 3);
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

// "2024-11-21", on mainframes "2024/11/21".
std::optional<ListDate> parse_iso(std::span<const std::string_view> words, ListingClock clock) {
    std::string_view date = words[0];
    const char separator = date.find('/') == std::string_view::npos ? '-' : '/';
    const auto year = parse_year(base::split_front(date, separator));
    const auto month = base::parse_number<unsigned>(base::split_front(date, separator), 12U);
    const auto day = base::parse_number<unsigned>(date, 31U);
    if (words[0].size() != 10 || !year || !month || !day) {
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
    return finish(make_time(*year, *month, *day, time.value_or(TimeOfDay{}), clock),
                  time ? time->precision : base::Duration(days(1)),
                  used);
}

// ls --time-style=iso: "11-21 13:40".
std::optional<ListDate> parse_short_iso(std::span<const std::string_view> words,
                                        const ListingClock& clock) {
    if (words.size() < 2 || words[0].size() != 5 || words[0][2] != '-') {
        return std::nullopt;
    }
    const auto month = base::parse_number<unsigned>(words[0].substr(0, 2), 12U);
    const auto day = base::parse_number<unsigned>(words[0].substr(3), 31U);
    const auto time = parse_time(words[1]);
    if (!month || !day || !time) {
        return std::nullopt;
    }
    return finish(guess_year(*month, *day, *time, clock), time->precision, 2);
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
    if (const auto iso = parse_iso(words, clock)) {
        return iso;
    }
    return parse_short_iso(words, clock);
}

std::optional<ListDate> parse_dos_date(std::span<const std::string_view> words,
                                       const ListingClock& clock) {
    if (words.size() < 2) {
        return std::nullopt;
    }
    if (const auto iso = parse_iso(words, clock); iso && iso->words == 2) {
        return iso;
    }
    std::string_view date = words[0];
    const char separator = date.find('/') == std::string_view::npos ? '-' : '/';
    const auto month = base::parse_number<unsigned>(base::split_front(date, separator), 12U);
    const auto day = base::parse_number<unsigned>(base::split_front(date, separator), 31U);
    const auto year = parse_year(date);
    auto time = parse_time(words[1]);
    if (!month || !day || !year || !time) {
        return std::nullopt;
    }
    std::size_t used = 2;
    if (words.size() > 2 && (words[2] == "AM" || words[2] == "PM")) {
        time = parse_time(std::string(words[1]) + std::string(words[2]));
        used = 3;
    }
    if (!time) {
        return std::nullopt;
    }
    return finish(make_time(*year, *month, *day, *time, clock), time->precision, used);
}

std::optional<ListDate> parse_vms_date(std::span<const std::string_view> words,
                                       const ListingClock& clock) {
    if (words.empty()) {
        return std::nullopt;
    }
    std::string_view date = words[0];
    const auto day = parse_day(base::split_front(date, '-'));
    const auto month = parse_month(base::split_front(date, '-'));
    const auto year = parse_year(date);
    if (!day || !month || !year) {
        return std::nullopt;
    }
    const auto time = words.size() > 1 ? parse_time(words[1]) : std::nullopt;
    return finish(make_time(*year, *month, *day, time.value_or(TimeOfDay{}), clock),
                  time ? time->precision : base::Duration(days(1)),
                  time ? 2 : 1);
}

}  // namespace ftp
