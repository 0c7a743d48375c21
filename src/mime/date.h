// Dates of RFC 5322 sections 3.3 and 4.3: every obsolete form is read, one form is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace mime {

struct Date {
    base::WallTime time{};   // the instant; whole seconds unless a fraction was written
    int offset_minutes = 0;  // east of Greenwich: "+0530" is 330
    bool offset_known =
        false;  // false for "-0000", military letters, unknown names and no zone at all

    friend bool operator==(const Date&, const Date&) = default;
};

// Reads a date in any order that mail programs have used: RFC 5322 and 822 with comments anywhere,
// two- and three-digit years, zone names; asctime (Tue Jul  1 10:52:37 2003), 01-Jul-2003, ISO
// 8601. Nothing when day, month and year cannot be found or name no day of the calendar. A missing
// or impossible time is midnight, such a zone UTC with `offset_known` false (RFC 5256 2.2). The day
// of the week is not held against the date: where they differ, the date is right more often.
[[nodiscard]] std::optional<Date> parse_date(std::string_view body);

// "Tue, 01 Jul 2003 10:52:37 +0200", in the given zone.
[[nodiscard]] std::string format_date(base::WallTime time, int offset_minutes);

}  // namespace mime
