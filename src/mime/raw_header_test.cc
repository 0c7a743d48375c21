#include "mime/raw_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mime/bodystructure.h"
#include "mime/envelope.h"
#include "mime/parser.h"
#include "mime/text.h"
#include "mime/thread.h"

namespace mime {
namespace {

using testing::HasSubstr;

struct RawRow {
    std::string_view charset;
    std::string_view raw;
    std::string_view text;
};

// None has eight octets above 127, which a guess would want.
const std::vector<RawRow> kRows = {
    {"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
    {"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
    {"iso-8859-2",
     "\xa3\xf3"
     "d\xbc",
     "Łódź"},
    {"Shift_JIS",
     "\x83\\\x98"
     "A",
     "ソ連"},
    {"gb2312", "\xd6\xd0\xce\xc4", "中文"},
    {"GB18030", "\xd6\xd0\xce\xc4", "中文"},
    {"big5", "\xb3\\\xa5\\\xbb\\", "許功蓋"},
    {"ks_c_5601-1987", "\xc7\xd1\xb1\xdb", "한글"},
    {"iso-8859-1", "caf\xe9", "café"},
};

std::string message_in(const RawRow& row) {
    const std::string raw(row.raw);
    return "From: \"" + raw + "\" <a@b.example>\r\nTo: " + raw +
           " x <c@d.example>\r\nSubject: Re: " + raw +
           "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=" +
           std::string(row.charset) + "; name=\"" + raw + ".txt\"\r\nContent-Description: " + raw +
           "\r\n\r\ntext\r\n";
}

TEST(RawHeaderTest, IsReadInTheMessagesCharset) {
    for (const RawRow& row : kRows) {
        const std::string message = message_in(row);
        const Structure structure = parse(message);
        const std::string header =
            header_as_utf8(header_of(message, structure.root()), declared_charset(structure));
        const Envelope envelope = parse_envelope(header);
        EXPECT_EQ(envelope.subject, "Re: " + std::string(row.text)) << row.charset;
        EXPECT_EQ(std::get<Mailbox>(envelope.from.at(0)).name, row.text) << row.charset;
        EXPECT_EQ(std::get<Mailbox>(envelope.to.at(0)).name, std::string(row.text) + " x");
        EXPECT_EQ(std::get<Mailbox>(envelope.to.at(0)).address(), "c@d.example") << row.charset;
        EXPECT_EQ(thread_keys(header).subject.text, row.text);
        EXPECT_EQ(file_name_of(structure.root()), std::string(row.text) + ".txt") << row.charset;
        EXPECT_EQ(description_of(structure, 0), row.text) << row.charset;
        EXPECT_EQ(envelope_as_utf8(structure, 0).find("\xef\xbf\xbd"), std::string::npos);
    }
}

constexpr std::string_view kForwarded =
    "Subject: \xf0\xd2\xc9\xd7\xc5\xd4\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: message/rfc822\r\nContent-Description: \xf0\xd2\xc9\r\n\r\n"
    "Subject: \xcf\xf0\xe8\xe2\xe5\xf2\r\nContent-Type: text/plain; "
    "charset=windows-1251\r\n\r\nx\r\n"
    "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nx\r\n"
    "--b\r\nContent-Type: text/html; charset=koi8-r\r\n\r\nx\r\n"
    "--b\r\nContent-Type: application/x; name=\"\xd3\xde\xa3\xd4.doc\"\r\n"
    "Content-Disposition: attachment; filename=\"\xd3\xde\xa3\xd4.doc\"\r\n\r\nx\r\n--b--\r\n";

// Each by what it says itself: of the outer one, its first text that says anything.
TEST(RawHeaderTest, MessagesWithinHaveTheirOwn) {
    const Structure structure = parse(kForwarded);
    EXPECT_EQ(declared_charset(structure), "KOI8-R");
    EXPECT_EQ(declared_charset(structure, 2), "CP1251");
    EXPECT_EQ(declared_charset_of_part(structure, 1), "KOI8-R");
    EXPECT_THAT(search_text(kForwarded, structure), HasSubstr("Привет"));
    EXPECT_EQ(file_name_of(structure.parts.back()), "счёт.doc");
    EXPECT_EQ(structure.parts.back().disposition->parameters.get("filename"), "счёт.doc");
    const std::string body = format_body(structure, BodyForm::kBodyStructure, HeaderForm::kUtf8);
    EXPECT_THAT(body, HasSubstr("\"Привет\""));
    EXPECT_THAT(body, HasSubstr("\"При\""));
    const std::string ascii = format_body(structure, BodyForm::kBodyStructure, HeaderForm::kAscii);
    EXPECT_THAT(ascii, HasSubstr("NIL \"=?utf-8?B?0J/RgNC4?=\" \"7BIT\""));
}

// A charset in which the octets mean nothing is not theirs; UTF-8 is what it is (RFC 6532).
TEST(RawHeaderTest, LeavesToGuessWhatIsNotOfTheCharset) {
    EXPECT_EQ(body_as_utf8("\xd0\x9f", "KOI8-R"), "\xd0\x9f");
    EXPECT_EQ(body_as_utf8("caf\xe9", "GB18030"), "caf\xe9");
    EXPECT_EQ(body_as_utf8("\x93quoted\x94", "ISO-8859-2"), "\x93quoted\x94");
    EXPECT_EQ(body_as_utf8("caf\xe9", ""), "caf\xe9");
    EXPECT_EQ(header_as_utf8("A: \xd0\x9f\r\nB: \xc0\r\n \xc1\r\n\r\n", "KOI8-R"),
              "A: \xd0\x9f\r\nB: ю\r\n а\r\n\r\n");
}

// However few octets there are, UTF-8 is told from all else by its form: statistics are for what is none.
TEST(RawHeaderTest, ShortUtf8IsUtf8) {
    const std::string message =
        "From: \"J\xc3\xb6\" <a@b.example>\r\nTo: J\xf6 <c@d.example>\r\nSubject: "
        "\xc3\xa9\r\n\r\nx\r\n";
    const Envelope envelope = parse_envelope(envelope_as_utf8(parse(message), 0));
    EXPECT_EQ(std::get<Mailbox>(envelope.from.at(0)).name, "Jö");
    EXPECT_EQ(std::get<Mailbox>(envelope.to.at(0)).name, "Jö");
    EXPECT_EQ(envelope.subject, "é");
}

TEST(RawHeaderTest, SomeCharsetsSayNothing) {
    for (const std::string_view charset : {"us-ascii",
                                           "utf-8",
                                           "utf-7",
                                           "utf-16",
                                           "iso-2022-jp",
                                           "iso-2022-kr",
                                           "hz-gb-2312",
                                           "x-unknown",
                                           ""}) {
        const std::string message =
            "Content-Type: text/plain; charset=\"" + std::string(charset) + "\"\r\n\r\n";
        EXPECT_EQ(declared_charset(parse(message)), "") << charset;
    }
}

// However many parts there are, each with a raw name: the look for a charset ends soon.
TEST(RawHeaderTest, LooksAtTheFirstPartsOnly) {
    std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 5'000; ++i) {
        message += "--b\r\nContent-Type: text/x; name=\"\xf0\"\r\n\r\n\r\n";
    }
    message += "--b\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n\r\n--b--\r\n";
    EXPECT_EQ(declared_charset(parse(message)), "");
}

}  // namespace
}  // namespace mime
