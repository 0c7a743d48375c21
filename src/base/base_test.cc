// Tests of the values every room speaks: numbers, ASCII, UTF-8, base64, logs, randomness.
#include <gtest/gtest.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"

namespace base {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) {
        return fail(Errc::kInvalid, "odd");
    }
    return number / 2;
}

Result<std::string> quarter(int number) {
    TRY(const int once, half(number));
    TRY(const int twice, half(once));
    return std::to_string(twice);
}

TEST(ResultTest, TryHandsErrorsOn) {
    EXPECT_EQ(quarter(12).value(), "3");
    EXPECT_EQ(quarter(6).error().code, Errc::kInvalid);
}

TEST(CheckTest, ThrowsWithFileAndCondition) {
    try {
        CHECK(1 + 1 == 3);
        FAIL();
    } catch (const CheckFailed& failed) {
        EXPECT_NE(std::string(failed.what()).find("CHECK(1 + 1 == 3)"), std::string::npos);
    }
}

TEST(AsciiTest, ParsesBoundedNumbers) {
    EXPECT_EQ(parse_u64("0"), 0U);
    EXPECT_EQ(parse_u64("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_u64("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_u64("007", 7), 7U);
    EXPECT_EQ(parse_u64("8", 7), std::nullopt);
    EXPECT_EQ(parse_u64("10", 7), std::nullopt);
    for (const char* bad : {"", "+1", "-1", " 1", "1 ", "0x1", "1e3"}) {
        EXPECT_EQ(parse_u64(bad), std::nullopt) << bad;
    }
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
    EXPECT_EQ(parse_number<std::uint16_t>("65536"), std::nullopt);
}

TEST(AsciiTest, ComparesWithoutCase) {
    EXPECT_TRUE(iequals("MAIL", "mail"));
    EXPECT_FALSE(iequals("MAIL", "mailx"));
    EXPECT_TRUE(istarts_with("From:<a@b>", "FROM:"));
    EXPECT_TRUE(iends_with("a.EXAMPLE", ".example"));
    EXPECT_EQ(trim("\t a b "), "a b");
}

TEST(AsciiTest, KnowsUtf8) {
    EXPECT_TRUE(is_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"));
    for (const char* bad :
         {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff", "\x80"}) {
        EXPECT_FALSE(is_utf8(bad)) << hex_encode(bad);
    }
}

// RFC 4648 section 10.
TEST(Base64Test, Rfc4648Vectors) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        EXPECT_EQ(base64_encode(plain), coded);
        EXPECT_EQ(base64_decode(coded), plain);
    }
    for (const char* bad : {"Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zm 9v", "=Zg=", "===="}) {
        EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
    }
}

TEST(LogTest, QuotesTextAndEscapesJson) {
    class Fixed final : public Clock {
      public:
        WallTime now() const override { return WallTime(std::chrono::milliseconds(1767225600123)); }

        SteadyTime steady() const override { return {}; }
    };

    const Fixed clock;
    std::string out;
    Log text(clock, [&](std::string_view line) { out += line; });
    text.info("greeting sent", {{"peer", "a b\n"}, {"octets", 12}});
    EXPECT_EQ(out, "2026-01-01T00:00:00.123Z info    greeting sent peer=\"a b\\n\" octets=12\n");
    out.clear();
    Log json(
        clock, [&](std::string_view line) { out += line; }, LogFormat::kJson);
    json.error("x", {{"text", "\xff\"\x01"}, {"n", 1}});
    EXPECT_EQ(out,
              "{\"time\":\"2026-01-01T00:00:00.123Z\",\"level\":\"error\",\"event\":\"x\","
              "\"text\":\"\xef\xbf\xbd\\\"\\u0001\",\"n\":1}\n");
}

TEST(MetricsTest, RendersPrometheusText) {
    Metrics metrics;
    metrics.counter("a_total", "As", {{"verb", "M\"A"}}).add(2);
    EXPECT_EQ(&metrics.counter("a_total", "As"), &metrics.counter("a_total", "As"));
    metrics.gauge("g", "Gs").set(-1);
    metrics.histogram("h_seconds", "Hs").observe(std::chrono::microseconds(60));
    const std::string text = metrics.prometheus_text();
    EXPECT_NE(text.find("# TYPE a_total counter\na_total 0\na_total{verb=\"M\\\"A\"} 2\n"),
              std::string::npos);
    EXPECT_NE(text.find("g -1\n"), std::string::npos);
    EXPECT_NE(text.find("h_seconds_bucket{le=\"5e-05\"} 0\nh_seconds_bucket{le=\"0.0001\"} 1\n"),
              std::string::npos);
    EXPECT_NE(text.find("h_seconds_count 1\n"), std::string::npos);
}

TEST(RandomTest, SameSeedSameSequence) {
    SeededRandom one(7);
    SeededRandom two(7);
    EXPECT_EQ(one.u64(), two.u64());
    EXPECT_EQ(one.token(10), two.token(10));
    for (int i = 0; i < 100; ++i) {
        EXPECT_LT(one.below(3), 3U);
    }
}

}  // namespace
}  // namespace base
