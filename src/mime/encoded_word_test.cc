// Encoded words: RFC 2047 section 8, RFC 2231 section 5, and what is found in real headers.
#include "mime/encoded_word.h"

#include <gtest/gtest.h>

#include "base/ascii.h"

namespace mime {
namespace {

struct Row {
    std::string_view body;
    std::string_view expected;
};

constexpr Row kUnstructured[] = {
    // RFC 2047 8, the table: here without the parentheses.
    {"=?ISO-8859-1?Q?a?=", "a"},
    {"=?ISO-8859-1?Q?a?= b", "a b"},
    {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
    {"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"},
    {"=?ISO-8859-1?Q?a?=\r\n     =?ISO-8859-1?Q?b?=", "ab"},
    {"=?ISO-8859-1?Q?a_b?=", "a b"},
    {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"},
    {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
     " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
     "If you can read this you understand the example."},
    // RFC 2047 1 and 4.2, RFC 2231 5.
    {"=?iso-8859-1?q?this=20is=20some=20text?=", "this is some text"},
    {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
    {"=?utf-8*de-AT?B?w7w=?=", "\u00fc"},
    // No encoded words.
    {"", ""},
    {"   ", ""},
    {"Saying Hello", "Saying Hello"},
    {" two  spaces\tand a tab ", "two  spaces\tand a tab"},
    {"folded\r\n here", "folded here"},
    {"=", "="},
    {"=?", "=?"},
    {"=?utf-8", "=?utf-8"},
    {"=?utf-8?", "=?utf-8?"},
    {"=?utf-8?q", "=?utf-8?q"},
    {"=?utf-8?q?", "=?utf-8?q?"},
    {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
    {"=??q?abc?=", "=??q?abc?="},
    {"=?*en?q?abc?=", "=?*en?q?abc?="},
    {"1=?2", "1=?2"},
    // Characters and base64 groups cut between words.
    {"=?utf-8?Q?J=C3?= =?utf-8?Q?=B8rn?=", "J\u00f8rn"},
    {"=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "\u20ac"},
    {"=?utf-8?Q?=E2=82?= =?UTF-8?B?rA==?=", "\u20ac"},
    {"=?utf8?Q?=E2=82?= =?utf-8?B?rA==?=", "\u20ac"},
    {"=?utf-8?B?SGVsb?= =?utf-8?B?G8=?=", "Hello"},
    {"=?utf-8?B?YWJjZ?= =?utf-8?Q?x?= =?utf-8?B?ZGVm?=", "abcxdef"},
    {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\u65e5\u672c"},
    {"=?utf-8?Q?J=C3?= =?iso-8859-1?Q?=F8rn?=", "J\ufffd\u00f8rn"},
    {"=?utf-8?Q?J=C3?= x", "J\ufffd x"},
    // Spaces and folds inside of words, specials, raw octets.
    {"=?iso-8859-1?q?this is some text?=", "this is some text"},
    {"=?utf-8?Q?Hello\r\n _there!?=", "Hello there!"},
    {"=?utf-8?B?SGVs\r\n bG8=?=", "Hello"},
    {"=?utf-8?B?SGVs bG8=?=", "Hello"},
    {"=?utf-8?Q?100%_(\"sure\")?=", "100% (\"sure\")"},
    {"=?utf-8?Q?what?\?=", "what?"},
    {"=?utf-8?Q?a=?=", "a="},
    {"=?utf-8?Q?a=zz?=", "a=zz"},
    {"=?utf-8?Q?a=e4=B?=", "a\ufffd=B"},
    {"=?iso-8859-1?Q?J\xf8rn?=", "J\u00f8rn"},
    {"=?utf-8?Q?\?=", ""},
    {"a =?utf-8?Q?\?= b", "a  b"},
    {"=?utf-8?B?SGVsbG8?=", "Hello"},
    {"=?utf-8?B?SGVsbG8==?=", "Hello"},
    {"=?utf-8?B?*SGVs*bG8=?=", "Hello"},
    {"=?utf-8?B?8J+YgA==?=", "\U0001f600"},
    // Words that touch text or each other; missing ends.
    {"[SPAM]=?utf-8?B?SGVsbG8=?=", "[SPAM]Hello"},
    {"=?utf-8?Q?a?==?utf-8?Q?b?=c", "abc"},
    {"=?utf-8?Q?Hello", "Hello"},
    {"=?utf-8?Q?Hello?", "Hello"},
    {"=?utf-8?B?SGVsbG8= world", "Hello world"},
    {"=?utf-8?Q?Hello =?utf-8?Q?world?=", "Helloworld"},
    {"=?=?utf-8?q?a?=", "=?a"},
    // Charsets that lie or are unknown.
    {"=?us-ascii?Q?J=C3=B8rn?=", "J\u00f8rn"},
    {"=?x-unknown?Q?J=F8rn?=", "J\u00f8rn"},
    {"=?utf-8?Q?J=F8rn?=", "J\ufffdrn"},
    {"=?ks_c_5601-1987?B?x9G5zg==?=", "\ud55c\ubbfc"},
    {"=?gb2312?B?1tDOxA==?=", "\u4e2d\u6587"},
    {"=?koi8-r?B?8NLJ18XU?=", "\u041f\u0440\u0438\u0432\u0435\u0442"},
    {"=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "\u041f\u0440\u0438\u0432\u0435\u0442"},
    {"=?unicode-1-1-utf-7?Q?J+APg-rn?=", "J\u00f8rn"},
    // Raw 8-bit text beside and without words.
    {"J\u00f8rn =?utf-8?Q?=C3=B8?=", "J\u00f8rn \u00f8"},
    {"J\xf8rn", "J\u00f8rn"},
    {"\x1b$BF|K\\\x1b(B", "\u65e5\u672c"},
    // Nothing that is decoded can begin a new header line.
    {"=?utf-8?Q?a=0D=0ABcc:_x@y.test?=", "a  Bcc: x@y.test"},
    {"=?utf-8?Q?a=00b?=", "a b"},
};

TEST(EncodedWordTest, DecodesUnstructuredText) {
    for (const Row& row : kUnstructured) {
        EXPECT_EQ(decode_unstructured(row.body), row.expected) << row.body;
    }
}

// RFC 2047 8's table as it is printed, within comments: parentheses are text to this function.
TEST(EncodedWordTest, DecodesBesideParentheses) {
    EXPECT_EQ(decode_unstructured("(=?ISO-8859-1?Q?a?=)"), "(a)");
    EXPECT_EQ(decode_unstructured("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)"), "(a b)");
}

constexpr Row kPhrases[] = {
    {"John Doe", "John Doe"},
    {" John   (comment)  Doe ", "John Doe"},
    {"\"Joe Q. Public\"", "Joe Q. Public"},
    {"\"  spaces  \"", "  spaces  "},
    {"\"a\\\"b\\\\c\"", "a\"b\\c"},
    {"\"John\r\n Doe\"", "John Doe"},
    {"\"John\" =?utf-8?q?Doe?=", "John Doe"},
    {"\"foo =?utf-8?q?bar?=\"", "foo bar"},
    {"=?ISO-8859-1?Q?a?= \"=?ISO-8859-2?Q?_b?=\"", "a b"},
    {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
    {"a=?utf-8?q?b?=c", "abc"},
    {"J.R. =?utf-8?q?Ewing?=", "J.R. Ewing"},
    {"\"open", "\"open"},
    {"=?utf-8?q?Doe,_John_(Sales)?=", "Doe, John (Sales)"},
    {"\xcf\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0 \xe8 \xe2\xf1\xe5 \xeb\xfe\xe4\xe8",
     "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 \u0438 \u0432\u0441\u0435 "
     "\u043b\u044e\u0434\u0438"},
};

TEST(EncodedWordTest, DecodesPhrases) {
    for (const Row& row : kPhrases) {
        EXPECT_EQ(decode_phrase(row.body), row.expected) << row.body;
    }
}

constexpr std::string_view kTexts[] = {
    "plain",
    "two words",
    "J\u00f8rn",
    "J\u00f8rn and J\u00f8rn",
    "J\u00f8rn  with two spaces",
    " leading and trailing ",
    "   ",
    "a\tb",
    "=?utf-8?q?not_a_word?=",
    "50% =? 100%",
    "\"quoted\" (comment) <angle>, [x]; a@b: \\",
    "\u65e5\u672c\u8a9e\u306e\u4ef6\u540d\u306f\u3068\u3066\u3082\u9577\u3044\u306e\u3067\u4e00"
    "\u3064"
    "\u306e\u8a9e\u306b\u306f\u5165\u308a\u307e\u305b\u3093\u3002\u3060\u304b\u3089\u5206\u3051"
    "\u307e"
    "\u3059\u3002",
    "\U0001f600 smile",
    "mostly ascii with one \u00e9 and then a great many more words that need no encoding at all",
};

TEST(EncodedWordTest, WritesWhatItReads) {
    for (const std::string_view text : kTexts) {
        EXPECT_EQ(decode_phrase(encode_phrase(text)), text);
        EXPECT_EQ(decode_phrase(encode_phrase(text, HeaderForm::kUtf8)), text);
        if (base::trim(text) == text) {
            EXPECT_EQ(decode_unstructured(encode_unstructured(text)), text);
            EXPECT_EQ(decode_unstructured(encode_unstructured(text, HeaderForm::kUtf8)), text);
        }
    }
    const std::string long_word(2'000, 'x');
    EXPECT_EQ(decode_unstructured(encode_unstructured(long_word)), long_word);
}

TEST(EncodedWordTest, WritesWordsWithinTheirLength) {
    for (const std::string_view text : kTexts) {
        std::string encoded = encode_unstructured(text) + " " + encode_phrase(text);
        EXPECT_TRUE(base::is_ascii(encoded));
        EXPECT_EQ(encoded.find("?Q?\?="), std::string::npos) << "RFC 2047 2 wants text in a word";
        for (std::string_view rest = encoded; !rest.empty();) {
            const std::string_view word = base::split_front(rest, ' ');
            EXPECT_LE(word.size(), 75U) << word;
        }
    }
}

TEST(EncodedWordTest, EncodesOnlyWhereNeeded) {
    EXPECT_EQ(encode_unstructured("plain text, as it stands"), "plain text, as it stands");
    EXPECT_EQ(encode_unstructured("Re: J\u00f8rn is here"), "Re: =?utf-8?Q?J=C3=B8rn?= is here");
    EXPECT_EQ(encode_unstructured("J\u00f8rn", HeaderForm::kUtf8), "J\u00f8rn");
    EXPECT_EQ(encode_phrase("Joe Q. Public"), "\"Joe Q. Public\"");
    EXPECT_EQ(encode_phrase("Joe Public"), "Joe Public");
    EXPECT_EQ(encode_unstructured("a\r\nBcc: x@y.test").find('\n'), std::string::npos);
}

TEST(EncodedWordTest, BombsAreReadInLinearTime) {
    for (const std::string_view unit : {"=?",
                                        "=?a?Q?",
                                        "=?utf-8?B?",
                                        "=?utf-8?q?a?= ",
                                        "=?utf-8?q?a",
                                        "?=",
                                        "=",
                                        "=?=?a?q?=?=",
                                        "=?a?q?a?= =?b?q?b?= ",
                                        "\"",
                                        "(",
                                        "=?utf-8?q? "}) {
        std::string body;
        while (body.size() < 1'000'000) {
            body += unit;
        }
        EXPECT_LE(decode_unstructured(body).size(), 3 * body.size()) << unit;
        EXPECT_LE(decode_phrase(body).size(), 3 * body.size()) << unit;
    }
}

}  // namespace
}  // namespace mime
