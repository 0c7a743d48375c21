// Charsets: one row for each that mail uses, the labels of the wild, invalid input, pieces.
#include "mime/charset.h"

#include <gtest/gtest.h>

#include "base/ascii.h"

namespace mime {
namespace {

struct Row {
    std::string_view charset;
    std::string_view octets;
    std::string_view expected;
};

constexpr Row kRows[] = {
    {"utf-8", "J\xc3\xb8rn", "J\u00f8rn"},
    {"UTF8", "\xf0\x9f\x98\x80", "\U0001f600"},
    {"us-ascii", "plain", "plain"},
    {"iso-8859-1", "\xe9", "\u00e9"},
    {"iso-8859-1", "\x80 \x93x\x94", "\u20ac \u201cx\u201d"},
    {"iso-8859-2", "\xb3\xf3\xbf", "\u0142\u00f3\u017c"},
    {"iso-8859-3", "\xfe", "\u015d"},
    {"iso-8859-4", "\xbf", "\u014b"},
    {"iso-8859-5", "\xbf\xe0", "\u041f\u0440"},
    {"iso-8859-6", "\xe5", "\u0645"},
    {"iso-8859-7", "\xe1", "\u03b1"},
    {"iso-8859-8-i", "\xe0", "\u05d0"},
    {"iso-8859-9", "\xf0", "\u011f"},
    {"iso-8859-10", "\xbf", "\u014b"},
    {"tis-620", "\xa1", "\u0e01"},
    {"iso-8859-13", "\xe0", "\u0105"},
    {"iso-8859-14", "\xd0", "\u0174"},
    {"iso-8859-15", "\xa4", "\u20ac"},
    {"iso-8859-16", "\xaa", "\u0218"},
    {"windows-1250", "\x9a", "\u0161"},
    {"windows-1251", "\xcf", "\u041f"},
    {"windows-1252", "\x80", "\u20ac"},
    {"windows-1253", "\xe1", "\u03b1"},
    {"windows-1254", "\xfe", "\u015f"},
    {"windows-1255", "\xe0", "\u05d0"},
    {"windows-1256", "\xc7", "\u0627"},
    {"windows-1257", "\xe0", "\u0105"},
    {"windows-1258", "\xd0", "\u0110"},
    {"windows-874", "\xa1", "\u0e01"},
    {"koi8-r", "\xf0", "\u041f"},
    {"koi8-u", "\xa4", "\u0454"},
    {"ibm866", "\x8f", "\u041f"},
    {"cp437", "\x81", "\u00fc"},
    {"cp850", "\x81", "\u00fc"},
    {"macintosh", "\x8a", "\u00e4"},
    {"iso-2022-jp", "\x1b$BF|K\\\x1b(B", "\u65e5\u672c"},
    // NEC's row 13, its choice of IBM's kanji, half-width katakana, JIS X 0201, 0212 and 0213.
    {"iso-2022-jp", "\x1b$B-!-jFO\x1b(B", "\u2460\u3231\u5c4a"},
    {"iso-2022-jp", "\x1b$B|b\x1b(B", "\u9ad9"},
    {"iso-2022-jp", "\x1b(I6E6E\x1b(Bx\x1b(Iu\x1b(B", "\uff76\uff85\uff76\uff85x\ufffd"},
    {"iso-2022-jp", "\x1b(J\\~1\x1b(B\\~1", "\u00a5\u203e1\\~1"},
    {"iso-2022-jp-1", "\x1b$(D0!\x1b(B.", "\u4e02."},
    {"iso-2022-jp-3", "\x1b$(Q0!$w\x1b$(P!!\x1b$@F|", "\u4e9c\u304b\u309a\U00020089\u65e5"},
    {"iso-2022-jp", "\x1b&@\x1b$BF|\x1b(B.", "\u65e5."},
    // Pairs that mean nothing do not shift what follows them; nor does what stands in their place.
    {"iso-2022-jp", "\x1b$B)!F|K\\}~F|\x1b(Bx", "\ufffd\u65e5\u672c\ufffd\u65e5x"},
    {"iso-2022-jp", "\x1b$BF|F\nK\\\xfa\x1b(Bx", "\u65e5\ufffd\n\u672c\ufffdx"},
    {"iso-2022-jp", "\x1b$BF|K", "\u65e5\ufffd"},
    {"iso-2022-jp", "\x1b[1m \x1b$(B", "\x1b[1m "},
    {"iso-2022-jp", "\x1b$(", "\x1b$("},
    {"iso-2022-jp-2", "\x1b$BF|-!}~K\\\x1b(Bx", "\u65e5\ufffd\ufffd\u672cx"},
    {"iso-2022-kr", "\x1b$)C\x0e\x47\x51~~\x47\x51\x0fx", "\ud55c\ufffd\ud55cx"},
    {"iso-2022-kr", "\x1b$)C\x0e~\x0fx", "\ufffdx"},
    {"iso-2022-kr", "\x1b$)C\x0e\x47\x51\x0f", "\ud55c"},
    {"shift_jis", "\x93\xfa\x96\x7b", "\u65e5\u672c"},
    {"Shift-JIS", "\x87\x40", "\u2460"},
    {"euc-jp", "\xc6\xfc\xcb\xdc", "\u65e5\u672c"},
    {"euc-kr", "\xc7\xd1", "\ud55c"},
    {"ks_c_5601-1987", "\x8c\x63", "\ub620"},
    {"gb2312", "\xd6\xd0", "\u4e2d"},
    // RFC 1843 3, its example and what may go wrong.
    {"hz-gb-2312",
     "~{<:Ky2;S{#,NpJ)l6HK!#~}",
     "\u5df1\u6240\u4e0d\u6b32\uff0c\u52ff\u65bd\u65bc\u4eba\u3002"},
    {"HZ", "a~~b ~{VPND~} c~\nd", "a~b \u4e2d\u6587 cd"},
    {"HZ", "~{VP\nVP ~x ~", "\u4e2d\nVP ~x ~"},
    {"HZ", "~{V", "V"},
    {"gbk", "\x81\x40", "\u4e02"},
    {"gb18030", "\x81\x30\x81\x30", "\u0080"},
    {"big5", "\xa4\xa4", "\u4e2d"},
    {"euc-tw", "\xc4\xe3", "\u4e2d"},
    {"utf-7", "J+APg-rn", "J\u00f8rn"},
    {"unicode-1-1-utf-7", "A+ImIDkQ-.", "A\u2262\u0391."},
    {"utf-16be", std::string_view("\x00J\x00\xf8", 4), "J\u00f8"},
    {"utf-16le", std::string_view("J\x00\xf8\x00", 4), "J\u00f8"},
    {"utf-16", std::string_view("\xff\xfeJ\x00\xf8\x00", 6), "J\u00f8"},
    {"utf-16", std::string_view("\xfe\xff\x00J\x00\xf8", 6), "J\u00f8"},
    {"utf-16", std::string_view("\x00J\x00\xf8", 4), "J\u00f8"},
    // Invalid octets become U+FFFD; what follows them is read again.
    {"utf-8",
     "a\xff"
     "b",
     "a\ufffd"
     "b"},
    {"utf-8", "\xe2\x82", "\ufffd"},
    {"utf-8", "\xe2\x82z", "\ufffdz"},
    {"utf-8", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
    {"utf-8", "\xc0\x80", "\ufffd\ufffd"},
    {"utf-8", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
    {"shift_jis", "\x93", "\ufffd"},
    {"euc-jp", "\xc6\xfc\xff\xcb\xdc", "\u65e5\ufffd\u672c"},
    {"windows-1252", "\x81", "\ufffd"},
    {"utf-16le", "J", "\ufffd"},
    // Labels that lie, are unknown or are missing.
    {"us-ascii", "J\xc3\xb8rn", "J\u00f8rn"},
    {"us-ascii", "J\xf8rn", "J\u00f8rn"},
    {"", "J\xc3\xb8rn", "J\u00f8rn"},
    {"", "J\xf8rn", "J\u00f8rn"},
    {"x-unknown", "\x93x\x94", "\u201cx\u201d"},
    {"unknown-8bit", "J\xf8rn", "J\u00f8rn"},
    {"../../etc/x", "x", "x"},
    {"", "\x1b$BF|K\\\x1b(B", "\u65e5\u672c"},
    // Russian in windows-1251 and Japanese in EUC-JP, guessed by their statistics.
    {"",
     "\xd1\xfa\xe5\xf8\xfc \xe5\xf9\xb8 \xfd\xf2\xe8\xf5 \xec\xff\xe3\xea\xe8\xf5 "
     "\xf4\xf0\xe0\xed\xf6\xf3\xe7\xf1\xea\xe8\xf5 \xe1\xf3\xeb\xee\xea",
     "\u0421\u044a\u0435\u0448\u044c \u0435\u0449\u0451 \u044d\u0442\u0438\u0445 "
     "\u043c\u044f\u0433\u043a\u0438\u0445 "
     "\u0444\u0440\u0430\u043d\u0446\u0443\u0437\u0441\u043a\u0438\u0445 "
     "\u0431\u0443\u043b\u043e\u043a"},
};

TEST(CharsetTest, ConvertsWhatMailUses) {
    for (const Row& row : kRows) {
        EXPECT_EQ(to_utf8(row.octets, row.charset), row.expected) << row.charset;
    }
}

TEST(CharsetTest, PiecesGiveTheSameText) {
    for (const Row& row : kRows) {
        std::string text;
        CharsetDecoder decoder(row.charset);
        for (const char octet : row.octets) {
            decoder.feed({&octet, 1}, text);
        }
        decoder.finish(text);
        EXPECT_EQ(text, row.expected) << row.charset;
    }
}

TEST(CharsetTest, LabelsAreFoundAsTheyAreWritten) {
    EXPECT_EQ(canonical_charset("Latin1"), "WINDOWS-1252");
    EXPECT_EQ(canonical_charset("ISO_8859-2:1987"), "ISO-8859-2");
    EXPECT_EQ(canonical_charset(" \"UTF-8\" "), "UTF-8");
    EXPECT_EQ(canonical_charset("utf-8*en"), "UTF-8");
    EXPECT_EQ(canonical_charset("x-sjis"), "CP932");
    EXPECT_EQ(canonical_charset(""), "");
    EXPECT_EQ(canonical_charset("UTF-8//TRANSLIT"), "");
    EXPECT_EQ(canonical_charset("IBM1390"), "");
    EXPECT_EQ(canonical_charset(std::string(100'000, 'x')), "");
}

TEST(CharsetTest, EveryOctetOfEveryCharsetGivesWellFormedText) {
    for (const Row& row : kRows) {
        std::string octets;
        for (int first = 0; first < 256; ++first) {
            octets += static_cast<char>(first);
            octets += static_cast<char>(255 - first);
            octets += static_cast<char>(first * 7);
        }
        EXPECT_TRUE(base::is_utf8(to_utf8(octets, row.charset))) << row.charset;
    }
}

TEST(CharsetTest, GuessesTextLongerThanItsSample) {
    std::string long_utf8;
    while (long_utf8.size() < 100'000) {
        long_utf8 += "x\u20ac";
    }
    EXPECT_EQ(to_utf8(long_utf8, "x-none"), long_utf8);
    EXPECT_EQ(guess_charset(std::string_view(long_utf8).substr(0, 32 * 1024)), "UTF-8");
    EXPECT_EQ(guess_charset("few \xf8"), "WINDOWS-1252");
}

}  // namespace
}  // namespace mime
