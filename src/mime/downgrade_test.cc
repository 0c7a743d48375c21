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
         "To: Jo Internationalized Address =?utf-8?Q?j=C3=B6=40b=2Ec?= Removed:;, x@y\r\n",
         "To: Jo <invalid@internationalized-address.invalid>, x@y\r\n"},
        {"Cc: G: a@b, ö@c;\r\n",
         "Cc: G: a@b;, Internationalized Address =?utf-8?Q?=C3=B6=40c?= Removed:;\r\n",
         "Cc: G: a@b;, =?utf-8?Q?=C3=B6=40c?=\r\n <invalid@internationalized-address.invalid>\r\n"},
        {"Message-ID: <1@ö>\r\n", "Downgraded-Message-ID: =?utf-8?Q?=3C1=40=C3=B6=3E?=\r\n", ""},
        {"Received: from ö by x\r\n", "Received: from ?? by x\r\n", "Received: from ?? by x\r\n"},
        {"Received: from a by b\r\n with UTF8SMTP id 1 for <ö@c>;\r\n Sat, 21 Nov 2026 10:00:00 "
         "+0000\r\n",
         "Received: from a by b with UTF8SMTP id 1; Sat, 21 Nov 2026 10:00:00 +0000\r\n",
         "Received: from a by b with UTF8SMTP id 1; Sat, 21 Nov 2026 10:00:00 +0000\r\n"},
        {"Received: by b id ö for <a@b>; x\r\n",
         "Received: by b for <a@b>; x\r\n",
         "Received: by b for <a@b>; x\r\n"},
        {"Content-Disposition: attachment; filename=ö\r\n",
         "Content-Disposition: attachment; filename*=utf-8''%C3%B6\r\n",
         "Content-Disposition: attachment; filename*=utf-8''%C3%B6\r\n"},
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

}  // namespace
}  // namespace mime
