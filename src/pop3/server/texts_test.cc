// Every text says the same things in each language, within the octets that a status line has.
#include "pop3/server/texts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/ascii.h"

namespace pop3 {
namespace {

TEST(TextsTest, LanguagesTakeTheSameArguments) {
    for (int i = 0; i < static_cast<int>(Text::kCount); ++i) {
        const auto english = text_of(Language::kEnglish, static_cast<Text>(i));
        const auto italian = text_of(Language::kItalian, static_cast<Text>(i));
        EXPECT_FALSE(english.empty());
        EXPECT_NE(english, italian);
        EXPECT_EQ(std::ranges::count(english, '{'), std::ranges::count(italian, '{')) << english;
        EXPECT_TRUE(base::is_ascii(english)) << english;
        EXPECT_TRUE(base::is_utf8(italian)) << italian;
        EXPECT_LT(italian.size(), 100U);
        // RFC 2449 8: what begins with a bracket is a code.
        EXPECT_FALSE(english.starts_with('[') || italian.starts_with('['));
    }
}

TEST(TextsTest, LanguagesAreFoundByRange) {
    EXPECT_EQ(find_language("en"), Language::kEnglish);
    EXPECT_EQ(find_language("IT"), Language::kItalian);
    EXPECT_EQ(find_language("it-CH"), Language::kItalian);
    EXPECT_EQ(find_language("en-boont-x-y"), Language::kEnglish);
    EXPECT_EQ(find_language("MUL"), std::nullopt);
    EXPECT_EQ(find_language("e"), std::nullopt);
    EXPECT_EQ(find_language(""), std::nullopt);
    EXPECT_EQ(find_language("-"), std::nullopt);
}

}  // namespace
}  // namespace pop3
