// Folding and encoding of fields, and that they read back.
#include "mime/header_writer.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "mime/header.h"
#include "mime/msgid.h"

namespace mime {
namespace {

struct Row {
    std::string_view body;
    FoldAt at;
    std::string_view field;
};

TEST(HeaderWriterTest, FoldsAtLegalPlaces) {
    constexpr Row kRows[] = {
        {"short", FoldAt::kSpaces, "N: short\r\n"},
        {"", FoldAt::kSpaces, "N: \r\n"},
        {"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh",
         FoldAt::kSpaces,
         "N: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg\r\n "
         "hhhhhhhhh\r\n"},
        {"evil\r\nBcc: x@y\r\n\r\nbody", FoldAt::kSpaces, "N: evil  Bcc: x@y    body\r\n"},
        {"=?utf-8?Q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?= x",
         FoldAt::kSpaces,
         "N:\r\n =?utf-8?Q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?=\r\n "
         "x\r\n"},
        {"\"a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m\" <a@b>",
         FoldAt::kSpacesUnquoted,
         "N: \"a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m\"\r\n "
         "<a@b>\r\n"},
    };
    for (const Row& row : kRows) {
        EXPECT_EQ(fold_field("N", row.body, row.at), row.field) << row.body;
    }
}

TEST(HeaderWriterTest, UnfoldingGivesTheBodyBack) {
    base::SeededRandom random(9);
    static constexpr std::string_view kPalette = "abc   \"\\\t<>=?";
    for (int round = 0; round < 3000; ++round) {
        std::string body = "x";
        for (std::uint64_t left = random.below(3000); left > 0; --left) {
            body += kPalette[random.below(kPalette.size())];
        }
        body += "y";
        const FoldAt at = random.below(2) == 0 ? FoldAt::kSpaces : FoldAt::kSpacesUnquoted;
        const std::string text = fold_field("Subject", body, at);
        ASSERT_EQ(unfold(find_field(text, "subject")->body), body);
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view line = rest.substr(0, rest.find("\r\n"));
            ASSERT_NE(line.find_first_not_of(" \t"), std::string_view::npos) << text;
            rest.remove_prefix(line.size() + 2);
        }
    }
}

TEST(HeaderWriterTest, WritesTheFieldsOfAMessage) {
    HeaderWriter writer;
    writer.date("Date", base::WallTime{std::chrono::seconds{1'057'049'557}}, 120);
    writer.addresses("From", {Mailbox{"Keld Jørn Simonsen", "keld", "dkuug.dk"}});
    writer.addresses("To",
                     {Group{"Team", {{"", "a", "b.c"}}}, Mailbox{"Doe, Jane", "jane", "x.y"}});
    writer.addresses("Cc", {});
    writer.unstructured("Subject", "naïve café");
    writer.message_ids("References", {"1@x", "bad id", "2@x"});
    writer.message_ids("In-Reply-To", {});
    Parameters parameters;
    parameters.set("charset", "utf-8");
    parameters.set("name", "a b");
    parameters.set("bad name", "x");
    writer.with_parameters("Content-Type", "text/plain", parameters);
    writer.unstructured("Bad Name", "x");
    EXPECT_EQ(writer.text(),
              "Date: Tue, 01 Jul 2003 10:52:37 +0200\r\n"
              "From: Keld =?utf-8?Q?J=C3=B8rn?= Simonsen <keld@dkuug.dk>\r\n"
              "To: Team: a@b.c;, \"Doe, Jane\" <jane@x.y>\r\n"
              "Subject: =?utf-8?Q?na=C3=AFve_caf=C3=A9?=\r\n"
              "References: <1@x> <2@x>\r\n"
              "Content-Type: text/plain; charset=utf-8; name=\"a b\"\r\n");
    EXPECT_EQ(parse_message_ids("<1@x> <2@x>").size(), 2U);
    HeaderWriter utf8(HeaderForm::kUtf8);
    utf8.unstructured("Subject", "naïve");
    EXPECT_EQ(utf8.text(), "Subject: naïve\r\n");
}

}  // namespace
}  // namespace mime
