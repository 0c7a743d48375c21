// The fast scan against the plain one, over all alignments and kinds of line ends.
#include "mime/line_scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace mime {
namespace {

struct Row {
    std::string octets;
    std::size_t consumed;
    OctetTotals totals;
};

TEST(LineScanTest, StopsBehindTheLineEndBeforeTwoDashes) {
    const std::vector<Row> rows = {
        {"", 0, {}},
        {"no line end", 11, {}},
        {"a\r\n--b", 3, {.newlines = 1}},
        {"a\r\n-b\r\n", 7, {.newlines = 2}},
        {"a\r\n-", 3, {.newlines = 1}},
        {"a\r\n", 3, {.newlines = 1}},
        {"a\n--", 2, {.newlines = 1, .has_bare_lf = true}},
        {"a\rb", 3, {.has_bare_cr = true}},
        {"a\r", 2, {}},
        {"--b\r\nc", 6, {.newlines = 1}},
        {std::string("\0\x80", 2), 2, {.has_8bit = true, .has_nul = true}},
    };
    for (const Row& row : rows) {
        OctetTotals totals;
        EXPECT_EQ(scan_to_dash_line(row.octets, '\0', totals), row.consumed) << row.octets;
        EXPECT_EQ(totals, row.totals) << row.octets;
    }
}

std::string random_text(base::SeededRandom& random) {
    static constexpr std::string_view kPalette("ab-\r\n\0\xff", 7);
    const std::uint64_t rarity = 1 + random.below(60);
    std::string text;
    for (std::uint64_t left = random.below(400); left > 0; --left) {
        text += random.below(rarity) == 0 ? kPalette[random.below(kPalette.size())] : 'x';
    }
    return text;
}

TEST(LineScanTest, FastAndPlainScanAgree) {
    base::SeededRandom random(7);
    for (int round = 0; round < 20000; ++round) {
        const std::string text = random_text(random);
        const std::string_view view = std::string_view(text).substr(random.below(text.size() + 1));
        const char before = random.below(2) == 0 ? '\r' : 'x';
        OctetTotals plain;
        const std::size_t consumed = scan_to_dash_line_plain(view, before, plain);
        for (const auto scan : {&scan_to_dash_line, &scan_to_dash_line_octets16}) {
            OctetTotals fast;
            ASSERT_EQ(scan(view, before, fast), consumed) << round;
            ASSERT_EQ(fast, plain) << round;
        }
    }
}

TEST(LineScanTest, CountsMoreLinesThanAnOctetHolds) {
    std::string text;
    for (int line = 0; line < 100'000; ++line) {
        text += "\r\n";
    }
    OctetTotals totals;
    EXPECT_EQ(scan_to_dash_line_octets16(text, '\0', totals), text.size());
    EXPECT_EQ(totals, (OctetTotals{.newlines = 100'000}));
}

}  // namespace
}  // namespace mime
