#include "mail/search_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/search_fold.h"
#include "mime/parser.h"

namespace mail {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string body_text(std::string_view message, bool in_attachments = false) {
    return body_search_text(message, mime::parse(message), in_attachments);
}

TEST(SearchText, DecodesTransferEncodingsAndCharsets) {
    EXPECT_THAT(body_text("Content-Type: text/plain; charset=iso-8859-1\r\n"
                          "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                          "Cr=EApes and ket=\r\nchup\r\n"),
                HasSubstr(search_fold("crêpes and ketchup")));
    EXPECT_THAT(body_text("Content-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\n"
                          "S2V0\r\nY2h1cA==\r\n"),
                HasSubstr("KETCHUP"));
}

TEST(SearchText, ReadsHtmlWithoutItsMarkup) {
    const std::string text = body_text(
        "Content-Type: text/html\r\n\r\n<p class=\"pickle\">Ket<b>chup</b><br>and\nonions</p>\r\n");
    EXPECT_THAT(text, HasSubstr("KETCHUP AND ONIONS"));
    EXPECT_THAT(text, Not(HasSubstr("PICKLE")));
}

// As scripts and mailx -a send it: a file and nothing else is the message itself.
TEST(SearchText, ReadsWhatIsTheWholeMessageWhateverItsDisposition) {
    EXPECT_THAT(
        body_text("Content-Disposition: attachment; filename=r.txt\r\n\r\nnightly figures\r\n"),
        HasSubstr("NIGHTLY FIGURES"));
}

constexpr std::string_view kMixed =
    "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nfirst\r\n"
    "--b\r\nContent-Disposition: attachment; filename=bill.txt\r\n\r\nsecond\r\n"
    "--b\r\nContent-Type: message/rfc822\r\nContent-Description: forwarded "
    "=?utf-8?q?cr=C3=AApe?=\r\n\r\n"
    "Subject: =?utf-8?q?inn=C3=AB?=\r\n er\r\n\r\nthird\r\n"
    "--b--\r\n";

TEST(SearchText, TakesEmbeddedMessagesAndNames) {
    const std::string text = body_text(kMixed);
    EXPECT_THAT(text, HasSubstr("FIRST"));
    EXPECT_THAT(text, HasSubstr("THIRD"));
    EXPECT_THAT(text, HasSubstr("BILL.TXT"));
    EXPECT_THAT(text, HasSubstr(search_fold("forwarded crêpe")));
    EXPECT_THAT(text, HasSubstr(search_fold("subject: innë er")));
    EXPECT_THAT(text, Not(HasSubstr("OUTER")));
}

TEST(SearchText, TakesAttachmentsByWish) {
    EXPECT_THAT(body_text(kMixed, false), Not(HasSubstr("SECOND")));
    EXPECT_THAT(body_text(kMixed, true), HasSubstr("SECOND"));
}

TEST(SearchText, MatchesNothingAcrossPieces) {
    EXPECT_THAT(body_text(kMixed, true), Not(HasSubstr("FIRST SECOND")));
}

TEST(SearchText, HeaderIsDecodedAndUnfolded) {
    std::string text;
    append_header_text(text,
                       "From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\r\nSubject: a\r\n\tb \r\n\r\n");
    EXPECT_EQ(text,
              search_fold("From: Jürgen <j@x.example>") + std::string(1, '\0') + "SUBJECT: A B" +
                  std::string(1, '\0'));
}

TEST(SearchText, HeaderMayBeJapaneseAsItStands) {
    std::string text;
    append_header_text(text, "Subject: \x1b$BF|K\\\x1b(B\r\n\r\n");
    EXPECT_EQ(text, search_fold("Subject: 日本") + std::string(1, '\0'));
}

TEST(SearchText, AddressesAreThoseOfTheEnvelope) {
    const auto value = [](std::string_view name, std::string_view body) {
        return folded_value({.name = name, .body = body});
    };
    EXPECT_EQ(value("From", " Alice <alice@x.test>\r\n"), "ALICE <ALICE@X.TEST>");
    EXPECT_EQ(value("From", " <alice (a)@ (x)\r\n x.test>\r\n"),
              std::string("<ALICE (A)@ (X) X.TEST>\0ALICE@X.TEST", 36));
    EXPECT_EQ(value("Subject", " alice @ x.test\r\n"), "ALICE @ X.TEST");
}

TEST(SearchText, IsBounded) {
    std::string message = "Subject: long\r\n\r\n" + std::string(kSearchBodyOctetsMax, 'a') + "bcd";
    EXPECT_EQ(body_text(message).find('B'), std::string::npos);
}

}  // namespace
}  // namespace mail
