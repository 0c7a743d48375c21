// Dates: RFC 5322 appendix A and 4.3, and the forms of other times and programs.
#include "mime/date.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/ascii.h"

namespace mime {
namespace {

std::string dump(std::string_view body) {
    const auto date = parse_date(body);
    if (!date) {
        return "none";
    }
    const std::string text = format_date(date->time, date->offset_minutes);
    const auto milliseconds = date->time.time_since_epoch().count() % 1000;
    return text + (date->offset_known ? "" : " unknown") +
           (milliseconds == 0 ? "" : fmt::format(" +{}ms", milliseconds));
}

struct Row {
    std::string_view body;
    std::string_view expected;
};

constexpr Row kRows[] = {
    // RFC 5322 appendix A.1 to A.5.
    {"Fri, 21 Nov 1997 09:55:06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"},
    {"Tue, 1 Jul 2003 10:52:37 +0200", "Tue, 01 Jul 2003 10:52:37 +0200"},
    {"Thu, 13 Feb 1969 23:32:54 -0330", "Thu, 13 Feb 1969 23:32:54 -0330"},
    {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 "
     "(Newfoundland Time)",
     "Thu, 13 Feb 1969 23:32:00 -0330"},
    // A.6.2 and 4.3: obsolete.
    {"21 Nov 97 09:55:06 GMT", "Fri, 21 Nov 1997 09:55:06 +0000"},
    {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "Fri, 21 Nov 1997 09:55:06 -0600"},
    {"1 Jan 49 00:00 UT", "Fri, 01 Jan 2049 00:00:00 +0000"},
    {"1 Jan 50 00:00 EST", "Sun, 01 Jan 1950 00:00:00 -0500"},
    {"1 Jan 103 00:00 EDT", "Wed, 01 Jan 2003 00:00:00 -0400"},
    {"1 Jan 00 00:00 Z", "Sat, 01 Jan 2000 00:00:00 +0000"},
    {"4 Jul 1976 12:00:00 A", "Sun, 04 Jul 1976 12:00:00 +0000 unknown"},
    {"4 Jul 1976 12:00:00 y", "Sun, 04 Jul 1976 12:00:00 +0000 unknown"},
    {"4 Jul 1976 12:00:00 -0000", "Sun, 04 Jul 1976 12:00:00 +0000 unknown"},
    {"4 Jul 1976 12:00:00 LMT", "Sun, 04 Jul 1976 12:00:00 +0000 unknown"},
    {"4 Jul 1976 12:00:00 CST", "Sun, 04 Jul 1976 12:00:00 -0600"},
    {"4 Jul 1976 12:00:00 PDT", "Sun, 04 Jul 1976 12:00:00 -0700"},
    {"4 Jul 1976 12:00:00", "Sun, 04 Jul 1976 12:00:00 +0000 unknown"},
    {"1 Jul 2003 (comment (nested) \\) here) 10:52:37 +0200", "Tue, 01 Jul 2003 10:52:37 +0200"},
    // Other programs.
    {"Tue Jul  1 10:52:37 2003", "Tue, 01 Jul 2003 10:52:37 +0000 unknown"},
    {"Tue Jul  1 10:52:37 CEST 2003", "Tue, 01 Jul 2003 10:52:37 +0200"},
    {"Tue, 01-Jul-2003 10:52:37 GMT", "Tue, 01 Jul 2003 10:52:37 +0000"},
    {"01-Jul-03 10.52.37 +0100", "Tue, 01 Jul 2003 10:52:37 +0100"},
    {"2003-07-01T10:52:37Z", "Tue, 01 Jul 2003 10:52:37 +0000"},
    {"2003-07-01 10:52:37.250+05:30", "Tue, 01 Jul 2003 10:52:37 +0530 +250ms"},
    {"July 1, 2003 10:52:37 PM -0700", "Tue, 01 Jul 2003 22:52:37 -0700"},
    {"1 Jul 2003 12:05 AM +0000", "Tue, 01 Jul 2003 00:05:00 +0000"},
    {"Tuesday, 1 July 2003 10:52 +02", "Tue, 01 Jul 2003 10:52:00 +0200"},
    {"Fri, 1 Jul 2003 10:52:37 +0200 (the wrong day)", "Tue, 01 Jul 2003 10:52:37 +0200"},
    {"20 11 79 05:34:27 -0300", "Tue, 20 Nov 1979 05:34:27 -0300"},
    {"1 Jul 2003", "Tue, 01 Jul 2003 00:00:00 +0000 unknown"},
    {"31 Dec 2016 23:59:60 +0000", "Sun, 01 Jan 2017 00:00:00 +0000"},
    {"29 Feb 2000 00:00:00 +0000", "Tue, 29 Feb 2000 00:00:00 +0000"},
    {"Mon, 1 Jan 2024 00:00:00 +9999", "Mon, 01 Jan 2024 00:00:00 +0000 unknown"},
    {"Mon, 1 Jan 2024 00:00:00 +1400", "Mon, 01 Jan 2024 00:00:00 +1400"},
    {"Mon, 1 Jan 2024 00:00:00 GMT+0100", "Mon, 01 Jan 2024 00:00:00 +0000"},
    // No time of the day, no zone: RFC 5256 2.2.
    {"1 Jan 2001 24:00:00 +0000", "Mon, 01 Jan 2001 00:00:00 +0000"},
    {"1 Jan 2001 25:00:00 +0100", "Mon, 01 Jan 2001 00:00:00 +0100"},
    {"1 Jan 2001 12:60:00 +0000", "Mon, 01 Jan 2001 00:00:00 +0000"},
    {"1 Jan 2001 12:30:61.5 +0000", "Mon, 01 Jan 2001 00:00:00 +0000"},
    {"1 Jan 2001 999999999999:00 +0000", "Mon, 01 Jan 2001 00:00:00 +0000"},
    {"1 Jan 2001 12:30:00 +0060", "Mon, 01 Jan 2001 12:30:00 +0000 unknown"},
    {"1 Jan 2001 12:30:00 -99999", "Mon, 01 Jan 2001 12:30:00 +0000 unknown"},
    // Nothing to read.
    {"", "none"},
    {"yesterday", "none"},
    {"29 Feb 2001 00:00:00 +0000", "none"},
    {"32 Jan 2001 00:00:00 +0000", "none"},
    {"1 Jan 99999 00:00:00 +0000", "none"},
    {"1 Jan 999999999999999999999 00:00:00 +0000", "none"},
    {"((((((", "none"},
};

TEST(DateTest, ReadsWhatMailProgramsWrite) {
    for (const Row& row : kRows) {
        EXPECT_EQ(dump(row.body), row.expected) << row.body;
    }
}

TEST(DateTest, CountsFromTheEpoch) {
    EXPECT_EQ(parse_date("Thu, 1 Jan 1970 01:00:00 +0100")->time, base::WallTime{});
    EXPECT_EQ(parse_date("Tue, 1 Jul 2003 10:52:37 +0200")->time.time_since_epoch().count(),
              1057049557000);
}

TEST(DateTest, WritesWhatItReads) {
    for (const int offset : {0, 60, -330, 840, -720, 1}) {
        for (const std::int64_t seconds : {0LL, 951782400LL, -1LL, 4102444799LL, 253402300799LL}) {
            const base::WallTime time{std::chrono::seconds{seconds}};
            const auto read = parse_date(format_date(time, offset));
            if (seconds == 253402300799LL && offset > 0) {
                continue;  // the year 10000 has no form
            }
            ASSERT_TRUE(read) << format_date(time, offset);
            EXPECT_EQ(*read, (Date{time, offset, true}));
        }
    }
}

TEST(DateTest, NestedCommentsCostNoStack) {
    const std::string deep =
        std::string(10'000, '(') + std::string(10'000, ')') + "1 Jul 2003 10:52:37 +0200";
    EXPECT_EQ(dump(deep), "Tue, 01 Jul 2003 10:52:37 +0200");
}

}  // namespace
}  // namespace mime
