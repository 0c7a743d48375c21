// Sections, envelopes and body structures: the examples of RFC 3501 and RFC 9051.
#include "mime/section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mime/bodystructure.h"
#include "mime/envelope.h"
#include "mime/parser.h"

namespace mime {
namespace {

std::string crlf(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\r\n");
    }
    return text;
}

// The message whose parts RFC 9051 6.4.5.1 lists.
std::string listed_message() {
    return crlf(
        "Subject: root\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n"
        "--a\nContent-Type: text/plain\n\none\n"
        "--a\nContent-Type: application/octet-stream\n\ntwo\n"
        "--a\nContent-Type: message/rfc822\n\n"
        "Subject: three\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\nthree-one\n--b\nContent-Type: application/octet-stream\n\nthree-two\n--b--\n\n"
        "--a\nContent-Type: multipart/mixed; boundary=c\n\n"
        "--c\nContent-Type: image/gif\nContent-ID: <four-one>\n\nfour-one\n"
        "--c\nContent-Type: message/rfc822\n\n"
        "Subject: four-two\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=d\n\n"
        "--d\n\nfour-two-one\n"
        "--d\nContent-Type: multipart/alternative; boundary=e\n\n"
        "--e\n\nfour-two-two-one\n--e\nContent-Type: text/richtext\n\nfour-two-two-two\n--e--\n"
        "--d--\n--c--\n--a--\n");
}

struct Row {
    std::string_view section;
    std::string_view begins;
    std::string_view ends;
};

TEST(SectionTest, FindsWhatRfc9051Lists) {
    const std::string message = listed_message();
    const Structure structure = parse(message);
    constexpr Row kRows[] = {
        {"", "Subject: root", "--a--\r\n"},
        {"HEADER", "Subject: root", "boundary=a\r\n\r\n"},
        {"TEXT", "--a\r\n", "--a--\r\n"},
        {"1", "one", "one"},
        {"1.MIME", "Content-Type: text/plain\r\n\r\n", "Content-Type: text/plain\r\n\r\n"},
        {"2", "two", "two"},
        {"3", "Subject: three", "--b--\r\n"},
        {"3.HEADER", "Subject: three", "boundary=b\r\n\r\n"},
        {"3.TEXT", "--b\r\n", "--b--\r\n"},
        {"3.1", "three-one", "three-one"},
        {"3.2", "three-two", "three-two"},
        {"4", "--c\r\n", "--c--"},
        {"4.1", "four-one", "four-one"},
        {"4.1.MIME", "Content-Type: image/gif", "<four-one>\r\n\r\n"},
        {"4.2", "Subject: four-two", "--d--"},
        {"4.2.HEADER", "Subject: four-two", "boundary=d\r\n\r\n"},
        {"4.2.TEXT", "--d\r\n", "--d--"},
        {"4.2.1", "four-two-one", "four-two-one"},
        {"4.2.2", "--e\r\n", "--e--"},
        {"4.2.2.1", "four-two-two-one", "four-two-two-one"},
        {"4.2.2.2", "four-two-two-two", "four-two-two-two"},
    };
    for (const Row& row : kRows) {
        const auto range = find_section(structure, parse_section(row.section).value());
        ASSERT_TRUE(range) << row.section;
        const std::string_view text = slice(message, range->begin, range->end);
        EXPECT_TRUE(text.starts_with(row.begins)) << row.section << ": " << text;
        EXPECT_TRUE(text.ends_with(row.ends)) << row.section << ": " << text;
    }
    for (const std::string_view none :
         {"5", "1.1", "1.HEADER", "1.TEXT", "3.3", "4.HEADER", "4.2.2.1.1", "4.1.1"}) {
        EXPECT_FALSE(find_section(structure, parse_section(none).value())) << none;
    }
}

TEST(SectionTest, AMessageWithoutPartsIsItsOwnPartOne) {
    const std::string message = "Subject: x\r\n\r\nbody";
    const Structure structure = parse(message);
    const auto text_of = [&](std::string_view section) {
        const auto range = find_section(structure, parse_section(section).value());
        return range ? slice(message, range->begin, range->end) : "none";
    };
    EXPECT_EQ(text_of("1"), "body");
    EXPECT_EQ(text_of("1.MIME"), "Subject: x\r\n\r\n");
    EXPECT_EQ(text_of("2"), "none");
    EXPECT_EQ(text_of("1.1"), "none");
    EXPECT_EQ(text_of("TEXT"), "body");
}

TEST(SectionTest, NumbersEveryPartAsItFindsIt) {
    for (const std::string& message :
         {listed_message(),
          std::string("a: b\r\n\r\nc"),
          crlf("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nContent-Type: "
               "multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/rfc822\n\na: "
               "b\n\n--b--")}) {
        const Structure structure = parse(message);
        for (std::uint32_t i = 0; i < structure.parts.size(); ++i) {
            const Part& part = structure.parts[i];
            const std::uint32_t expected = part.is_message && i != 0 ? part.parent : i;
            const PartPath path = part_path(structure, i);
            EXPECT_EQ(find_part(structure, path), expected) << format_part_path(path);
        }
    }
    EXPECT_EQ(format_part_path({4, 2, 1}), "4.2.1");
}

TEST(SectionTest, RefusesWhatIsNoSection) {
    for (const std::string_view text : {"0",
                                        "1.",
                                        ".1",
                                        "1..2",
                                        "MIME",
                                        "HEADER.1",
                                        "1.FOO",
                                        "4294967296",
                                        "-1",
                                        "TEXT.HEADER",
                                        "1.2.",
                                        "HEADER.FIELDS"}) {
        EXPECT_FALSE(parse_section(text)) << text;
    }
    EXPECT_EQ(parse_section("1.2.text").value(), (Section{{1, 2}, SectionText::kText}));
    std::string deep = "1";
    for (int i = 0; i < 2000; ++i) {
        deep += ".1";
    }
    EXPECT_EQ(parse_section(deep).error().code, base::Errc::kTooLong);
}

TEST(SectionTest, SelectsFields) {
    const std::string header = "A: 1\r\nb : 2\r\n\t3\r\nC: 4\r\na: 5\r\n\r\n";
    EXPECT_EQ(select_fields(header, {"a", "B"}, false), "A: 1\r\nb : 2\r\n\t3\r\na: 5\r\n\r\n");
    EXPECT_EQ(select_fields(header, {"a", "B"}, true), "C: 4\r\n\r\n");
    EXPECT_EQ(select_fields(header, {"x"}, false), "\r\n");
}

// As long as a command and a header may be: comparing each with each would take minutes.
TEST(SectionTest, SelectsOfManyFieldsByManyNames) {
    std::vector<std::string> names;
    std::string header;
    for (int i = 0; i < 100'000; ++i) {
        names.push_back("X-N" + std::to_string(i));
        header += "x-f" + std::to_string(i) + ": 1\r\n";
    }
    names.push_back("X-F99999");
    EXPECT_EQ(select_fields(header + "\r\n", names, false), "x-f99999: 1\r\n\r\n");
}

TEST(SectionTest, SelectsALongHeaderInManySteps) {
    std::string header;
    std::string wanted;
    for (int i = 0; i < 10'000; ++i) {
        header += "a: 1\r\nb: 2\r\n";
        wanted += "b: 2\r\n";
    }
    FieldSelection selection(header, {"B"}, false);
    int steps = 1;
    while (selection.advance()) {
        ++steps;
    }
    EXPECT_GT(steps, 50);
    EXPECT_EQ(selection.take(), wanted + "\r\n");
}

// RFC 3501 8, whose header is given there octet for octet: 342 of them.
constexpr std::string_view kMinutes =
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    "From: Terry Gray <gray@cac.washington.edu>\r\n"
    "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
    "To: imap@cac.washington.edu\r\n"
    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n";

TEST(EnvelopeTest, WritesTheExampleOfRfc3501) {
    static_assert(kMinutes.size() == 342);
    const std::string expected =
        R"~(("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" )~"
        R"~((("Terry Gray" NIL "gray" "cac.washington.edu")) )~"
        R"~((("Terry Gray" NIL "gray" "cac.washington.edu")) )~"
        R"~((("Terry Gray" NIL "gray" "cac.washington.edu")) )~"
        R"~(((NIL NIL "imap" "cac.washington.edu")) )~"
        R"~(((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) )~"
        R"~(NIL NIL "<B27397-0100000@cac.washington.edu>"))~";
    EXPECT_EQ(format_envelope(kMinutes), expected);
    // The same from what the structure keeps.
    EXPECT_EQ(format_envelope(parse(kMinutes).root().envelope), expected);
}

TEST(EnvelopeTest, WritesWhatIsUnusual) {
    const auto envelope = [](std::string_view header, HeaderForm form = HeaderForm::kAscii) {
        return format_envelope(header, form);
    };
    EXPECT_EQ(envelope(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(
        envelope("To: A Group:Ed Jones <joe@where.test>,bob@x.y;\r\nCc: Undisclosed:;\r\n"),
        R"~((NIL NIL NIL NIL NIL ((NIL NIL "A Group" NIL)("Ed Jones" NIL "joe" "where.test")(NIL NIL "bob" "x.y")(NIL NIL NIL NIL)) )~"
        R"~(((NIL NIL "Undisclosed" NIL)(NIL NIL NIL NIL)) NIL NIL NIL))~");
    EXPECT_EQ(envelope("Subject: a \"quoted\" back\\slash\r\nSubject: second\r\n"),
              R"~((NIL "a \"quoted\" back\\slash" NIL NIL NIL NIL NIL NIL NIL NIL))~");
    EXPECT_EQ(envelope("Subject: =?iso-8859-1?q?caf=E9?=\r\n", HeaderForm::kUtf8),
              "(NIL \"caf\xc3\xa9\" NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope("Message-ID: <\xff>\r\n"),
              "(NIL NIL NIL NIL NIL NIL NIL NIL NIL {3}\r\n<\xff>)");
    EXPECT_EQ(
        envelope("To: Joe <@a.test,@b.test:joe@c.test>\r\n"),
        R"~((NIL NIL NIL NIL NIL (("Joe" "@a.test,@b.test" "joe" "c.test")) NIL NIL NIL NIL))~");
    EXPECT_EQ(envelope("To: root\r\nTo: a@b\r\n"),
              R"~((NIL NIL NIL NIL NIL ((NIL NIL "root" "")(NIL NIL "a" "b")) NIL NIL NIL NIL))~");
}

// As every server has it: clients decode encoded words, and compare what they were told before.
TEST(EnvelopeTest, LeavesPrintableTextAsItIsWritten) {
    const auto subject = [](std::string_view text) {
        const std::string out = format_envelope("Subject: " + std::string(text) + "\r\n");
        return out.substr(5, out.find(" NIL NIL") - 5);
    };
    EXPECT_EQ(subject("=?iso-8859-1?q?caf=E9?="), R"("=?iso-8859-1?q?caf=E9?=")");
    EXPECT_EQ(subject("=?ISO-8859-1?B?SWY=?=\r\n =?x?Q?broken"),
              R"("=?ISO-8859-1?B?SWY=?= =?x?Q?broken")");
    EXPECT_EQ(subject("a  b\r\n\tc ="), "\"a  b\tc =\"");
    EXPECT_EQ(subject(std::string(1000, 'x')), '"' + std::string(1000, 'x') + '"');
    // What no header may hold is written anew, all of it.
    EXPECT_EQ(subject("caf\xc3\xa9 =?iso-8859-1?q?caf=E9?="),
              R"("=?utf-8?Q?caf=C3=A9_caf=C3=A9?=")");
    EXPECT_EQ(subject("caf\xe9"), R"("=?utf-8?Q?caf=C3=A9?=")");
    EXPECT_EQ(subject("\x1b$BF|K\\\x1b(B"), R"("=?utf-8?B?5pel5pys?=")");
    EXPECT_EQ(subject("a\x7f b"), R"("=?utf-8?Q?a=7F?= b")");
    const auto names = [](std::string_view text, HeaderForm form = HeaderForm::kAscii) {
        const std::string out = format_envelope("To: " + std::string(text) + "\r\n", form);
        return out.substr(21, out.find(" NIL NIL NIL NIL)") - 21);
    };
    EXPECT_EQ(names("=?utf-8?q?Zo=C3=AB?=  =?utf-8?q?X?= <z@x.test>"),
              R"((("=?utf-8?q?Zo=C3=AB?= =?utf-8?q?X?=" NIL "z" "x.test")))");
    EXPECT_EQ(
        names("\"a  b,\r\n\tc\" <z@x.test>, z@x.test (=?utf-8?q?Zo=C3=AB?=)"),
        "((\"a  b,\tc\" NIL \"z\" \"x.test\")(\"=?utf-8?q?Zo=C3=AB?=\" NIL \"z\" \"x.test\"))");
    EXPECT_EQ(names("\"=?utf-8?q?Zo=C3=AB?=\" <z@x.test>"),
              R"((("=?utf-8?q?Zo=C3=AB?=" NIL "z" "x.test")))");
    EXPECT_EQ(names("Zo\xc3\xab =?utf-8?q?Zo=C3=AB?= <z@x.test>"),
              R"((("=?utf-8?Q?Zo=C3=AB_Zo=C3=AB?=" NIL "z" "x.test")))");
    EXPECT_EQ(names("=?utf-8?q?a=2C(b?= <z@x.test>"),
              R"((("=?utf-8?q?a=2C(b?=" NIL "z" "x.test")))");
    EXPECT_EQ(names("=?utf-8?q?Zo=C3=AB?=:;"),
              R"(((NIL NIL "=?utf-8?q?Zo=C3=AB?=" NIL)(NIL NIL NIL NIL)))");
    EXPECT_EQ(names("=?utf-8?q?Zo=C3=AB?= <z@x.test>", HeaderForm::kUtf8),
              "((\"Zo\xc3\xab\" NIL \"z\" \"x.test\"))");
}

std::string body(const std::string& message, BodyForm form = BodyForm::kBody) {
    return format_body(parse(message), form);
}

TEST(BodyStructureTest, WritesTheExamplesOfRfc3501) {
    std::string minutes(kMinutes);
    for (int line = 0; line < 92; ++line) {
        minutes += std::string(line < 91 ? 31 : 3028 - 91 * 33 - 2, 'x') + "\r\n";
    }
    EXPECT_EQ(body(minutes), R"~(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92))~");
    const std::string two = crlf(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        "Content-Type: text/plain; charset=us-ascii\n\nhi\n\n--b\n"
        "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=cc.diff\n"
        "Content-ID: <960723163407.20117h@cac.washington.edu>\nContent-Description: Compiler diff\n"
        "Content-Transfer-Encoding: BASE64\n\nZGlmZg==\n\n--b--\n");
    EXPECT_EQ(
        body(two),
        R"~((("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 4 1))~"
        R"~(("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") )~"
        R"~("<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 10 1) "MIXED"))~");
    EXPECT_EQ(
        body(two, BodyForm::kBodyStructure),
        R"~((("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 4 1 NIL NIL NIL NIL))~"
        R"~(("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") )~"
        R"~("<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 10 1 NIL NIL NIL NIL) )~"
        R"~("MIXED" ("BOUNDARY" "b") NIL NIL NIL))~");
}

TEST(BodyStructureTest, WritesMessagesWithTheirEnvelope) {
    EXPECT_EQ(body(crlf("MIME-Version: 1.0\nContent-Type: message/rfc822\n\nSubject: in\n\nx\n")),
              R"~(("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 18 )~"
              R"~((NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) )~"
              R"~(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3 1) 3))~");
}

TEST(BodyStructureTest, WritesExtensions) {
    EXPECT_EQ(
        body(
            crlf("MIME-Version: 1.0\nContent-Type: image/png; name*=utf-8''caf%C3%A9.png\n"
                 "Content-Disposition: inline; filename=\"a b\"; size=3\nContent-Language: de, fr\n"
                 "Content-Location: x/y\nContent-MD5: Q2hlY2s=\nContent-Transfer-Encoding: "
                 "binary\n\nabc"),
            BodyForm::kBodyStructure),
        R"~(("IMAGE" "PNG" ("NAME*" "utf-8''caf%C3%A9.png") NIL NIL "BINARY" 3 "Q2hlY2s=" )~"
        R"~(("INLINE" ("FILENAME" "a b" "SIZE" "3")) ("de" "fr") "x/y"))~");
}

// A client that wrote it finds its own octets again, and its charset and language.
TEST(BodyStructureTest, GivesExtendedParametersAsTheyStood) {
    const auto names = [](std::string_view parameters) {
        const Structure structure =
            parse(crlf("MIME-Version: 1.0\nContent-Type: image/png" + std::string(parameters) +
                       "\nContent-Disposition: inline\n\nx\n"));
        const auto list = [](const Structure& of, HeaderForm form) {
            const std::string out = format_body(of, BodyForm::kBody, form);
            return out.substr(15, out.find(" NIL ") - 15);
        };
        EXPECT_EQ(list(structure, HeaderForm::kAscii),
                  list(unpack(pack(structure)).value(), HeaderForm::kAscii));
        EXPECT_EQ(list(structure, HeaderForm::kUtf8).find('*'), std::string::npos);
        return list(structure, HeaderForm::kAscii);
    };
    EXPECT_EQ(names("; name*=utf-8''caf%c3%a9"), R"(("NAME*" "utf-8''caf%c3%a9"))");
    EXPECT_EQ(names("; name*=UTF-8'fr'caf%C3%A9%20!"), R"(("NAME*" "UTF-8'fr'caf%C3%A9%20!"))");
    EXPECT_EQ(names("; name*=iso-8859-1''caf%e9"), R"(("NAME*" "iso-8859-1''caf%e9"))");
    EXPECT_EQ(names("; name*0*=utf-8''caf; name*1*=%c3%a9; name*2*=.png"),
              R"(("NAME*" "utf-8''caf%c3%a9.png"))");
    // Not so as one value: a section without a star, octets as they are, no charset.
    EXPECT_EQ(names("; name*0*=utf-8''caf%c3%a9; name*1=\"%41\""),
              R"(("NAME*" "utf-8''caf%C3%A9%2541"))");
    EXPECT_EQ(names("; name*=utf-8''café"), R"(("NAME*" "utf-8''caf%C3%A9"))");
    EXPECT_EQ(names("; name*=caf%c3%a9"), R"(("NAME*" "utf-8''caf%C3%A9"))");
    EXPECT_EQ(names("; name=café"), R"(("NAME*" "utf-8''caf%C3%A9"))");
    EXPECT_EQ(names("; name*=utf-8''caf%65"), R"(("NAME" "cafe"))");
}

TEST(BodyStructureTest, HasNoDispositionWithoutOne) {
    const auto disposition = [](std::string_view field) {
        const std::string out =
            body(crlf("MIME-Version: 1.0\nContent-Disposition:" + std::string(field) + "\n\nx\n"),
                 BodyForm::kBodyStructure);
        return out.substr(out.find(" 3 1 NIL ") + 9);
    };
    EXPECT_EQ(disposition(""), "NIL NIL NIL)");
    EXPECT_EQ(disposition(" ;"), "NIL NIL NIL)");
    EXPECT_EQ(disposition(" \"inline\""), R"(("INLINE" NIL) NIL NIL))");
    EXPECT_EQ(disposition(" filename=x"), R"(("ATTACHMENT" ("FILENAME" "x")) NIL NIL))");
}

TEST(BodyStructureTest, ShowsWhatWasNotLookedInto) {
    EXPECT_EQ(body(crlf("MIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx\n")),
              R"~(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 1))~");
    EXPECT_EQ(body(crlf("MIME-Version: 1.0\nContent-Type: message/rfc822\n"
                        "Content-Transfer-Encoding: base64\n\neA==\n")),
              R"~(("APPLICATION" "OCTET-STREAM" NIL NIL NIL "BASE64" 6))~");
}

}  // namespace
}  // namespace mime
