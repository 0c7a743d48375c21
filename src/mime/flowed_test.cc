// RFC 3676: its examples, and what is written is read back.
#include "mime/flowed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace mime {
namespace {

using Lines = std::vector<FlowedLine>;

struct Row {
    std::string text;
    bool delsp;
    Lines lines;
};

TEST(FlowedTest, ReadsParagraphs) {
    const std::vector<Row> rows = {
        {"", false, {}},
        // RFC 3676 4.7
        {"`Take some more tea,' the March Hare said to Alice, very \r\nearnestly.\r\n\r\n"
         "`I've had nothing yet,' Alice replied in an offended tone, `so \r\nI can't take "
         "more.'\r\n\r\n"
         "`You mean you can't take LESS,' said the Hatter: `it's very \r\neasy to take MORE than "
         "nothing.'\r\n",
         false,
         {{0, "`Take some more tea,' the March Hare said to Alice, very earnestly."},
          {0, ""},
          {0, "`I've had nothing yet,' Alice replied in an offended tone, `so I can't take more.'"},
          {0, ""},
          {0,
           "`You mean you can't take LESS,' said the Hatter: `it's very easy to take MORE than "
           "nothing.'"}}},
        {">>>Take some more tea.\r\n>>I've had nothing yet, so I can't take more.\r\n"
         ">You mean you can't take LESS, it's very easy to take \r\n>MORE than nothing.\r\n",
         false,
         {{3, "Take some more tea."},
          {2, "I've had nothing yet, so I can't take more."},
          {1, "You mean you can't take LESS, it's very easy to take MORE than nothing."}}},
        // 4.2: DelSp=yes, for scripts without spaces between words
        {"ab \r\ncd  \r\nef\r\n", true, {{0, "abcd ef"}}},
        // 4.3: the signature separator ends a paragraph and is a fixed line
        {"soft \r\n-- \r\nAlice\r\n", false, {{0, "soft "}, {0, "-- "}, {0, "Alice"}}},
        // 4.4: stuffing
        {" >not quoted\r\n  indented\r\n From here\r\n",
         false,
         {{0, ">not quoted"}, {0, " indented"}, {0, "From here"}}},
        // 4.5: quoting; a paragraph ends where the depth changes
        {">>> a \r\n>>> b\r\n>> c \r\n> d\r\ne\r\n",
         false,
         {{3, "a b"}, {2, "c "}, {1, "d"}, {0, "e"}}},
        {">> Exit, Stage Left\r\n", false, {{2, "Exit, Stage Left"}}},
        {">>Exit, Stage Left\r\n", false, {{2, "Exit, Stage Left"}}},
        {"> > Exit, Stage Left\r\n", false, {{1, "> Exit, Stage Left"}}},
        {"> Thou villainous ill-breeding spongy dizzy-eyed \r\n> reeky elf-skinned pigeon-egg! \r\n"
         ">> Thou artless swag-bellied milk-livered \r\n>> dismal-dreaming idle-headed scut!\r\n"
         ">>> Thou errant folly-fallen spleeny reeling-ripe \r\n>>> unmuzzled ratsbane!\r\n"
         ">>>> Henceforth, the coding style is to be strictly \r\n"
         ">>>> enforced, including the use of only upper case.\r\n"
         ">>>>> I've noticed a lack of adherence to the coding \r\n>>>>> styles, of late.\r\n"
         ">>>>>> Any complaints?\r\n",
         false,
         {{1, "Thou villainous ill-breeding spongy dizzy-eyed reeky elf-skinned pigeon-egg! "},
          {2, "Thou artless swag-bellied milk-livered dismal-dreaming idle-headed scut!"},
          {3, "Thou errant folly-fallen spleeny reeling-ripe unmuzzled ratsbane!"},
          {4,
           "Henceforth, the coding style is to be strictly enforced, including the use of only "
           "upper case."},
          {5, "I've noticed a lack of adherence to the coding styles, of late."},
          {6, "Any complaints?"}}},
        {"> -- \r\n> bob\r\n", false, {{1, "-- "}, {1, "bob"}}},
        {"bare \nline ends\n", false, {{0, "bare line ends"}}},
        {"no end", false, {{0, "no end"}}},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(parse_flowed(row.text, row.delsp), row.lines) << row.text;
    }
}

TEST(FlowedTest, ReadsFixedLines) {
    EXPECT_EQ(parse_fixed("a \r\n> b\r\n> > c\r\n>>d\r\n"),
              (Lines{{0, "a "}, {1, "b"}, {2, "c"}, {2, "d"}}));
    EXPECT_EQ(to_plain_text({{0, "a"}, {2, "b"}, {1, ""}}), "a\n>> b\n>\n");
}

TEST(FlowedTest, WritesShortLinesStuffedWhereNeeded) {
    EXPECT_EQ(format_flowed({{0, "one two three"}}, 8), "one two \r\nthree\r\n");
    EXPECT_EQ(format_flowed({{0, ">x"}, {0, " y"}, {0, "From z"}}), " >x\r\n  y\r\n From z\r\n");
    EXPECT_EQ(format_flowed({{2, "deep"}, {1, "less"}, {0, "-- "}}),
              ">> deep\r\n> less\r\n-- \r\n");
    EXPECT_EQ(format_flowed({{0, "unbreakable-word and"}}, 5), "unbreakable-word \r\nand\r\n");
    EXPECT_EQ(format_flowed({{0, "trailing   "}}), "trailing\r\n");
    EXPECT_EQ(format_flowed({{0, ""}}), "\r\n");
}

TEST(FlowedTest, DeepQuotesDoNotMakeTextGrowWithoutMeasure) {
    std::string words;
    for (int i = 0; i < 10'000; ++i) {
        words += "a ";
    }
    const std::vector<FlowedLine> lines = parse_flowed(std::string(5000, '>') + words + "z", false);
    EXPECT_EQ(lines.at(0).quote_depth, kQuoteDepthMax);
    EXPECT_LT(format_flowed(lines).size(), words.size() * 8);
}

TEST(FlowedTest, ReadsBackWhatItWrites) {
    base::SeededRandom random(3);
    static constexpr std::string_view kPalette = "ab  >-F";
    for (int round = 0; round < 3000; ++round) {
        Lines lines;
        for (std::uint64_t left = random.below(5); left > 0; --left) {
            FlowedLine& line = lines.emplace_back();
            line.quote_depth = static_cast<unsigned>(random.below(3));
            for (std::uint64_t octets = random.below(60); octets > 0; --octets) {
                line.text += kPalette[random.below(kPalette.size())];
            }
            line.text += "z";
        }
        const std::string text = format_flowed(lines, 1 + random.below(30));
        ASSERT_EQ(parse_flowed(text, false), lines) << text;
    }
}

}  // namespace
}  // namespace mime
