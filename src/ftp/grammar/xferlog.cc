#include "ftp/grammar/xferlog.h"

#include <fmt/format.h>

#include "base/ascii.h"

namespace ftp {
namespace {

std::string one_word(std::string_view text) {
    std::string word(text.empty() ? "?" : text);
    for (char& c : word) {
        c = base::is_control(c) || c == ' ' ? '_' : c;
    }
    return word;
}

// "Sat Nov 21 13:40:00 2026"
std::string format_time(base::WallTime time) {
    static constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
    static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format(
        "{} {} {:2} {:02}:{:02}:{:02} {}",
        kDays.substr(std::size_t{std::chrono::weekday(day).c_encoding()} * 3, 3),
        kMonths.substr((static_cast<unsigned>(date.month()) - std::size_t{1}) * 3, 3),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        static_cast<int>(date.year()));
}

}  // namespace

// current-time transfer-time remote-host file-size filename transfer-type special-action-flag direction
// access-mode username service-name authentication-method authenticated-user-id completion-status
std::string format_xferlog(const TransferRecord& record) {
    return fmt::format("{} {} {} {} {} {} _ {} {} {} ftp 0 * {}\n",
                       format_time(record.ended + record.utc_offset),
                       record.took_s,
                       one_word(record.peer),
                       record.octets,
                       one_word(record.path),
                       record.text ? 'a' : 'b',
                       record.incoming ? 'i' : 'o',
                       record.anonymous ? 'a' : 'r',
                       one_word(record.user),
                       record.complete ? 'c' : 'i');
}

}  // namespace ftp
