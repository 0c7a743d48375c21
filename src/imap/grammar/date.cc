#include "imap/grammar/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/ascii.h"

namespace imap {
namespace {

using base::Result;

constexpr std::array<std::string_view, 12> kMonths = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::int64_t since_epoch_s(std::chrono::sys_days date) {
    return std::int64_t{date.time_since_epoch().count()} * 86400;
}

// What is read is written in UTC, where its year has four digits as well.
constexpr std::int64_t kWrittenFrom =
    since_epoch_s(std::chrono::year(0) / std::chrono::January / 1);
constexpr std::int64_t kWrittenTo =
    since_epoch_s(std::chrono::year(10'000) / std::chrono::January / 1);

Result<unsigned> parse_digits(Scanner& scanner, std::size_t least, std::size_t most) {
    const std::string_view digits = scanner.take_while(base::is_digit);
    const auto value = base::parse_number<unsigned>(digits);
    if (digits.size() < least || digits.size() > most || !value) {
        return syntax_error("no number in a date");
    }
    return *value;
}

Result<unsigned> parse_month(Scanner& scanner) {
    const std::string_view name = scanner.take_while(base::is_alpha);
    const auto* const month = std::find_if(
        kMonths.begin(), kMonths.end(), [name](auto known) { return base::iequals(name, known); });
    if (month == kMonths.end()) {
        return syntax_error("no month");
    }
    return static_cast<unsigned>(month - kMonths.begin()) + 1;
}

//  date-text = date-day "-" date-month "-" date-year       date-day = 1*2DIGIT
Result<std::chrono::sys_days> parse_date_text(Scanner& scanner) {
    TRY(const unsigned day, parse_digits(scanner, 1, 2));
    TRY_VOID(scanner.expect('-'));
    TRY(const unsigned month, parse_month(scanner));
    TRY_VOID(scanner.expect('-'));
    TRY(const unsigned year, parse_digits(scanner, 4, 4));
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(month),
                                           std::chrono::day(day));
    if (!date.ok()) {
        return syntax_error("no day of the calendar");
    }
    return std::chrono::sys_days(date);
}

//  time = 2DIGIT ":" 2DIGIT ":" 2DIGIT     ; a leap second may be there
Result<std::int64_t> parse_time(Scanner& scanner) {
    TRY(const unsigned hour, parse_digits(scanner, 2, 2));
    TRY_VOID(scanner.expect(':'));
    TRY(const unsigned minute, parse_digits(scanner, 2, 2));
    TRY_VOID(scanner.expect(':'));
    TRY(const unsigned second, parse_digits(scanner, 2, 2));
    if (hour > 23 || minute > 59 || second > 60) {
        return syntax_error("no time of the day");
    }
    return hour * 3600 + minute * 60 + second;
}

//  zone = ("+" / "-") 4DIGIT
Result<std::int64_t> parse_zone(Scanner& scanner) {
    const bool west = scanner.take('-');
    if (!west) {
        TRY_VOID(scanner.expect('+'));
    }
    TRY(const unsigned zone, parse_digits(scanner, 4, 4));
    if (zone % 100 > 59) {
        return syntax_error("no time zone");
    }
    const std::int64_t seconds = std::int64_t{zone / 100} * 3600 + std::int64_t{zone % 100} * 60;
    return west ? -seconds : seconds;
}

}  // namespace

//  date = date-text / DQUOTE date-text DQUOTE
Result<std::chrono::sys_days> parse_date(Scanner& scanner) {
    if (!scanner.take('"')) {
        return parse_date_text(scanner);
    }
    TRY(const auto date, parse_date_text(scanner));
    TRY_VOID(scanner.expect('"'));
    return date;
}

//  date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
//  date-day-fixed = (SP DIGIT) / 2DIGIT
Result<std::int64_t> parse_date_time(Scanner& scanner) {
    TRY_VOID(scanner.expect('"'));
    static_cast<void>(scanner.take(' '));
    TRY(const auto date, parse_date_text(scanner));
    TRY_VOID(scanner.space());
    TRY(const std::int64_t time, parse_time(scanner));
    TRY_VOID(scanner.space());
    TRY(const std::int64_t zone, parse_zone(scanner));
    TRY_VOID(scanner.expect('"'));
    const std::int64_t seconds = since_epoch_s(date) + time - zone;
    if (seconds < kWrittenFrom || seconds >= kWrittenTo) {
        return syntax_error("no year of four digits in UTC");
    }
    return seconds;
}

void append_date_time(std::string& out, std::int64_t seconds) {
    const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    const auto days = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(days);
    const std::chrono::hh_mm_ss clock(time - days);
    fmt::format_to(std::back_inserter(out),
                   "\"{:02}-{}-{:04} {:02}:{:02}:{:02} +0000\"",
                   static_cast<unsigned>(date.day()),
                   kMonths[static_cast<unsigned>(date.month()) - 1],
                   static_cast<int>(date.year()),
                   clock.hours().count(),
                   clock.minutes().count(),
                   clock.seconds().count());
}

}  // namespace imap
