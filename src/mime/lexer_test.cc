// The tokens of RFC 5322 3.2: character classes over all octets, tokens with and without their
// ends.
#include "mime/lexer.h"

#include <gtest/gtest.h>

#include "base/ascii.h"

namespace mime {
namespace {

// atext of RFC 5322 3.2.3 as it is printed, by letters, digits and this list.
TEST(LexerTest, ClassesHoldOverAllOctets) {
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        const bool text = base::is_alnum(c) || base::is_8bit(c);
        EXPECT_EQ(is_atext(c),
                  text || (c != 0 && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) !=
                                         std::string_view::npos))
            << i;
        EXPECT_EQ(is_token_char(c),
                  text || (c != 0 &&
                           std::string_view("!#$%&'*+-.^_`{|}~").find(c) != std::string_view::npos))
            << i;
    }
}

TEST(LexerTest, AtomsAndDotAtoms) {
    EXPECT_TRUE(is_atom("john"));
    EXPECT_FALSE(is_atom(""));
    EXPECT_FALSE(is_atom("john.doe"));
    EXPECT_TRUE(is_dot_atom("john.doe"));
    EXPECT_TRUE(is_dot_atom("j\u00f8rn"));
    for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a@b"}) {
        EXPECT_FALSE(is_dot_atom(bad)) << bad;
    }
}

struct Row {
    std::string_view body;
    std::string_view value;  // "none" when there is no token
    std::string_view rest;
};

constexpr Row kQuoted[] = {
    {"\"\"x", "", "x"},
    {"\"a b\" c", "a b", " c"},
    {"\"a\\\"b\\\\\"", "a\"b\\", ""},
    {"\"folded\r\n text\"", "folded text", ""},
    {"\"\\(\"", "(", ""},
    {"\"open", "none", "\"open"},
    {"\"open\\\"", "none", "\"open\\\""},
    {"x\"\"", "none", "x\"\""},
};

TEST(LexerTest, QuotedStrings) {
    for (const Row& row : kQuoted) {
        Lexer lexer(row.body);
        EXPECT_EQ(lexer.quoted_string().value_or("none"), row.value) << row.body;
        EXPECT_EQ(lexer.rest(), row.rest) << row.body;
    }
}

constexpr Row kComments[] = {
    {"()x", "", "x"},
    {"(a (b) c) d", "a (b) c", " d"},
    {"(a \\) b) c", "a \\) b", " c"},
    {"(a \\( b) c", "a \\( b", " c"},
    {"(open", "none", "(open"},
    {"((open)", "none", "((open)"},
    {"(open\\)", "none", "(open\\)"},
    {"(open\\", "none", "(open\\"},
    {"a", "none", "a"},
};

TEST(LexerTest, Comments) {
    for (const Row& row : kComments) {
        Lexer lexer(row.body);
        EXPECT_EQ(lexer.comment().value_or("none"), row.value) << row.body;
        EXPECT_EQ(lexer.rest(), row.rest) << row.body;
    }
}

constexpr Row kLiterals[] = {
    {"[127.0.0.1]x", "[127.0.0.1]", "x"},
    {"[ IPv6:::1 \r\n ]", "[IPv6:::1]", ""},
    {"[]", "[]", ""},
    {"[open", "none", "[open"},
};

TEST(LexerTest, DomainLiterals) {
    for (const Row& row : kLiterals) {
        Lexer lexer(row.body);
        EXPECT_EQ(lexer.domain_literal().value_or("none"), row.value) << row.body;
        EXPECT_EQ(lexer.rest(), row.rest) << row.body;
    }
}

TEST(LexerTest, SkipsWhiteSpaceAndComments) {
    Lexer lexer(" \t(a) \r\n (b(c)) d (open e");
    EXPECT_TRUE(lexer.skip_cfws());
    EXPECT_EQ(lexer.atom(), "d");
    EXPECT_TRUE(lexer.skip_cfws());
    EXPECT_FALSE(lexer.skip_cfws());
    EXPECT_TRUE(lexer.damaged());
    EXPECT_EQ(lexer.rest(), "(open e");
}

TEST(LexerTest, MissingEndsAreLookedForOnce) {
    for (const char* unit : {"(", "\"\\", "["}) {
        std::string body;
        while (body.size() < 2'000'000) {
            body += unit;
        }
        Lexer lexer(body);
        while (!lexer.at_end()) {
            lexer.skip_cfws();
            if (!lexer.quoted_string() && !lexer.domain_literal()) {
                lexer.advance();
            }
        }
        EXPECT_TRUE(lexer.damaged());
    }
}

TEST(LexerTest, QuotesWhatItReads) {
    for (const std::string_view text : {"", "plain", "a \"b\" \\ c", "(x)", "tab\t"}) {
        const std::string quoted = quote(text);
        Lexer lexer(quoted);
        EXPECT_EQ(lexer.quoted_string(), text);
        EXPECT_TRUE(lexer.at_end());
    }
    EXPECT_EQ(quote("a\r\nb"), "\"a  b\"");
}

}  // namespace
}  // namespace mime
