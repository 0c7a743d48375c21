// Tests of what a client needs of the grammar: replies, capabilities, dots.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/ascii.h"
#include "smtp/grammar/capabilities.h"
#include "smtp/grammar/dot_reader.h"
#include "smtp/grammar/dot_writer.h"
#include "smtp/grammar/reply_parser.h"

namespace smtp {
namespace {

using testing::ElementsAre;

std::optional<Reply> parse(std::string_view lines) {
    ReplyParser parser;
    while (!lines.empty()) {
        const auto ended = parser.feed(base::split_front(lines, '\n'));
        if (!ended) {
            return std::nullopt;
        }
        if (*ended) {
            return lines.empty() ? std::optional(parser.take()) : std::nullopt;
        }
    }
    return std::nullopt;
}

TEST(ReplyParser, ReadsWhatPeersSay) {
    const struct {
        std::string_view lines;
        std::optional<Reply> reply;
    } rows[] = {
        {"250 ok", Reply{250, {}, "ok"}},
        {"250", Reply{250, {}, ""}},
        {"250 ", Reply{250, {}, ""}},
        {"250-", std::nullopt},
        {"250-one\n250 two", Reply{250, {}, "one\ntwo"}},
        {"250-\n250", Reply{250, {}, "\n"}},
        {"550 5.1.1 no such user", Reply{550, {5, 1, 1}, "no such user"}},
        {"550-5.1.1 no such user\n550-5.1.1  try\n550 5.1.1 x",
         Reply{550, {5, 1, 1}, "no such user\n try\nx"}},
        {"550-5.1.1 no\n550 see https://x.example",
         Reply{550, {5, 1, 1}, "no\nsee https://x.example"}},
        // Of another class it is text (RFC 2034 4).
        {"450 5.1.1 odd", Reply{450, {}, "5.1.1 odd"}},
        {"354 3.0.0 go on", Reply{354, {3, 0, 0}, "go on"}},
        {"550 5.1 cut", Reply{550, {}, "5.1 cut"}},
        {"550 5.1.1000 large", Reply{550, {}, "5.1.1000 large"}},
        {"550 5.7.1", Reply{550, {5, 7, 1}, ""}},
        {"550 tab\there\x1b[1m", Reply{550, {}, "tab here?[1m"}},
        {"550 caff\xc3\xa8", Reply{550, {}, "caff\xc3\xa8"}},
        {"550 caff\xe8", Reply{550, {}, "caff?"}},
        {"150 early", std::nullopt},
        {"650 late", std::nullopt},
        {"250_x", std::nullopt},
        {"25", std::nullopt},
        {" 250 x", std::nullopt},
        {"250-a\n251 b", std::nullopt},
    };

    for (const auto& row : rows) {
        EXPECT_EQ(parse(row.lines), row.reply) << row.lines;
    }
}

TEST(ReplyParser, HoldsNoMoreThanItsBound) {
    ReplyParser parser;
    const std::string line = "250-" + std::string(1000, 'x');
    bool refused = false;
    for (int i = 0; i < 100 && !refused; ++i) {
        refused = !parser.feed(line);
    }
    EXPECT_TRUE(refused);
    ASSERT_TRUE(parser.feed("421 begins anew"));
    EXPECT_EQ(parser.take().text, "begins anew");
}

Capabilities capabilities(std::string_view lines) {
    return parse_capabilities(parse(lines).value_or(Reply()));
}

TEST(Capabilities, AreReadFromTheLinesOfEhlo) {
    const Capabilities all = capabilities(
        "250-mail.hamburger.example greets you\n250-PIPELINING\n250-size 1000\n250-8bitmime\n"
        "250-SMTPUTF8\n250-CHUNKING\n250-BINARYMIME\n250-DSN\n250-STARTTLS\n"
        "250-ENHANCEDSTATUSCODES\n250-AUTH plain LOGIN\n250-AUTH=LOGIN CRAM-MD5\n"
        "250-LIMITS MAILMAX=20 RCPTMAX=50 X\n250-X-UNKNOWN a b\n250 HELP");
    EXPECT_TRUE(all.extended && all.pipelining && all.eight_bit_mime && all.smtputf8);
    EXPECT_TRUE(all.chunking && all.binary_mime && all.dsn && all.starttls && all.enhanced_codes);
    EXPECT_TRUE(all.size);
    EXPECT_EQ(all.octets_max, 1000U);
    EXPECT_THAT(all.auth, ElementsAre("PLAIN", "LOGIN", "CRAM-MD5"));
    EXPECT_EQ(all.messages_max, 20U);
    EXPECT_EQ(all.recipients_max, 50U);

    EXPECT_EQ(capabilities("250 mail.hamburger.example"), Capabilities{.extended = true});
    // The greeting's line is no capability.
    EXPECT_EQ(capabilities("250-PIPELINING\n250 HELP"), Capabilities{.extended = true});
    EXPECT_FALSE(capabilities("250-x\n250 BINARYMIME").binary_mime) << "only with CHUNKING";
    EXPECT_EQ(capabilities("250-x\n250 SIZE").octets_max, 0U);
    EXPECT_TRUE(capabilities("250-x\n250 SIZE").size);
    EXPECT_EQ(capabilities("250-x\n250 SIZE many").octets_max, 0U);
    EXPECT_EQ(capabilities("250-x\n250 LIMITS RCPTMAX=0").recipients_max, std::nullopt);
    EXPECT_EQ(server_name({250, {}, "mail.example ESMTP\nSIZE"}), "mail.example");
    EXPECT_EQ(server_name({250, {}, ""}), "");
}

std::string on_the_wire(std::string_view message, std::size_t piece_octets) {
    DotWriter writer;
    std::string wire;
    for (std::size_t at = 0; at < message.size(); at += piece_octets) {
        writer.feed(message.substr(at, piece_octets), wire);
    }
    writer.finish(wire);
    return wire;
}

TEST(DotWriter, PutsMessagesOnTheWire) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"", ".\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {"a", "a\r\n.\r\n"},
        {".", "..\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {"..a\r\n.b\r\nc.\r\n", "...a\r\n..b\r\nc.\r\n.\r\n"},
        {"a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
        {"a\r.\rb\r\n", "a . b\r\n.\r\n"},
        {"\r.\r\n", " .\r\n.\r\n"},
        {"a\r\r\n", "a \r\n.\r\n"},
        {"a\r", "a \r\n.\r\n"},
        {"\r\n\r\n", "\r\n\r\n.\r\n"},
    };
    for (const auto& [message, wire] : rows) {
        for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
            EXPECT_EQ(on_the_wire(message, piece), wire) << message << piece;
        }
        DotReader reader(Framing::kDot, BareNewlines::kReport);
        std::string read;
        EXPECT_EQ(reader.feed(wire, read), wire.size());
        EXPECT_TRUE(reader.done() && !reader.saw_bare_newline());
    }
}

}  // namespace
}  // namespace smtp
