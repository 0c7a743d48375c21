// Down-conversion: for narrower transports, and for readers without internationalized mail.
#include "mime/downgrade.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "mime/parser.h"
#include "mime/text.h"
#include "mime_invariants.h"

namespace mime {
namespace {

std::string crlf(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\r\n");
    }
    return text;
}

std::string to_7bit(const std::string& message) {
    return downgrade(message, parse(message), {.transport = Transport::k7bit});
}

TEST(DowngradeTest, LeavesAloneWhatCanTravel) {
    const std::string message = crlf("Subject: x\nBad line\nA: b\n\nplain\n");
    EXPECT_EQ(to_7bit(message), message);
    EXPECT_FALSE(needs_downgrade(message, parse(message), {.transport = Transport::k7bit}));
    const std::string eight = crlf("Subject: x\n\ncaf\xc3\xa9\n");
    EXPECT_EQ(downgrade(eight, parse(eight), {.transport = Transport::k8bit}), eight);
    EXPECT_TRUE(needs_downgrade(eight, parse(eight), {.transport = Transport::k7bit}));
}

TEST(DowngradeTest, EncodesAndLabelsText) {
    EXPECT_EQ(
        to_7bit(crlf("Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                     "Content-Transfer-Encoding: 8bit\n\nun caf\xc3\xa9 au lait\n")),
        crlf("Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
             "Content-Transfer-Encoding: quoted-printable\n\nun caf=C3=A9 au lait\n"));
    // Without any label (RFC 1428 3)
    EXPECT_EQ(to_7bit(crlf("Subject: x\n\nun caf\xe9 au lait\n")),
              crlf("Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
                   "Content-Transfer-Encoding: quoted-printable\n\nun caf=E9 au lait\n"));
}

TEST(DowngradeTest, KeepsEveryPartsContent) {
    const std::string message =
        crlf(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; "
            "boundary=b\nContent-Transfer-Encoding: binary\n\n"
            "pr\xe9"
            "amble\n--b\nContent-Transfer-Encoding: 8bit\nContent-Type: text/plain; "
            "charset=utf-8\n\n"
            "caf\xc3\xa9\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n") +
        std::string("\0\x01\xff\n\r", 5) +
        crlf(
            "\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: "
            "in\n\n\xe9\n"
            "--b\nContent-Transfer-Encoding: base64\n\nQUJD\n--b--\nend\n");
    const Structure before = parse(message);
    const std::string converted = to_7bit(message);
    EXPECT_TRUE(base::is_ascii(converted)) << converted;
    EXPECT_EQ(broken_property(converted), "");
    const Structure after = parse(converted);
    ASSERT_EQ(after.parts.size(), before.parts.size());
    for (std::size_t i = 0; i < before.parts.size(); ++i) {
        EXPECT_EQ(after.parts[i].type.subtype, before.parts[i].type.subtype);
        if (before.parts[i].children.empty()) {
            EXPECT_EQ(decoded_content(converted, after.parts[i]),
                      decoded_content(message, before.parts[i]));
        }
        EXPECT_NE(after.parts[i].encoding, Encoding::k8bit);
        EXPECT_NE(after.parts[i].encoding, Encoding::kBinary);
    }
    const std::string eight = downgrade(message, before, {.transport = Transport::k8bit});
    EXPECT_EQ(parse(eight).root().encoding, Encoding::k8bit);
    EXPECT_EQ(parse(eight).parts[1].encoding, Encoding::k8bit);
    EXPECT_EQ(parse(eight).parts[2].encoding, Encoding::kBase64);
}

struct HeaderRow {
    std::string header;
    std::string rfc6857;
    std::string rfc6858;
};

TEST(DowngradeTest, WritesHeadersInAscii) {
    const std::vector<HeaderRow> rows = {
        {"Subject: plain\r\n", "Subject: plain\r\n", "Subject: plain\r\n"},
        {"Subject: grün\r\n",
         "Subject: =?utf-8?Q?gr=C3=BCn?=\r\n",
         "Subject: =?utf-8?Q?gr=C3=BCn?=\r\n"},
        {"From: Jörg <a@b.c>\r\n",
         "From: =?utf-8?Q?J=C3=B6rg?= <a@b.c>\r\n",
         "From: =?utf-8?Q?J=C3=B6rg?= <a@b.c>\r\n"},
        {"To: Jo <jö@b.c>, x@y\r\n",
         "To: Jo =?utf-8?Q?j=C3=B6=40b=2Ec?= :;, x@y\r\n",
         "To: Jo <invalid@internationalized-address.invalid>, x@y\r\n"},
        {"Cc: G: a@b, ö@c;\r\n",
         "Cc: G =?utf-8?Q?a=40b=2C_=C3=B6=40c?= :;\r\n",
         "Cc: G: a@b, =?utf-8?Q?=C3=B6=40c?=\r\n <invalid@internationalized-address.invalid>;\r\n"},
        {"Cc: Ö: a@b;\r\n", "Cc: =?utf-8?B?w5Y=?= : a@b;\r\n", "Cc: =?utf-8?B?w5Y=?= : a@b;\r\n"},
        {"Message-ID: <1@ö>\r\n", "Downgraded-Message-ID: =?utf-8?Q?=3C1=40=C3=B6=3E?=\r\n", ""},
        {"Original-Recipient: utf-8; jö+=\\rg@b.c\r\n",
         "Original-Recipient: utf-8; j\\x{F6}\\x{2B}\\x{3D}\\x{5C}rg@b.c\r\n",
         ""},
        {"Final-Recipient: x; ö\r\n", "Downgraded-Final-Recipient: x; =?utf-8?B?w7Y=?=\r\n", ""},
        {"Received: from ö by x\r\n", "Received: from ?? by x\r\n", ""},
        {"Received: from a by b\r\n with UTF8SMTP id 1 for <ö@c>;\r\n Sat, 21 Nov 2026 10:00:00 "
         "+0000\r\n",
         "Received: from a by b with UTF8SMTP id 1; Sat, 21 Nov 2026 10:00:00 +0000\r\n",
         ""},
        {"Received: by b id ö for <a@b>; x\r\n", "Received: by b for <a@b>; x\r\n", ""},
        {"Content-Disposition: attachment; filename=ö\r\n",
         "Content-Disposition: attachment; filename*=utf-8''%C3%B6\r\n",
         "Content-Disposition: attachment\r\n"},  // RFC 6858 2.2's example
        {"Content-Type: text/plain; charset=utf-8; name=ö\r\n",
         "Content-Type: text/plain; charset=utf-8; name*=utf-8''%C3%B6\r\n",
         "Content-Type: text/plain; charset=utf-8\r\n"},
        {"X-Unknown: ö\r\n", "X-Unknown: =?utf-8?B?w7Y=?=\r\n", ""},
    };
    for (const HeaderRow& row : rows) {
        EXPECT_EQ(downgrade_header(row.header, HeaderDowngrade::kRfc6857), row.rfc6857 + "\r\n")
            << row.header;
        EXPECT_EQ(downgrade_header(row.header, HeaderDowngrade::kRfc6858), row.rfc6858 + "\r\n")
            << row.header;
        EXPECT_EQ(downgrade_header(row.header, HeaderDowngrade::kKeep), row.header + "\r\n");
    }
    const std::string message = "Subject: grün\r\n\r\nbody\r\n";
    EXPECT_EQ(downgrade(message, parse(message), {.headers = HeaderDowngrade::kRfc6857}),
              "Subject: =?utf-8?Q?gr=C3=BCn?=\r\n\r\nbody\r\n");
}

// Raw octets are read by what each message says of its text (raw_header.h), not guessed from six of them.
TEST(DowngradeTest, ReadsRawOctetsInTheMessagesCharset) {
    const std::string message = crlf(
        "To: jörg@x\nSubject: \xf0\xd2\xc9\xd7\xc5\xd4\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: 8bit\n\nx\n"
        "--b\nContent-Type: message/global\n\n"
        "Subject: \xcf\xf0\xe8\xe2\xe5\xf2\nContent-Type: text/plain; charset=windows-1251\n\nx\n"
        "--b--\n");
    const std::string ascii =
        downgrade(message, parse(message), {.headers = HeaderDowngrade::kRfc6857});
    const std::string word = "Subject: =?utf-8?B?0J/RgNC40LLQtdGC?=\r\n";
    EXPECT_NE(ascii.find(word), std::string::npos) << ascii;
    EXPECT_NE(ascii.find(word), ascii.rfind(word)) << ascii;
    EXPECT_NE(ascii.find("=?utf-8?Q?j=C3=B6rg=40x?= :;"), std::string::npos) << ascii;
}

// Stands for a library of IDNA.
std::optional<std::string> to_a_labels(std::string_view domain) {
    if (domain == "bücher.example") {
        return "xn--bcher-kva.example";
    }
    return std::nullopt;
}

TEST(DowngradeTest, TurnsDomainsIntoALabels) {
    const std::vector<std::pair<std::string_view, std::string_view>> rows = {
        {"To: a@bücher.example\r\n", "To: a@xn--bcher-kva.example\r\n"},
        {"To: Jörg <a@bücher.example>\r\n",
         "To: =?utf-8?Q?J=C3=B6rg?= <a@xn--bcher-kva.example>\r\n"},
        {"To: G: a@b, a@bücher.example;\r\n", "To: G: a@b, a@xn--bcher-kva.example;\r\n"},
        {"To: ö@bücher.example\r\n", "To: =?utf-8?Q?=C3=B6=40b=C3=BCcher=2Eexample?= :;\r\n"},
        {"To: a@ö..x\r\n", "To: =?utf-8?Q?a=40=C3=B6=2E=2Ex?= :;\r\n"},
        {"Received: from bücher.example (bücher.example [192.0.2.1]) by x\r\n"
         " for <a@bücher.example>; Sat, 21 Nov 2026 10:00:00 +0000\r\n",
         "Received: from xn--bcher-kva.example (xn--bcher-kva.example [192.0.2.1]) by\r\n"
         " x for <a@xn--bcher-kva.example>; Sat, 21 Nov 2026 10:00:00 +0000\r\n"},
        {"Received: by x for <ö@bücher.example>; y\r\n", "Received: by x; y\r\n"},
    };
    for (const auto& [header, expected] : rows) {
        EXPECT_EQ(downgrade_header(header, HeaderDowngrade::kRfc6857, to_a_labels),
                  std::string(expected) + "\r\n");
    }
    const std::string message = "To: a@bücher.example\r\n\r\n";
    EXPECT_EQ(downgrade(message,
                        parse(message),
                        {.headers = HeaderDowngrade::kRfc6857, .to_a_labels = to_a_labels}),
              "To: a@xn--bcher-kva.example\r\n\r\n");
}

// RFC 6857 appendix A, as corrected by erratum 3955, with "Ü" where it says NON-ASCII. Our encoded words
// hold the space between two of them, which a reader would drop.
TEST(DowngradeTest, WritesTheExampleOfRfc6857) {
    EXPECT_EQ(downgrade_header(crlf("Return-Path: <Ü-LOCAL@example.com>\n"
                                    "Received: from ... by ... for <Ü-REMOTE1@example.net>\n"
                                    "Received: from ... by ... for <Ü-REMOTE1@example.net>\n"
                                    "From: DISPLÄY-LOCAL <Ü-LOCAL@example.com>\n"
                                    "To: DISPLÄY-REMOTE1 <Ü-REMOTE1@example.net>,\n"
                                    "    DISPLÄY-REMOTE2 <Ü-REMOTE2@example.com>\n"
                                    "Cc: DISPLÄY-REMOTE3 <Ü-REMOTE3@example.org>\n"
                                    "Subject: Ü-SUBJECT\n"
                                    "Date: Mon, 30 Jul 2012 01:23:45 -0000\n"
                                    "Message-Id: Ü-MESSAGE_ID\n"
                                    "Mime-Version: 1.0\n"
                                    "Content-Type: text/plain; charset=\"UTF-8\"\n"
                                    "Content-Transfer-Encoding: 8bit\n"
                                    "X-Unknown-Header: Ü-CHARACTERS\n"),
                               HeaderDowngrade::kRfc6857),
              crlf("Return-Path: =?utf-8?Q?=C3=9C-LOCAL=40example=2Ecom?= :;\n"
                   "Received: from ... by ...\n"
                   "Received: from ... by ...\n"
                   "From: =?utf-8?Q?DISPL=C3=84Y-LOCAL_=C3=9C-LOCAL=40example=2Ecom?= :;\n"
                   "To: =?utf-8?Q?DISPL=C3=84Y-REMOTE1_=C3=9C-REMOTE1=40example=2Enet?= :;,\n"
                   " =?utf-8?Q?DISPL=C3=84Y-REMOTE2_=C3=9C-REMOTE2=40example=2Ecom?= :;\n"
                   "Cc: =?utf-8?Q?DISPL=C3=84Y-REMOTE3_=C3=9C-REMOTE3=40example=2Eorg?= :;\n"
                   "Subject: =?utf-8?Q?=C3=9C-SUBJECT?=\n"
                   "Date: Mon, 30 Jul 2012 01:23:45 -0000\n"
                   "Downgraded-Message-Id: =?utf-8?Q?=C3=9C-MESSAGE=5FID?=\n"
                   "Mime-Version: 1.0\n"
                   "Content-Type: text/plain; charset=\"UTF-8\"\n"
                   "Content-Transfer-Encoding: 8bit\n"
                   "X-Unknown-Header: =?utf-8?Q?=C3=9C-CHARACTERS?=\n\n"));
}

// RFC 6857 3.1.3, with encoded words as RFC 2047 5 (2) and 8 show them.
TEST(DowngradeTest, EncodesComments) {
    const std::vector<std::pair<std::string_view, std::string_view>> rows = {
        {"To: a@b (Büro)\r\n", "To: a@b (=?utf-8?Q?B=C3=BCro?=)\r\n"},
        {"To: Al <a@b> (im Büro (2. Stock)), x@y (z)\r\n",
         "To: Al <a@b> (im =?utf-8?Q?B=C3=BCro?= (2. Stock)), x@y (z)\r\n"},
        // A comment that says \")\" or \"\\\" beside what must be encoded
        {"To: a@b (ö \\) c)\r\n", "To: a@b (=?utf-8?Q?=C3=B6_=29?= c)\r\n"},
        {"To: a@b (((ö)))\r\n", "To: a@b (((=?utf-8?B?w7Y=?=)))\r\n"},
        {"To: \"(ö)\" <a@b> (x)\r\n", "To: =?utf-8?Q?=28=C3=B6=29?= <a@b> (x)\r\n"},
        {"To: Jörg <a@b> (Büro) (x), c@d\r\n",
         "To: =?utf-8?Q?J=C3=B6rg?= <a@b> (=?utf-8?Q?B=C3=BCro?=) (x), c@d\r\n"},
        {"To: ö@b (Jörg)\r\n", "To: =?utf-8?Q?J=C3=B6rg_=C3=B6=40b?= :;\r\n"},
        {"To: Al <ö@b> (Büro)\r\n", "To: Al =?utf-8?Q?=C3=B6=40b?= :; (=?utf-8?Q?B=C3=BCro?=)\r\n"},
        {"Cc: G: a@b (ä), c@d;, e@f\r\n", "Cc: G: a@b (=?utf-8?B?w6Q=?=), c@d;, e@f\r\n"},
        {"Cc: <@x,@y:a@b> (ä), \"ö, b\" <c@d>\r\n",
         "Cc: <@x,@y:a@b> (=?utf-8?B?w6Q=?=), =?utf-8?B?w7Ys?= b <c@d>\r\n"},
        {"Date: Sat, 21 Nov 2026 10:00:00 +0100 (mitteleuropäische Zeit)\r\n",
         "Date: Sat, 21 Nov 2026 10:00:00 +0100 (=?utf-8?Q?mitteleurop=C3=A4ische?=\r\n Zeit)\r\n"},
        {"MIME-Version: 1.0 (für alle)\r\n", "MIME-Version: 1.0 (=?utf-8?Q?f=C3=BCr?= alle)\r\n"},
        {"Message-ID: <1@x> (ö)\r\n", "Message-ID: <1@x> (=?utf-8?B?w7Y=?=)\r\n"},
        {"Content-Type: text/plain; charset=utf-8 (Übersetzung)\r\n",
         "Content-Type: text/plain; charset=utf-8 (=?utf-8?Q?=C3=9Cbersetzung?=)\r\n"},
        {"Content-Disposition: attachment (ö); filename=ö\r\n",
         "Content-Disposition: attachment (=?utf-8?B?w7Y=?=); filename*=utf-8''%C3%B6\r\n"},
        {"Received: from x (größer als y) by z (foo) for <a@b>; d\r\n",
         "Received: from x (=?utf-8?Q?gr=C3=B6=C3=9Fer?= als y) by z (foo) for <a@b>;\r\n d\r\n"},
        {"Received: from ä(ö\r\n", "Received: from ?? (??\r\n"},
        {"Keywords: Käse, \"a, b\", Brot\r\n",
         "Keywords: =?utf-8?Q?K=C3=A4se?=, \"a, b\", Brot\r\n"},
        {"Final-Recipient: utf-8; ö\\x{2B}@b (Jörg)\r\n",
         "Final-Recipient: utf-8; \\x{F6}\\x{2B}@b (=?utf-8?Q?J=C3=B6rg?=)\r\n"},
    };
    for (const auto& [header, expected] : rows) {
        EXPECT_EQ(downgrade_header(header, HeaderDowngrade::kRfc6857),
                  std::string(expected) + "\r\n");
    }
}

// RFC 6533 4 and 6: what reports tell of addresses, in the forms that are US-ASCII.
TEST(DowngradeTest, WritesReportsInAscii) {
    const std::string message = crlf(
        "From: MAILER-DAEMON@x\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=utf-8\n\nFür "
        "jörg\n"
        "--b\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n\n"
        "Reporting-MTA: dns; bücher.example\n\n"
        "Original-Recipient: utf-8; jörg+x@bücher.example\n"
        "Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 kein Jörg\n\n"
        "Final-Recipient: rfc822; c@d\nAction: failed\nStatus: 5.1.1\n"
        "--b\nContent-Type: message/global-headers\n\nSubject: grün\n\n"
        "--b\nContent-Type: message/global\n\nTo: jörg@x\n\nFür jörg\n--b--\n");
    const DowngradeOptions options{.headers = HeaderDowngrade::kRfc6857,
                                   .to_a_labels = to_a_labels};
    const std::string expected = crlf(
        "From: MAILER-DAEMON@x\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=utf-8\n\nFür "
        "jörg\n"
        "--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: 8bit\n\n"
        "Reporting-MTA: dns; xn--bcher-kva.example\n\n"
        "Original-Recipient: utf-8; j\\x{F6}rg\\x{2B}x@b\\x{FC}cher.example\n"
        "Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 kein =?utf-8?Q?J=C3=B6rg?=\n\n"
        "Final-Recipient: rfc822; c@d\nAction: failed\nStatus: 5.1.1\n"
        "--b\nContent-Type: text/rfc822-headers\n\nSubject: =?utf-8?Q?gr=C3=BCn?=\n\n"
        "--b\nContent-Type: message/rfc822\n\nTo: =?utf-8?Q?j=C3=B6rg=40x?= :;\n\nFür "
        "jörg\n--b--\n");
    EXPECT_EQ(downgrade(message, parse(message), options), expected);
    EXPECT_FALSE(needs_downgrade(expected, parse(expected), options));

    // With a transport that bears no more, the texts are encoded, the reports need it no more.
    const std::string narrow = downgrade(
        message, parse(message), {Transport::k7bit, HeaderDowngrade::kRfc6857, to_a_labels});
    EXPECT_TRUE(base::is_ascii(narrow));
    EXPECT_EQ(narrow.find('\0'), std::string::npos);
    EXPECT_NE(narrow.find("Content-Type: message/delivery-status\r\n\r\nReporting-MTA"),
              std::string::npos);
    EXPECT_EQ(broken_property(narrow), "");
}

// Encoded, they are US-ASCII as they are, and the type is what tells the reader.
TEST(DowngradeTest, LeavesEncodedReportsAlone) {
    const std::string message = crlf(
        "MIME-Version: 1.0\nContent-Type: message/global\nContent-Transfer-Encoding: base64\n\n"
        "VG86IGrDtnJnQHgKCg==\n");
    EXPECT_FALSE(needs_downgrade(message, parse(message), {.headers = HeaderDowngrade::kRfc6857}));
}

TEST(DowngradeTest, WritesTheExampleOfRfc6858) {  // 2.1, "EXAMPLE" as "bücher"
    EXPECT_EQ(downgrade_header("To: fred@bücher.com, Fred Foo <fred@bücher.com>\r\n",
                               HeaderDowngrade::kRfc6858),
              "To: =?utf-8?Q?fred=40b=C3=BCcher=2Ecom?=\r\n"
              " <invalid@internationalized-address.invalid>, Fred Foo\r\n"
              " <invalid@internationalized-address.invalid>\r\n\r\n");
}

}  // namespace
}  // namespace mime
