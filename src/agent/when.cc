#include "agent/when.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "base/ascii.h"

namespace agent {

using base::Errc;

namespace {

constexpr std::uint64_t kSpanMax = 1'000'000;

struct Unit {
    std::string_view name;
    std::chrono::seconds length;
};

using namespace std::chrono_literals;

constexpr std::array kUnits{Unit{"s", 1s},
                            Unit{"sec", 1s},
                            Unit{"second", 1s},
                            Unit{"m", 1min},
                            Unit{"min", 1min},
                            Unit{"minute", 1min},
                            Unit{"h", 1h},
                            Unit{"hour", 1h},
                            Unit{"d", 24h},
                            Unit{"day", 24h},
                            Unit{"w", 168h},
                            Unit{"week", 168h}};

std::optional<std::chrono::seconds> unit_of(std::string_view name) {
    if (name.empty()) {
        return 1s;
    }
    if (name.size() > 2 && name.ends_with('s')) {
        name.remove_suffix(1);
    }
    const auto* const unit = std::find_if(
        kUnits.begin(), kUnits.end(), [name](const Unit& row) { return row.name == name; });
    return unit == kUnits.end() ? std::nullopt : std::optional(unit->length);
}

// Takes the front of `text` up to a blank or a sign.
std::string_view take_token(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of(" +"), text.size());
    const std::string_view token = text.substr(0, end);
    text = base::trim(text.substr(end));
    return token;
}

std::optional<int> number(std::string_view digits, int low, int high) {
    const auto value = base::parse_number<unsigned>(digits, static_cast<unsigned>(high));
    if (!value || static_cast<int>(*value) < low || digits.size() > 4) {
        return std::nullopt;
    }
    return static_cast<int>(*value);
}

// YYYY-MM-DD
bool take_date(std::string_view token, std::tm& time) {
    const auto year = number(base::split_front(token, '-'), 1970, 9999);
    const auto month = number(base::split_front(token, '-'), 1, 12);
    const auto day = number(token, 1, 31);
    if (!year || !month || !day) {
        return false;
    }
    time.tm_year = *year - 1900;
    time.tm_mon = *month - 1;
    time.tm_mday = *day;
    return true;
}

// H:MM[:SS]
bool take_time(std::string_view token, std::tm& time) {
    const auto hour = number(base::split_front(token, ':'), 0, 23);
    const auto minute = number(base::split_front(token, ':'), 0, 59);
    const auto second = token.empty() ? std::optional(0) : number(token, 0, 59);
    if (!hour || !minute || !second) {
        return false;
    }
    time.tm_hour = *hour;
    time.tm_min = *minute;
    time.tm_sec = *second;
    return true;
}

bool take_day(std::string_view token, std::tm& time) {
    constexpr std::array<std::pair<std::string_view, int>, 3> kDays{
        {{"yesterday", -1}, {"today", 0}, {"tomorrow", 1}}};
    const auto* const day = std::find_if(
        kDays.begin(), kDays.end(), [token](const auto& row) { return row.first == token; });
    if (day == kDays.end()) {
        return take_date(token, time);
    }
    time.tm_mday += day->second;
    return true;
}

// Local midnight of `now`'s day.
std::tm midnight(base::WallTime now) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now));
    std::tm time{};
    ::localtime_r(&seconds, &time);
    time.tm_hour = time.tm_min = time.tm_sec = 0;
    time.tm_isdst = -1;  // as it is then
    return time;
}

// The moment that `text` begins with, which is taken away; `now` where it begins with a sign.
std::optional<base::WallTime> take_moment(std::string_view& text, base::WallTime now) {
    if (text.starts_with('+') || text.starts_with('-')) {
        return now;
    }
    if (text.starts_with("now")) {
        text = base::trim(text.substr(3));
        return now;
    }
    std::tm time = midnight(now);
    std::string_view behind = text;
    const bool day = take_day(take_token(behind), time);
    text = day ? behind : text;
    behind = text;
    const bool clock = take_time(take_token(behind), time);
    text = clock ? behind : text;
    if (!day && !clock) {
        return std::nullopt;
    }
    return base::WallTime(std::chrono::seconds(std::mktime(&time)));
}

}  // namespace

base::Result<base::Duration> parse_span(std::string_view text) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto count = base::parse_u64(text.substr(0, end), kSpanMax);
    const auto unit = unit_of(base::trim(text.substr(end)));
    if (!count || !unit) {
        return base::fail(Errc::kSyntax,
                          fmt::format("{} is no span of time; write 90s, 5min, 2h or 7days", text));
    }
    return static_cast<std::int64_t>(*count) * base::Duration(*unit);
}

base::Result<base::WallTime> parse_when(std::string_view text, base::WallTime now) {
    std::string_view rest = base::trim(text);
    auto when = rest.empty() ? std::nullopt : take_moment(rest, now);
    while (when && !rest.empty()) {
        const char sign = rest[0];
        rest.remove_prefix(1);
        const std::size_t end = std::min(rest.find_first_of("+-"), rest.size());
        const auto span = parse_span(base::trim(rest.substr(0, end)));
        rest.remove_prefix(end);
        if ((sign != '+' && sign != '-') || !span) {
            when.reset();
        } else {
            const auto step = std::chrono::floor<std::chrono::milliseconds>(*span);
            when = sign == '+' ? *when + step : *when - step;
        }
    }
    if (!when) {
        return base::fail(
            Errc::kSyntax,
            fmt::format("{} is no time; write now-7days, 03:00 or \"2026-01-31 08:00\"", text));
    }
    return *when;
}

}  // namespace agent
