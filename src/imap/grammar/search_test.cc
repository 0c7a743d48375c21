#include "imap/grammar/search.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/ascii.h"

namespace imap {
namespace {

// A key as text: the kind's number, what it holds, and its children in parentheses.
std::string dump(const mail::SearchKey& key) {
    std::string text = std::to_string(static_cast<int>(key.kind));
    text += key.flag != 0 ? "f" + std::to_string(key.flag) : "";
    text += key.number != 0 ? "#" + std::to_string(key.number) : "";
    text += key.field.empty() ? "" : "/" + key.field;
    text += key.text.empty() ? "" : "'" + key.text + "'";
    if (!key.children.empty()) {
        text += "(";
        for (const mail::SearchKey& child : key.children) {
            text += dump(child) + " ";
        }
        text.back() = ')';
    }
    return text;
}

std::string read(const std::string& text) {
    const auto arguments = parse_search(text);
    return arguments ? dump(arguments->program.key)
                     : "!" + std::string(base::errc_name(arguments.error().code));
}

std::string number(mail::SearchKind kind) {
    return std::to_string(static_cast<int>(kind));
}

TEST(Search, ReadsPrograms) {
    using mail::SearchKind;
    const std::string all = number(SearchKind::kAnd);
    const std::string no = number(SearchKind::kNot);
    const std::string flag = number(SearchKind::kFlag);
    const std::string header = number(SearchKind::kHeader);
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"ALL", number(SearchKind::kAll)},
        {"SEEN", flag + "f1"},
        {"unseen", no + "(" + flag + "f1)"},
        {"FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
         all + "(" + flag + "f4 " + number(SearchKind::kSince) + " " + no + "(" + header +
             "/From'Smith'))"},
        {"OR SEEN (ANSWERED DELETED)",
         number(SearchKind::kOr) + "(" + flag + "f1 " + all + "(" + flag + "f2 " + flag + "f8))"},
        {"NEW", all + "(" + number(SearchKind::kRecent) + " " + no + "(" + flag + "f1))"},
        {"HEADER x-y {3}\r\na b", header + "/x-y'a b'"},
        {"1:3,5 UID 7 $",
         all + "(" + number(SearchKind::kUids) + " " + number(SearchKind::kUids) + "#1 " +
             number(SearchKind::kUids) + "#2)"},
        {"MODSEQ \"/flags/\\\\draft\" all 620162338", number(SearchKind::kModseq) + "#620162338"},
        {"YOUNGER 60 ", number(SearchKind::kYounger) + "#60"},
        {"CHARSET ISO-8859-1 TEXT {1}\r\n\xe9", number(SearchKind::kText) + "'\xc3\xa9'"},
        {"CHARSET KLINGON TEXT x", "!unsupported"},
        {"NONSENSE", "!syntax"},
        {"", "!syntax"},
        {"()", "!syntax"},
        {"(SEEN", "!syntax"},
        {"SEEN)", "!syntax"},
        {"OR SEEN", "!syntax"},
        {"NOT", "!syntax"},
        {"SEEN  DRAFT", "!syntax"},
        {"YOUNGER 0", "!syntax"},
        {"SINCE yesterday", "!syntax"},
        {"RETURN (PARTIAL 1:2 ALL) SEEN", "!syntax"},
        {"RETURN (PARTIAL 1:2 PARTIAL 1:2) SEEN", "!syntax"},
    };
    for (const auto& [input, output] : cases) {
        EXPECT_EQ(read(input), output) << input;
    }
}

TEST(Search, ReadsReturnOptions) {
    EXPECT_FALSE(parse_search("ALL")->returns);
    EXPECT_EQ(parse_search("RETURN () ALL")->returns->options, kReturnAll);
    EXPECT_EQ(parse_search("RETURN (MIN COUNT) ALL")->returns->options, kReturnMin | kReturnCount);
    EXPECT_EQ(parse_search("RETURN (SAVE) ALL")->returns->options, kReturnSave);
    EXPECT_EQ(parse_search("RETURN (PARTIAL -1:-50) ALL")->returns->page, (Page{1, 50, true}));
    EXPECT_TRUE(parse_search("CHARSET UTF-8 ALL")->has_charset);
}

TEST(Search, BoundsDepthAndSize) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "SEEN" + std::string(depth, ')');
    };
    EXPECT_EQ(read(nested(mail::kSearchDepthMax - 1)), read("SEEN"));
    EXPECT_EQ(read(nested(mail::kSearchDepthMax)), "!too-long");
    EXPECT_EQ(read(nested(100'000)), "!too-long");
    std::string nots;
    std::string ors;
    for (int i = 0; i < 100'000; ++i) {
        nots += "NOT ";
        ors += "OR SEEN ";
    }
    EXPECT_EQ(read(nots + "SEEN"), "!too-long");
    EXPECT_EQ(read(ors + "SEEN"), "!too-long");
    std::string texts = "TEXT x";
    std::string keys = "SEEN";
    for (std::size_t i = 0; i < mail::kSearchKeysMax; ++i) {
        texts += " TEXT x";
        keys += " SEEN";
    }
    EXPECT_EQ(read(texts), "!too-long");
    EXPECT_EQ(read(keys), "!too-long");
    EXPECT_EQ(read("TEXT " + std::string(mail::kSearchTextOctetsMax + 1, 'x')), "!too-long");
}

TEST(Search, TakesEveryCharsetThatItOffers) {
    std::string_view rest = kSearchCharsets;
    std::size_t count = 0;
    for (; !rest.empty(); ++count) {
        const std::string label(base::split_front(rest, ' '));
        EXPECT_TRUE(parse_search("CHARSET " + label + " SUBJECT x")) << label;
    }
    EXPECT_GT(count, 30U);
}

TEST(Search, TakesNoOtherOctetsThanTheCharsetSays) {
    const auto read = [](std::string_view text) { return parse_search(text).has_value(); };
    EXPECT_TRUE(read("CHARSET UTF-8 SUBJECT {2}\r\n\xc3\xa9"));
    EXPECT_FALSE(read("CHARSET UTF-8 SUBJECT {1}\r\n\xe9"));
    EXPECT_FALSE(read("CHARSET US-ASCII SUBJECT {1}\r\n\xe9"));
    EXPECT_TRUE(read("CHARSET ISO-8859-1 SUBJECT {1}\r\n\xe9"));
    EXPECT_TRUE(read("SUBJECT {1}\r\n\xe9"));
}

TEST(Sort, ReadsCriteria) {
    const auto sort = parse_sort("(REVERSE DATE SUBJECT) UTF-8 SINCE 1-Feb-1994");
    ASSERT_TRUE(sort);
    ASSERT_EQ(sort->keys.size(), 2U);
    EXPECT_TRUE(sort->keys[0].reverse);
    EXPECT_EQ(sort->keys[1].kind, mail::SortKind::kSubject);
    const auto again = parse_sort("(REVERSE DATE SUBJECT DATE REVERSE SUBJECT SIZE) UTF-8 ALL");
    ASSERT_TRUE(again);
    ASSERT_EQ(again->keys.size(), 3U);
    EXPECT_TRUE(again->keys[0].reverse);
    EXPECT_FALSE(again->keys[1].reverse);
    EXPECT_EQ(again->keys[2].kind, mail::SortKind::kSize);
    EXPECT_TRUE(parse_sort("RETURN (COUNT) (ARRIVAL) US-ASCII ALL")->returns);
    EXPECT_FALSE(parse_sort("() UTF-8 ALL"));
    EXPECT_FALSE(parse_sort("(DATE) ALL"));
    EXPECT_EQ(parse_thread("REFS UTF-8 ALL")->algorithm, mail::ThreadAlgorithm::kRefs);
    EXPECT_FALSE(parse_thread("NONSENSE UTF-8 ALL"));
}

}  // namespace
}  // namespace imap
