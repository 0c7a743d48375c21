#include "mail/search_fold.h"

#include <gtest/gtest.h>

#include <array>

namespace mail {
namespace {

struct Row {
    std::string_view text;
    std::string_view folded;
};

TEST(SearchFold, MapsCaseAndWhiteSpace) {
    constexpr std::array kRows = std::to_array<Row>({
        {"", ""},
        {"Ketchup", "KETCHUP"},
        {"a\r\n b\t\tc", "A B C"},
        {"  a  ", " A "},
        {"crêpe", "CRE\u0302PE"},
        {"CRÊPE", "CRE\u0302PE"},
        {"cre\u0302pe", "CRE\u0302PE"},
        {"straße", "STRAẞE"},
        {"ǆ", "DZ\u030c"},  // its titlecase, decomposed in two steps
        {"ΣΊΣΥΦΟΣ σίσυφος", "ΣΙ\u0301ΣΥΦΟΣ ΣΙ\u0301ΣΥΦΟΣ"},
        {"Привет", "ПРИВЕТ"},
        {"ﬁsh", "FISH"},
        {"１２", "12"},
        {"a\u00a0b \u00a0c", "A B C"},
        {"\u3000x", " X"},
        {"漢字", "漢字"},
        {"한국", "한국"},
        {"a\xff z", "A\xff Z"},
    });
    for (const Row& row : kRows) {
        EXPECT_EQ(search_fold(row.text), row.folded) << row.text;
    }
}

TEST(SearchFold, FoldsWhatIsFoldedToItself) {
    for (char32_t point = 1; point < 0x3000; ++point) {
        std::string one;
        if (point < 0x80) {
            one += static_cast<char>(point);
        } else if (point < 0x800) {
            one += static_cast<char>(0xc0 | (point >> 6));
            one += static_cast<char>(0x80 | (point & 0x3f));
        } else {
            one += static_cast<char>(0xe0 | (point >> 12));
            one += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
            one += static_cast<char>(0x80 | (point & 0x3f));
        }
        const std::string folded = search_fold(one);
        EXPECT_EQ(search_fold(folded), folded) << static_cast<unsigned>(point);
    }
}

TEST(SearchFold, AppendsBehindASpace) {
    std::string out = "A ";
    append_folded(out, "  b");
    EXPECT_EQ(out, "A B");
    EXPECT_EQ(unicode_casemap("a  b\u00a0"), "A  B ");
}

}  // namespace
}  // namespace mail
