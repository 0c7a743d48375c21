#include "mime/date.h"

#include <fmt/core.h>

#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "mime/lexer.h"

namespace mime {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct NamedZone {
    std::string_view name;
    int minutes;
};

// obs-zone = "UT" / "GMT" / "EST" / "EDT" / ...      RFC 5322 4.3; behind "Z", what else is seen.
constexpr std::array kZones = {
    NamedZone{"UT", 0},     NamedZone{"GMT", 0},    NamedZone{"EST", -300}, NamedZone{"EDT", -240},
    NamedZone{"CST", -360}, NamedZone{"CDT", -300}, NamedZone{"MST", -420}, NamedZone{"MDT", -360},
    NamedZone{"PST", -480}, NamedZone{"PDT", -420}, NamedZone{"Z", 0},      NamedZone{"UTC", 0},
    NamedZone{"WET", 0},    NamedZone{"WEST", 60},  NamedZone{"CET", 60},   NamedZone{"MET", 60},
    NamedZone{"CEST", 120}, NamedZone{"MEST", 120}, NamedZone{"EET", 120},  NamedZone{"EEST", 180},
    NamedZone{"MSK", 180},  NamedZone{"JST", 540},  NamedZone{"HST", -600},
};

std::optional<unsigned> month_of(std::string_view word) {
    for (unsigned i = 0; word.size() >= 3 && i < kMonths.size(); ++i) {
        if (base::iequals(word.substr(0, 3), kMonths[i])) {
            return i + 1;
        }
    }
    return std::nullopt;
}

struct Number {
    int value = 0;
    std::size_t digits = 0;
};

// The pieces of a date as they turn up, in whatever order.
class DateReader {
  public:
    explicit DateReader(std::string_view body) : lexer_(body) {}

    std::optional<Date> read();

  private:
    Number number();
    void on_number();
    void on_time(int hour);
    void on_word();
    void on_sign();
    void on_date_number(Number number);
    void on_twelve_hours(std::string_view word);

    [[nodiscard]] bool complete() const { return have_time_ && have_zone_ && year_; }

    [[nodiscard]] std::chrono::milliseconds time_of_day() const;
    [[nodiscard]] std::optional<Date> result() const;

    Lexer lexer_;
    std::optional<int> year_;
    std::optional<unsigned> month_;
    std::optional<unsigned> day_;
    int hour_ = 0;
    int minute_ = 0;
    int second_ = 0;
    int milliseconds_ = 0;
    bool have_time_ = false;
    bool have_zone_ = false;
    bool zone_known_ = false;
    int zone_minutes_ = 0;
};

// Nine digits are all that any piece of a date needs; more are read and make the number useless.
Number DateReader::number() {
    Number result;
    while (base::is_digit(lexer_.peek())) {
        result.value = result.digits < 9 ? result.value * 10 + (lexer_.peek() - '0') : 999'999'999;
        ++result.digits;
        lexer_.advance();
    }
    return result;
}

// time-of-day = hour ":" minute [ ":" second ]      RFC 5322 3.3
void DateReader::on_time(int hour) {
    have_time_ = true;
    hour_ = hour;
    lexer_.skip_cfws();
    minute_ = number().value;
    lexer_.skip_cfws();
    if (lexer_.consume(':') || lexer_.consume('.')) {
        lexer_.skip_cfws();
        second_ = number().value;
        if ((lexer_.peek() == '.' || lexer_.peek() == ',') && lexer_.rest().size() > 1 &&
            base::is_digit(lexer_.rest()[1])) {
            lexer_.advance();
            int scale = 100;
            for (; base::is_digit(lexer_.peek()); scale /= 10, lexer_.advance()) {
                milliseconds_ += (lexer_.peek() - '0') * scale;
            }
        }
    }
}

// RFC 5322 4.3: two digits up to 49 count from 2000, all other two and three digits from 1900.
int full_year(Number number) {
    if (number.digits == 2) {
        return number.value + (number.value < 50 ? 2000 : 1900);
    }
    return number.digits == 3 ? number.value + 1900 : number.value;
}

// "21 Nov 97" and "20 11 79" by position; "2003-07-01" and "Jul 1 2003" by the year's four digits.
void DateReader::on_date_number(Number number) {
    const bool month_first = year_ && !month_ && !day_;
    if (!year_ && (number.digits > 2 || (day_ && month_))) {
        year_ = full_year(number);
    } else if (!day_ && !month_first) {
        day_ = static_cast<unsigned>(number.value);
    } else if (!month_) {
        month_ = static_cast<unsigned>(number.value);
    }
}

void DateReader::on_number() {
    const Number first = number();
    lexer_.skip_cfws();
    const bool dotted = lexer_.peek() == '.' && first.digits <= 2 && year_ && month_ && day_;
    if (!have_time_ && (lexer_.peek() == ':' || dotted)) {
        lexer_.advance();
        on_time(first.value);
    } else {
        on_date_number(first);
    }
}

void DateReader::on_twelve_hours(std::string_view word) {
    if (base::iequals(word, "PM") && hour_ < 12) {
        hour_ += 12;
    } else if (base::iequals(word, "AM") && hour_ == 12) {
        hour_ = 0;
    }
}

void DateReader::on_word() {
    const std::size_t begin = lexer_.position();
    while (base::is_alpha(lexer_.peek())) {
        lexer_.advance();
    }
    const std::string_view word = lexer_.text().substr(begin, lexer_.position() - begin);
    if (!month_ && month_of(word)) {
        month_ = month_of(word);
    } else if (have_time_ && (base::iequals(word, "AM") || base::iequals(word, "PM"))) {
        on_twelve_hours(word);
    } else if (have_time_ && !have_zone_) {
        for (const NamedZone& zone : kZones) {
            if (base::iequals(word, zone.name)) {
                have_zone_ = zone_known_ = true;
                zone_minutes_ = zone.minutes;
            }
        }
    }
}

// zone = (FWS ( "+" / "-" ) 4DIGIT) / (FWS obs-zone)      RFC 5322 3.3
void DateReader::on_sign() {
    const bool west = lexer_.peek() == '-';
    lexer_.advance();
    if (!have_time_ || have_zone_ || !base::is_digit(lexer_.peek())) {
        return;
    }
    Number zone = number();
    if (zone.digits <= 2) {
        zone.value *= 100;
        if (lexer_.consume(':')) {
            zone.value += number().value;
        }
    }
    have_zone_ = true;
    zone_known_ = zone.value <= 9959 && zone.value % 100 < 60 && (!west || zone.value != 0);
    zone_minutes_ = zone_known_ ? zone.value / 100 * 60 + zone.value % 100 : 0;
    zone_minutes_ = west ? -zone_minutes_ : zone_minutes_;
}

std::optional<Date> DateReader::read() {
    while (lexer_.skip_cfws(), !lexer_.at_end() && !complete()) {
        const char c = lexer_.peek();
        if (base::is_digit(c)) {
            on_number();
        } else if (base::is_alpha(c)) {
            on_word();
        } else if (c == '+' || c == '-') {
            on_sign();
        } else {
            lexer_.advance();
        }
    }
    return result();
}

// RFC 5256 2.2: a time that no clock shows is midnight.
std::chrono::milliseconds DateReader::time_of_day() const {
    if (hour_ > 23 || minute_ > 59 || second_ > 60) {
        return {};
    }
    return hours{hour_} + minutes{minute_} + seconds{second_} +
           std::chrono::milliseconds{milliseconds_};
}

std::optional<Date> DateReader::result() const {
    if (!year_ || !month_ || !day_ || *year_ > 9999 || *month_ > 12 || *day_ > 31) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{
        std::chrono::year{*year_}, std::chrono::month{*month_}, std::chrono::day{*day_}};
    if (!date.ok()) {
        return std::nullopt;
    }
    const auto local = sys_days{date} + time_of_day();
    return Date{local - minutes{zone_minutes_}, zone_minutes_, zone_known_};
}

}  // namespace

std::optional<Date> parse_date(std::string_view body) {
    return DateReader(body).read();
}

std::string format_date(base::WallTime time, int offset_minutes) {
    const auto local = std::chrono::floor<seconds>(time) + minutes{offset_minutes};
    const auto day = std::chrono::floor<days>(local);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{local - day};
    const int zone = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                       kDays[std::chrono::weekday{day}.c_encoding()],
                       static_cast<unsigned>(date.day()),
                       kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()),
                       clock.hours().count(),
                       clock.minutes().count(),
                       clock.seconds().count(),
                       offset_minutes < 0 ? '-' : '+',
                       zone / 60,
                       zone % 60);
}

}  // namespace mime
