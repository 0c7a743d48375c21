// Tables of command lines, valid and not; and the multi-line framing, whole and cut anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/ascii.h"
#include "pop3/grammar/command.h"
#include "pop3/grammar/multiline.h"

namespace pop3 {
namespace {

using std::string_literals::operator""s;

struct Row {
    std::string input;
    std::string dump;  // "-" for a refusal
};

template <class Dump>
void expect_rows(const std::vector<Row>& rows, Dump dump) {
    for (const Row& row : rows) {
        EXPECT_EQ(dump(row.input), row.dump) << "input: " << row.input;
    }
}

TEST(CommandTest, Lines) {
    expect_rows(
        {
            {"STAT", "STAT|"},
            {"stat", "STAT|"},
            {"Top 1 2", "TOP|1 2"},
            {"PASS  two  spaces ", "PASS| two  spaces "},
            {"RETR ", "RETR|"},
            {"utf8", "UTF8|"},
            {"USER J\xc3\xb6rg", "USER|J\xc3\xb6rg"},
            {"", "-"},
            {" ", "-"},
            {" STAT", "-"},
            {"ST", "-"},
            {"STATS", "-"},
            {"ST\xc3", "-"},
            {"RE-R 1", "-"},
            {"STAT\t1", "-"},
            {"LIST 1\r", "-"},
            {"USER a\0b"s, "-"},
            {"USER a\x7f", "-"},
        },
        [](const std::string& input) {
            const auto line = parse_command(input);
            return line ? line->verb + "|" + std::string(line->arguments) : "-";
        });
}

TEST(CommandTest, EveryOctetInAVerb) {
    for (int octet = 0; octet < 256; ++octet) {
        const std::string line = std::string("LIS") + static_cast<char>(octet);
        const bool accepted = parse_command(line).has_value();
        // A space ends the verb "LIS".
        EXPECT_EQ(accepted, base::is_alnum(static_cast<char>(octet)) || octet == ' ') << octet;
    }
}

TEST(CommandTest, MessageNumbers) {
    expect_rows(
        {
            {"1", "1"},
            {"0012", "12"},
            {"7 ", "7"},
            {"4294967295", "4294967295"},
            {"99999999999999999999999", "4294967295"},
            {"0", "-"},
            {"", "-"},
            {"-1", "-"},
            {"+1", "-"},
            {"1 2", "-"},
            {" 1", "-"},
            {"0x1", "-"},
            {"1.5", "-"},
        },
        [](const std::string& input) {
            const auto number = parse_message_number(input);
            return number ? std::to_string(*number) : "-";
        });
}

TEST(CommandTest, Top) {
    expect_rows(
        {
            {"1 0", "1,0"},
            {"1 10 ", "1,10"},
            {"2 99999999999", "2,4294967295"},
            {"1", "-"},
            {"1 ", "-"},
            {"0 1", "-"},
            {"1  1", "-"},
            {"1 1 1", "-"},
            {"1 -1", "-"},
        },
        [](const std::string& input) {
            const auto top = parse_top(input);
            return top ? std::to_string(top->message) + "," + std::to_string(top->lines) : "-";
        });
}

TEST(CommandTest, NamesAndPasswords) {
    EXPECT_EQ(parse_user("bob@hamburger.example ").value(), "bob@hamburger.example");
    EXPECT_EQ(parse_user("J\xc3\xb6rg").value(), "J\xc3\xb6rg");
    EXPECT_FALSE(parse_user("J\xf6rg"));
    EXPECT_FALSE(parse_user(""));
    EXPECT_EQ(parse_password(" with spaces ").value(), " with spaces ");
    EXPECT_FALSE(parse_password("\xff"));
    EXPECT_FALSE(parse_password(""));
}

TEST(CommandTest, Apop) {
    expect_rows(
        {
            {"mrose c4c9334bac560ecc979e58001b3e22fb", "mrose|c4c9334bac560ecc979e58001b3e22fb"},
            {"mrose C4C9334BAC560ECC979E58001B3E22FB", "mrose|C4C9334BAC560ECC979E58001B3E22FB"},
            {"m rose c4c9334bac560ecc979e58001b3e22fb", "m rose|c4c9334bac560ecc979e58001b3e22fb"},
            {"mrose", "-"},
            {"mrose c4c9334bac560ecc979e58001b3e22f", "-"},
            {"mrose c4c9334bac560ecc979e58001b3e22fg", "-"},
            {" c4c9334bac560ecc979e58001b3e22fb", "-"},
        },
        [](const std::string& input) {
            const auto apop = parse_apop(input);
            return apop ? std::string(apop->name) + "|" + std::string(apop->digest) : "-";
        });
}

TEST(CommandTest, Auth) {
    expect_rows(
        {
            {"plain", "PLAIN"},
            {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS"},
            {"PLAIN dGVzdAB0ZXN0AHRlc3Q=", "PLAIN test\0test\0test"s},
            {"EXTERNAL =", "EXTERNAL "},
            {"PLAIN dGVzdA", "-"},
            {"PLAIN a b", "-"},
            {"PLAIN ==", "-"},
            {"", "-"},
            {"PL/IN", "-"},
            {"ABCDEFGHIJKLMNOPQRSTU", "-"},
        },
        [](const std::string& input) {
            const auto auth = parse_auth(input);
            return !auth            ? "-"
                   : auth->response ? auth->mechanism + " " + *auth->response
                                    : auth->mechanism;
        });
}

TEST(CommandTest, SaslResponses) {
    EXPECT_EQ(parse_sasl_response("dGVzdA==").value(), "test");
    EXPECT_EQ(parse_sasl_response("").value(), "");
    EXPECT_EQ(parse_sasl_response("*").value(), std::nullopt);
    EXPECT_FALSE(parse_sasl_response("**"));
    EXPECT_FALSE(parse_sasl_response("dGVzdA=="s + " "));
}

TEST(CommandTest, SecretsAreRedacted) {
    EXPECT_EQ(redact("PASS tanstaaf"), "PASS ***");
    EXPECT_EQ(redact("pass two words"), "pass ***");
    EXPECT_EQ(redact("APOP mrose c4c9334bac560ecc979e58001b3e22fb"), "APOP mrose ***");
    EXPECT_EQ(redact("AUTH PLAIN dGVzdAB0ZXN0AHRlc3Q="), "AUTH PLAIN ***");
    EXPECT_EQ(redact("AUTH PLAIN"), "AUTH PLAIN");
    EXPECT_EQ(redact("RETR 1"), "RETR 1");
}

std::string stuffed(const std::vector<std::string>& chunks) {
    std::string out;
    DotStuffer stuffer;
    for (const std::string& chunk : chunks) {
        stuffer.feed(chunk, [&out](std::string_view piece) { out += piece; });
    }
    out += stuffer.end();
    return out;
}

const std::vector<Row> kStuffed = {
    {"", ".\r\n"},
    {"a\r\n", "a\r\n.\r\n"},
    {".\r\n", "..\r\n.\r\n"},
    {"..\r\n.foo\r\n..\r\n", "...\r\n..foo\r\n...\r\n.\r\n"},
    {"a.b\r\n.c", "a.b\r\n..c\r\n.\r\n"},
    {"no end", "no end\r\n.\r\n"},
    {"bare\n.\r\n", "bare\n..\r\n.\r\n"},
    {"bare end\n", "bare end\n\r\n.\r\n"},
    {"cr end\r", "cr end\r\r\n.\r\n"},
    {"\r\n", "\r\n.\r\n"},
    {"\n", "\n\r\n.\r\n"},
    {"cr.\r.x\r\n", "cr.\r.x\r\n.\r\n"},
};

TEST(DotStufferTest, StuffsWhole) {
    expect_rows(kStuffed, [](const std::string& input) { return stuffed({input}); });
}

TEST(DotStufferTest, StuffsTheSameCutAnywhere) {
    for (const Row& row : kStuffed) {
        for (std::size_t first = 0; first <= row.input.size(); ++first) {
            for (std::size_t second = first; second <= row.input.size(); ++second) {
                EXPECT_EQ(stuffed({row.input.substr(0, first),
                                   row.input.substr(first, second - first),
                                   row.input.substr(second)}),
                          row.dump);
            }
        }
    }
}

std::string top_of(const std::vector<std::string>& chunks, std::uint32_t lines) {
    std::string out;
    TopCutter cutter(lines);
    for (const std::string& chunk : chunks) {
        const std::size_t taken = cutter.feed(chunk);
        out += chunk.substr(0, taken);
        EXPECT_TRUE(taken == chunk.size() || cutter.done());
    }
    return out;
}

TEST(TopCutterTest, EndsBehindTheLastLineCutAnywhere) {
    const std::string message = "A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\nfour";
    const std::vector<std::pair<std::uint32_t, std::string>> rows = {
        {0, "A: 1\r\nB: 2\r\n\r\n"},
        {1, "A: 1\r\nB: 2\r\n\r\none\r\n"},
        {2, "A: 1\r\nB: 2\r\n\r\none\r\n\r\n"},
        {3, "A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n"},
        {4, message},
        {1000, message},
    };
    for (const auto& [lines, top] : rows) {
        for (std::size_t cut = 0; cut <= message.size(); ++cut) {
            EXPECT_EQ(top_of({message.substr(0, cut), message.substr(cut)}, lines), top)
                << lines << " lines, cut at " << cut;
        }
    }
    EXPECT_EQ(top_of({"no body\r\n"}, 3), "no body\r\n");
    EXPECT_EQ(top_of({"A: 1\n\nbare\nlines\n"}, 1), "A: 1\n\nbare\n");
    EXPECT_EQ(top_of({"\r\nno header\r\nx\r\n"}, 1), "\r\nno header\r\n");
}

}  // namespace
}  // namespace pop3
