#include "agent/when.h"

#include <fmt/chrono.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <string>

namespace agent {
namespace {

using namespace std::chrono_literals;

class WhenTest : public testing::Test {
  protected:
    // A zone with summer time, of which the first half of 2026 has a change on 29 March.
    void SetUp() override {
        ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);  // NOLINT(*-mt-unsafe): one thread
        ::tzset();
    }

    void TearDown() override {
        ::unsetenv("TZ");  // NOLINT(*-mt-unsafe): one thread
        ::tzset();
    }

    static std::string when(std::string_view text) {
        // Saturday, 13:30:15 CET.
        const base::WallTime now{std::chrono::sys_days(2026y / 3 / 28) + 12h + 30min + 15s};
        const auto parsed = parse_when(text, now);
        return parsed ? fmt::format("{:%Y-%m-%d %H:%M:%S}Z",
                                    fmt::gmtime(std::chrono::system_clock::to_time_t(*parsed)))
                      : std::string(base::errc_name(parsed.error().code));
    }
};

TEST_F(WhenTest, MomentsAreRead) {
    constexpr std::array<std::array<std::string_view, 2>, 15> kCases{{
        {"now", "2026-03-28 12:30:15Z"},
        {"now-7days", "2026-03-21 12:30:15Z"},
        {"now - 1 week", "2026-03-21 12:30:15Z"},
        {"+90", "2026-03-28 12:31:45Z"},
        {"now+1h-5min", "2026-03-28 13:25:15Z"},
        {"3:00", "2026-03-28 02:00:00Z"},
        {"23:59:58", "2026-03-28 22:59:58Z"},
        {"today", "2026-03-27 23:00:00Z"},
        {"yesterday 12:00", "2026-03-27 11:00:00Z"},
        {"tomorrow 12:00", "2026-03-29 10:00:00Z"},
        {"2026-01-31", "2026-01-30 23:00:00Z"},
        {"2026-06-30 08:30", "2026-06-30 06:30:00Z"},
        {"2026-06-30 08:30 -1d", "2026-06-29 06:30:00Z"},
        {"2026-06-30+12h", "2026-06-30 10:00:00Z"},
        {"12:00 +1h", "2026-03-28 12:00:00Z"},
    }};
    for (const auto& [text, expected] : kCases) {
        EXPECT_EQ(when(text), expected) << text;
    }
}

TEST_F(WhenTest, NonsenseIsRefused) {
    for (const std::string_view text : {"",
                                        "soon",
                                        "7days",
                                        "25:00",
                                        "12:60",
                                        "2026-13-01",
                                        "2026-1",
                                        "now-",
                                        "now-7fortnights",
                                        "now 7days",
                                        "tomorrow now",
                                        "now+99999999999999999999s",
                                        "12:00 13:00"}) {
        EXPECT_EQ(when(text), "syntax") << text;
    }
}

TEST(SpanTest, IsRead) {
    EXPECT_EQ(parse_span("90").value(), 90s);
    EXPECT_EQ(parse_span("5m").value(), 5min);
    EXPECT_EQ(parse_span("2 hours").value(), 2h);
    EXPECT_EQ(parse_span("1w").value(), 168h);
    for (const std::string_view text : {"", "m", "-5", "5x", "1.5h"}) {
        EXPECT_FALSE(parse_span(text)) << text;
    }
}

}  // namespace
}  // namespace agent
