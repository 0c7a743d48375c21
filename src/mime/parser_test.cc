// The parser: what it makes of good messages, of bad ones, of messages in pieces and of floods.
#include "mime/parser.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "mime_invariants.h"

namespace mime {
namespace {

// One line a part: its depth in dots, its type and its body between bars, line ends as ~.
std::string dump(std::string_view message) {
    const Structure structure = parse(message);
    std::string out;
    for (const Part& part : structure.parts) {
        for (std::uint32_t up = part.parent; up != kNoPart; up = structure.parts[up].parent) {
            out += '.';
        }
        std::string body(body_of(message, part));
        if (!part.children.empty()) {
            body.clear();
        }
        std::erase(body, '\r');
        std::replace(body.begin(), body.end(), '\n', '~');
        out += fmt::format("{}/{} |{}|\n", part.type.type, part.type.subtype, body);
    }
    for (const Defect& defect : structure.defects) {
        out += fmt::format("{} {}\n", defect_name(defect.kind), defect.offset);
    }
    return out;
}

std::string crlf(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\r\n");
    }
    return text;
}

constexpr std::string_view kMixed =
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n";

struct Row {
    std::string message;  // with LF; CRLF is put in
    std::string dump;
};

TEST(ParserTest, FindsParts) {
    const std::vector<Row> rows = {
        {"", "text/plain ||\n"},
        {"Subject: x\n", "text/plain ||\n"},
        {"Subject: x\n\n", "text/plain ||\n"},
        {"Subject: x\n\nhello\n", "text/plain |hello~|\n"},
        {"\nhello", "text/plain |hello|\n"},
        {std::string(kMixed) +
             "pre\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n\n--b--\npost\n",
         "multipart/mixed ||\n.text/plain |one|\n.text/html |two~|\n"},
        // A part without a body, with and without its empty line; padding behind a delimiter.
        {std::string(kMixed) + "--b  \nA: 1\n\n--b\t\n\n--b--",
         "multipart/mixed ||\n.text/plain ||\n.text/plain ||\n"},
        // Lines that only look like delimiters.
        {std::string(kMixed) + "--b\n\n--bb\n-- b\n --b\n--b-\n--\n-\n--b--x\n--b--\n",
         "multipart/mixed ||\n.text/plain |--bb~-- b~ --b~--b-~--~-~--b--x|\n"},
        // Text behind a delimiter; a boundary that ends with spaces, which transports drop.
        {std::string(kMixed) + "--b what is this\n\nx\n--bb y\n--b-- the end\n",
         "multipart/mixed ||\n.text/plain |x~--bb y|\n"},
        {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b  \"\n\n--b  \n\nx\n--b  "
         "--\n",
         "multipart/mixed ||\n.text/plain |x|\n"},
        {"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"" + std::string(900, 'l') +
             "\"\n\n--" + std::string(900, 'l') + "\n\nx\n--" + std::string(900, 'l') + "--\n",
         "multipart/mixed ||\n.text/plain |x|\n"},
        // Boundaries that are prefixes of each other (RFC 2046 5.1.2).
        {std::string(kMixed) + "--b\nContent-Type: multipart/alternative; "
                               "boundary=bb\n\n--bb\n\nx\n--bb--\n--b\n\ny\n--b--\n",
         "multipart/mixed ||\n.multipart/alternative ||\n..text/plain |x|\n.text/plain |y|\n"},
        // message/rfc822, and in a digest without being said (RFC 2046 5.1.5)
        {std::string(kMixed) + "--b\nContent-Type: message/rfc822\n\nSubject: in\n\nhello\n--b--\n",
         "multipart/mixed ||\n.message/rfc822 ||\n..text/plain |hello|\n"},
        {"MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=b\n\n"
         "--b\n\nSubject: in\n\nhello\n--b\nContent-Type: text/plain\n\nindex\n--b--\n",
         "multipart/digest ||\n.message/rfc822 ||\n..text/plain |hello|\n.text/plain |index|\n"},
        {"MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=b\n\n--b\n\n--b--\n",
         "multipart/digest ||\n.message/rfc822 ||\n..text/plain ||\nheader-cut-short 72\n"},
        // Folded fields, comments, case, a quoted boundary with a space within.
        {"mime-version: 1.0\ncontent-type: Multipart/\n Mixed (hm);\n\tBOUNDARY=\"a b\"\n\n--a "
         "b\n\nx\n--a b--\n",
         "multipart/mixed ||\n.text/plain |x|\n"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(dump(crlf(row.message)), row.dump) << row.message;
        EXPECT_EQ(broken_property(crlf(row.message)), "") << row.message;
        EXPECT_EQ(broken_property(row.message), "") << row.message;
    }
}

TEST(ParserTest, ReadsWhatIsWrongAsItWasMeant) {
    const std::vector<Row> rows = {
        {"From alice@crepes.example Sat Nov  1 2026\nSubject: x\n\nb",
         "text/plain |b|\nmbox-from-line 0\n"},
        {"Subject: x\nfolded without space\nContent-Type: text/html\n\nb",
         "text/html |b|\nbad-header-line 12\nmissing-mime-version 0\n"},
        {"Subject: x\nHello Bob,\nhow are you?\n",
         "text/plain |Hello Bob,~how are you?~|\nmissing-blank-line 12\n"},
        {"Subject: x\nHello Bob,\n\nbye", "text/plain |Hello Bob,~~bye|\nmissing-blank-line 12\n"},
        {"Subject: x\nHello", "text/plain |Hello|\nmissing-blank-line 12\n"},
        {"no header at all", "text/plain |no header at all|\nmissing-blank-line 0\n"},
        {std::string(kMixed) + "--b\n\none\n",
         "multipart/mixed ||\n.text/plain |one~|\nunclosed-multipart 0\n"},
        {std::string(kMixed) + "none\n",
         "multipart/mixed |none~|\nempty-multipart 0\nunclosed-multipart 0\n"},
        {std::string(kMixed) + "--b--\n", "multipart/mixed |--b--~|\nempty-multipart 0\n"},
        {"MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--b\n",
         "multipart/mixed |--b~|\nmissing-boundary 0\n"},
        {std::string(kMixed) + "--b\nContent-Type: text/html\n--b\n\nx\n--b--",
         "multipart/mixed ||\n.text/html ||\n.text/plain |x|\nheader-cut-short 94\n"},
        // An outer delimiter ends an inner multipart that was never closed.
        {std::string(kMixed) +
             "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b\n\ny\n--b--\n",
         "multipart/mixed ||\n.multipart/mixed ||\n..text/plain |x|\n.text/plain "
         "|y|\nunclosed-multipart 69\n"},
        // The same boundary within itself: the inner one takes the delimiters until it is closed.
        {std::string(kMixed) +
             "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n--b\n\ny\n--b--\n",
         "multipart/mixed ||\n.multipart/mixed ||\n..text/plain |x|\n.text/plain |y|\n"},
        {"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Type: text/html\n\nx",
         "text/plain |x|\nduplicate-field 45\n"},
        {"MIME-Version: 1.0\nContent-Type: ;;;\n\nx",
         "application/octet-stream |x|\nbad-content-type 19\n"},
        {"MIME-Version: 1.0\nContent-Transfer-Encoding: rot13\n\nx",
         "text/plain |x|\nbad-encoding 19\n"},
        {"MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "
         "base64\n\neA==",
         "message/rfc822 |eA==|\nencoded-container 0\n"},
        {"Subject: \xe9\n\nx", "text/plain |x|\n8bit-header 0\n"},
        {std::string("a: b\n\nx\0y", 9), "text/plain |x" + std::string(1, '\0') + "y|\nnul 0\n"},
        {"a: b\n\nx\ry", "text/plain |xy|\nbare-cr 0\n"},
        // A message/rfc822 whose message has no header.
        {std::string(kMixed) +
             "--b\nContent-Type: message/rfc822\n\nJust text,\nmuch of it\n--b--\n",
         "multipart/mixed ||\n.message/rfc822 ||\n..text/plain |Just text,~much of "
         "it|\nmissing-blank-line 101\n"},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(dump(crlf(row.message)), row.dump) << row.message;
        EXPECT_EQ(broken_property(crlf(row.message)), "") << row.message;
    }
    EXPECT_EQ(dump("a: b\n\nx\n"), "text/plain |x~|\nbare-lf 0\n");
}

TEST(ParserTest, KeepsTheFieldsThatListingsNeed) {
    const std::string message = crlf(
        "Date: Sat, 21 Nov 2026 10:00:00 +0000\nReceived: by x\nSubject: a\n b\nX-Other: no\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: Quoted-Printable\nContent-Disposition: attachment; "
        "filename=\"a b\"\n"
        "Content-ID: <1@x>\nContent-Description: what\n it is\nContent-Language: de, en-GB "
        "(British)\n"
        "Content-Location: http://x/\nContent-MD5: Q2hlY2s=\n\nbody\n");
    const Structure structure = parse(message);
    const Part& part = structure.root();
    EXPECT_EQ(part.envelope, "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nSubject: a\r\n b\r\n");
    EXPECT_EQ(part.type.parameters.get("charset"), "utf-8");
    EXPECT_EQ(part.encoding, Encoding::kQuotedPrintable);
    EXPECT_EQ(part.encoding_name, "quoted-printable");
    ASSERT_TRUE(part.disposition);
    EXPECT_EQ(part.disposition->type, "attachment");
    EXPECT_EQ(part.disposition->parameters.get("filename"), "a b");
    EXPECT_EQ(part.id, "<1@x>");
    EXPECT_EQ(part.description, "what it is");
    EXPECT_THAT(part.languages, testing::ElementsAre("de", "en-GB"));
    EXPECT_EQ(part.location, "http://x/");
    EXPECT_EQ(part.md5, "Q2hlY2s=");
    EXPECT_EQ(part.lines, 1U);
    EXPECT_EQ(part.body_octets_count(), 6U);
    EXPECT_EQ(structure.defects_count, 0U);
    EXPECT_EQ(broken_property(message), "");
}

TEST(ParserTest, ReadsVersionsAsRfc2045PrintsThem) {
    for (const char* good : {"1.0",
                             "1.0 (produced by MetaSend Vx.x)",
                             "(produced by MetaSend Vx.x) 1.0",
                             "1.(produced by MetaSend Vx.x)0"}) {
        EXPECT_EQ(parse("MIME-Version: " + std::string(good) + "\r\n\r\n").defects_count, 0U)
            << good;
    }
    for (const char* bad : {"1.1", "", "1", "1.0.0", "one"}) {
        EXPECT_TRUE(parse("MIME-Version: " + std::string(bad) + "\r\n\r\n")
                        .has(DefectKind::kBadMimeVersion))
            << bad;
    }
}

// Anything out of the pieces that the parser reacts to.
std::string soup(base::SeededRandom& random) {
    static const std::vector<std::string> kPieces = {
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "--",
        "--b",
        "--bb",
        "--b--",
        "--bb--",
        "-",
        " ",
        "\t",
        "x",
        "x:y",
        "From x\r\n",
        "Subject: z\r\n",
        "MIME-Version: 1.0\r\n",
        "word word\r\n",
        "\r\n--b\r\n",
        "\r\n--bb\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        "Content-Type: multipart/digest; boundary=bb\r\n\r\n",
        "Content-Type: message/rfc822\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        std::string("\0", 1),
        "\xe9",
        "Content-Type:",
        std::string(70, '-')};
    std::string text = random.below(2) == 0 ? std::string(kMixed) : std::string{};
    for (std::uint64_t left = random.below(60); left > 0; --left) {
        text += kPieces[random.below(kPieces.size())];
    }
    return text;
}

TEST(ParserTest, MakesTheSameOfWholeAndPieces) {
    base::SeededRandom random(11);
    const ParserLimits tight{.depth_max = 3,
                             .parts_max = 6,
                             .field_octets_max = 40,
                             .kept_octets_max = 100,
                             .defects_max = 4};
    for (int round = 0; round < 4000; ++round) {
        const std::string text = soup(random);
        ASSERT_EQ(broken_property(text), "") << text;
        ASSERT_EQ(broken_property(text, tight), "") << text;
    }
}

TEST(ParserTest, StopsAtItsDepth) {
    std::string message;
    for (int level = 0; level < 10'000; ++level) {
        message += fmt::format(
            "Content-Type: multipart/mixed; boundary=b{}\r\n\r\n--b{}\r\n", level, level);
    }
    const Structure structure = parse(message + "\r\nend");
    EXPECT_EQ(structure.parts.size(), 100U);
    EXPECT_TRUE(structure.has(DefectKind::kTooDeep));
    std::string messages;
    for (int level = 0; level < 10'000; ++level) {
        messages += "Content-Type: message/rfc822\r\n\r\n";
    }
    EXPECT_EQ(parse(messages).parts.size(), 100U);
    EXPECT_TRUE(parse(messages).has(DefectKind::kTooDeep));
}

TEST(ParserTest, StopsAtItsNumberOfParts) {
    std::string message(kMixed);
    for (int part = 0; part < 1'000'000; ++part) {
        message += "--b\r\n\r\nx\r\n";
    }
    const Structure structure = parse(message + "--b--\r\n");
    EXPECT_EQ(structure.parts.size(), 10'000U);
    EXPECT_TRUE(structure.has(DefectKind::kTooManyParts));
    EXPECT_FALSE(structure.has(DefectKind::kUnclosedMultipart));
    EXPECT_LE(structure.defects.size(), 10U);
    EXPECT_EQ(broken_ranges(structure, message + "--b--\r\n"), "");
}

TEST(ParserTest, KeepsLittleOfAHugeHeader) {
    constexpr std::size_t kOctets = 50'000'000;
    const std::string line = "To: " + std::string(kOctets, 'x') + "\r\n\r\nbody";
    const Structure one_line = parse(line);
    EXPECT_EQ(one_line.root().body_octets_count(), 4U);
    EXPECT_LE(one_line.root().envelope.size(), 256U * 1024 + 2);
    EXPECT_TRUE(one_line.has(DefectKind::kFieldTooLong));
    std::string fields;
    while (fields.size() < kOctets) {
        fields += "To: " + std::string(70'000, 'y') + "\r\n";
    }
    const Structure many = parse(fields + "\r\nbody");
    EXPECT_LE(many.root().envelope.size(), 4U * 1024 * 1024);
    EXPECT_TRUE(many.has(DefectKind::kTooMuchHeader));
    EXPECT_EQ(body_of(fields + "\r\nbody", many.root()), "body");
}

TEST(ParserTest, IsLinearInBoundarySoup) {
    std::string message = "Content-Type: multipart/mixed; boundary=b0\r\n\r\n";
    for (int level = 1; level < 99; ++level) {
        message += fmt::format(
            "--b{}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", level - 1, level);
    }
    for (int line = 0; line < 1'000'000; ++line) {
        message += "--bx\n";
    }
    const Structure structure = parse(message);
    EXPECT_EQ(structure.parts.size(), 99U);
    EXPECT_EQ(broken_ranges(structure, message), "");
}

}  // namespace
}  // namespace mime
