// Tests of addresses: the grammar of RFC 5321 4.1.2, RFC 6531, IDNA 2008, and Unicode preparation.
#include "account/address.h"

#include <gtest/gtest.h>

#include "account/text.h"

namespace account {
namespace {

struct ParseRow {
    std::string_view text;
    std::string_view local;
    std::string_view domain;
    std::string_view printed;
};

class ParseTest : public testing::TestWithParam<ParseRow> {};

TEST_P(ParseTest, TakesApartAndPrints) {
    const ParseRow& row = GetParam();
    const auto address = parse_address(row.text);
    ASSERT_TRUE(address) << row.text << ": " << address.error().text;
    EXPECT_EQ(address->local, row.local);
    EXPECT_EQ(address->domain, row.domain);
    EXPECT_EQ(address->to_string(), row.printed);
}

INSTANTIATE_TEST_SUITE_P(
    Valid,
    ParseTest,
    testing::Values(
        ParseRow{"bob@hamburger.example", "bob", "hamburger.example", "bob@hamburger.example"},
        ParseRow{"Bob@Hamburger.EXAMPLE.", "Bob", "hamburger.example", "Bob@hamburger.example"},
        ParseRow{"a.b+c/d=e@x", "a.b+c/d=e", "x", "a.b+c/d=e@x"},
        ParseRow{
            "!#$%&'*+-/=?^_`{|}~@x.y", "!#$%&'*+-/=?^_`{|}~", "x.y", "!#$%&'*+-/=?^_`{|}~@x.y"},
        // RFC 5321 4.1.2: the quotes belong to the writing, not to the name.
        ParseRow{R"("Fred Bloggs"@example.com)",
                 "Fred Bloggs",
                 "example.com",
                 R"("Fred Bloggs"@example.com)"},
        ParseRow{R"("bob"@example.com)", "bob", "example.com", "bob@example.com"},
        ParseRow{R"("b\ob"@example.com)", "bob", "example.com", "bob@example.com"},
        ParseRow{R"("a@b\"c\\"@x.y)", R"(a@b"c\)", "x.y", R"("a@b\"c\\"@x.y)"},
        ParseRow{R"("a..b"@x.y)", "a..b", "x.y", R"("a..b"@x.y)"},
        ParseRow{R"(""@x.y)", "", "x.y", R"(""@x.y)"},
        ParseRow{"a@[192.0.2.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
        ParseRow{"a@[192.000.02.1]", "a", "[192.0.2.1]", "a@[192.0.2.1]"},
        ParseRow{"a@[IPv6:2001:DB8:0::1]", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
        ParseRow{"a@[ipv6:::]", "a", "[IPv6:::]", "a@[IPv6:::]"},
        // RFC 6531, and IDNA 2008: the eszett is a letter of its own.
        ParseRow{"gr\xc3\xbc\xc3\x9f\x65@stra\xc3\x9f\x65.example",
                 "gr\xc3\xbc\xc3\x9f\x65",
                 "xn--strae-oqa.example",
                 "gr\xc3\xbc\xc3\x9f\x65@xn--strae-oqa.example"},
        ParseRow{"a@B\xc3\x9c"
                 "CHER.example",
                 "a",
                 "xn--bcher-kva.example",
                 "a@xn--bcher-kva.example"},
        ParseRow{
            "a@XN--BCHER-KVA.example", "a", "xn--bcher-kva.example", "a@xn--bcher-kva.example"},
        ParseRow{"\"\xe5\xbc\x95 \xe7\x94\xa8\"@x.y",
                 "\xe5\xbc\x95 \xe7\x94\xa8",
                 "x.y",
                 "\"\xe5\xbc\x95 \xe7\x94\xa8\"@x.y"}));

TEST(AddressTest, RefusesWhatIsNoAddress) {
    using namespace std::string_view_literals;
    const std::string long_local(256, 'a');
    const std::string long_label = "a@" + std::string(64, 'b') + ".c";
    std::string long_domain = "a@b";
    while (long_domain.size() < 260) {
        long_domain += ".bcd";
    }
    const std::string_view rows[] = {"",
                                     "bob",
                                     "@x",
                                     "bob@",
                                     ".bob@x",
                                     "bob.@x",
                                     "b..b@x",
                                     "b b@x",
                                     "b@b@x",
                                     "b@-x",
                                     "b@x-",
                                     "b@x..y",
                                     "b@.x",
                                     "b@x y",
                                     "b@x_y",
                                     "b@x,y",
                                     "<b@x>",
                                     "\"b@x",
                                     "\"b\"x@y",
                                     "\"b\\\"@x",
                                     "\"b\rc\"@x"sv,
                                     "\"b\\\nc\"@x",
                                     "\"b\0\"@x"sv,
                                     "b\0b@x"sv,
                                     "b@x\0y"sv,
                                     "b@[]",
                                     "b@[1.2.3]",
                                     "b@[1.2.3.4",
                                     "b@[1.2.3.4]x",
                                     "b@[1.2.3.256]",
                                     "b@[1.2.3.4.5]",
                                     "b@[1..2.3]",
                                     "b@[0001.2.3.4]",
                                     "b@[IPv6:1:2]",
                                     "b@[IPv6:1.2.3.4]",
                                     "b@[X25:1]",
                                     "b@[",
                                     "b@.",
                                     "b\xff@x",
                                     "b@\xff",
                                     "b@x\xcc\x80-",
                                     long_label,
                                     long_domain};
    for (const std::string_view row : rows) {
        const auto address = parse_address(row);
        ASSERT_FALSE(address) << row;
        EXPECT_EQ(address.error().code, base::Errc::kSyntax) << row;
    }
    EXPECT_FALSE(parse_address(long_local + "@x"));
    EXPECT_TRUE(parse_address(long_local.substr(1) + "@x"));
}

// RFC 5321 4.1.2 over all 256 octets: which may stand in an atom, which between quotes.
TEST(AddressTest, KnowsEveryOctet) {
    for (int octet = 0; octet < 256; ++octet) {
        const char c = static_cast<char>(octet);
        const bool graphic = octet > 32 && octet < 127;
        const bool special =
            graphic && std::string_view("\"(),.:;<>@[\\]").find(c) != std::string_view::npos;
        EXPECT_EQ(parse_address(std::string("a") + c + "b@x").has_value(),
                  graphic && !special && octet != '@' ? true : octet == '.')
            << octet;
        const bool quotable = octet >= 32 && octet < 127 && c != '"' && c != '\\';
        EXPECT_EQ(parse_address(std::string("\"") + c + "\"@x").has_value(), quotable) << octet;
        const bool escapable = octet >= 32 && octet < 127;
        EXPECT_EQ(parse_address(std::string("\"\\") + c + "\"@x").has_value(), escapable) << octet;
    }
}

TEST(AddressTest, NormalizesLocalParts) {
    EXPECT_EQ(normalize_local("Fred.BLOGGS"), "fred.bloggs");
    EXPECT_EQ(normalize_local("J\xc3\x9cRGEN"), "j\xc3\xbcrgen");
    EXPECT_EQ(normalize_local("JU\xcc\x88RGEN"), "j\xc3\xbcrgen");  // U + combining diaeresis
    EXPECT_EQ(normalize_local("\xc4\xb0\xcc\x81"), "\xc3\xad");     // I with dot, combining acute
    EXPECT_EQ(normalize_local("stra\xc3\x9f\x65"), "stra\xc3\x9f\x65");
    EXPECT_EQ(normalize_local("\xff\x41"), "\xff\x41");
}

struct PrepRow {
    std::string_view text;
    std::optional<std::string_view> prepared;
};

// RFC 4013 section 3, and each table once.
TEST(SaslprepTest, Examples) {
    const PrepRow rows[] = {{"I\xc2\xadX", "IX"},
                            {"user", "user"},
                            {"USER", "USER"},
                            {"\xc2\xaa", "a"},
                            {"\xe2\x85\xa8", "IX"},
                            {"\x07", std::nullopt},
                            {"\xd8\xa7\x31", std::nullopt},
                            {"\xd8\xa7\x31\xd8\xa8", "\xd8\xa7\x31\xd8\xa8"},
                            {"\xd8\xa7x\xd8\xa8", std::nullopt},
                            {"a\xc2\xa0"
                             "b",
                             "a b"},
                            {"p\xc3\xa4ss", "p\xc3\xa4ss"},
                            {"pa\xcc\x88ss", "p\xc3\xa4ss"},
                            {"\xee\x80\x80", std::nullopt},
                            {"\xef\xbf\xbd", std::nullopt},
                            {"\xe2\x80\xae", std::nullopt},
                            {"\xf0\x9f\xbf\xbe", std::nullopt},
                            {"\xff", std::nullopt},
                            {"", ""}};
    for (const PrepRow& row : rows) {
        EXPECT_EQ(saslprep(row.text), row.prepared) << row.text;
    }
    EXPECT_EQ(prepare_password("p\xe4ss"), "p\xe4ss");
}

}  // namespace
}  // namespace account
