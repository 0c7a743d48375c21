#include "ftp/grammar/time_val.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace ftp {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kDigits = 14;

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : text.substr(at, digits)) {
        value = value * 10 + (c - '0');
    }
    return value;
}

// The first three digits behind the point; more are cut off.
base::Result<int> parse_fraction(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    const std::string_view digits = text.substr(1);
    if (text[0] != '.' || digits.empty() ||
        !std::all_of(digits.begin(), digits.end(), base::is_digit)) {
        return fail(Errc::kSyntax, "digits are expected behind the point");
    }
    const std::string padded = std::string(digits.substr(0, 3)) + "00";
    return number_at(padded, 0, 3);
}

}  // namespace

std::string format_time_val(base::WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
    std::string text = fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}",
                                   year,
                                   static_cast<unsigned>(date.month()),
                                   static_cast<unsigned>(date.day()),
                                   clock.hours().count(),
                                   clock.minutes().count(),
                                   clock.seconds().count());
    const auto milliseconds = clock.subseconds().count();
    return milliseconds == 0 ? text : text + fmt::format(".{:03}", milliseconds);
}

// time-val = 14DIGIT [ "." 1*DIGIT ]    ; RFC 3659 2.3
base::Result<base::WallTime> parse_time_val(std::string_view text) {
    if (text.size() < kDigits ||
        !std::all_of(text.begin(), text.begin() + kDigits, base::is_digit)) {
        return fail(Errc::kSyntax, "YYYYMMDDHHMMSS is expected");
    }
    TRY(const int milliseconds, parse_fraction(text.substr(kDigits)));
    const std::chrono::year_month_day date(
        std::chrono::year(number_at(text, 0, 4)),
        std::chrono::month(static_cast<unsigned>(number_at(text, 4, 2))),
        std::chrono::day(static_cast<unsigned>(number_at(text, 6, 2))));
    const int hour = number_at(text, 8, 2);
    const int minute = number_at(text, 10, 2);
    const int second = number_at(text, 12, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
        return fail(Errc::kSyntax, "there is no such time");
    }
    return base::WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
           std::chrono::minutes(minute) + std::chrono::seconds(std::min(second, 59)) +
           std::chrono::milliseconds(milliseconds);
}

}  // namespace ftp
