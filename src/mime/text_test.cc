// Text, previews and threads: the examples of RFC 8621 4.1.4 and RFC 5256 2.1, and what mail is like.
#include "mime/text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ascii.h"
#include "mime/parser.h"
#include "mime/preview.h"
#include "mime/thread.h"
#include "mime/utf8.h"

namespace mime {
namespace {

using testing::ElementsAre;

std::string leaf(std::string_view type, std::string_view disposition, std::string_view id) {
    return fmt::format(
        "Content-Type: {}\r\n{}Content-ID: {}\r\n\r\nx\r\n",
        type,
        disposition.empty() ? "" : fmt::format("Content-Disposition: {}\r\n", disposition),
        id);
}

std::string multipart(std::string_view subtype,
                      std::string_view boundary,
                      const std::vector<std::string>& parts) {
    std::string text =
        fmt::format("Content-Type: multipart/{}; boundary={}\r\n\r\n", subtype, boundary);
    for (const std::string& part : parts) {
        text += fmt::format("--{}\r\n{}\r\n", boundary, part);
    }
    return text + fmt::format("--{}--\r\n", boundary);
}

std::string ids(const Structure& structure, const std::vector<std::uint32_t>& parts) {
    std::string text;
    for (const std::uint32_t part : parts) {
        text += structure.parts[part].id;
    }
    return text;
}

TEST(TextTest, FindsTheBodyPartsOfRfc8621) {
    const std::string message =
        "MIME-Version: 1.0\r\n" +
        multipart(
            "mixed",
            "a",
            {leaf("text/plain", "inline", "A"),
             multipart(
                 "mixed",
                 "b",
                 {multipart("alternative",
                            "c",
                            {multipart("mixed",
                                       "d",
                                       {leaf("text/plain", "inline", "B"),
                                        leaf("image/jpeg", "inline", "C"),
                                        leaf("text/plain", "inline", "D")}),
                             multipart("related",
                                       "e",
                                       {leaf("text/html", "", "E"), leaf("image/jpeg", "", "F")})}),
                  leaf("image/jpeg", "attachment", "G"),
                  leaf("application/x-excel", "", "H"),
                  leaf("message/rfc822", "", "J")}),
             leaf("text/plain", "inline", "K")});
    const Structure structure = parse(message);
    const BodyParts parts = body_parts(structure);
    EXPECT_EQ(ids(structure, parts.text), "ABCDK");
    EXPECT_EQ(ids(structure, parts.html), "AEK");
    EXPECT_EQ(ids(structure, parts.attachments), "CFGHJ");
}

TEST(TextTest, TakesTheRootOfRelatedPartsForTheFirst) {
    const std::string picture = leaf("image/png", "", "<P>");
    const std::string page = leaf("text/html", "", "<H>");
    const auto shown = [&](std::string_view start, const std::vector<std::string>& parts) {
        const Structure structure = parse(multipart("related" + std::string(start), "a", parts));
        const BodyParts found = body_parts(structure);
        return ids(structure, found.html) + "|" + ids(structure, found.attachments);
    };
    EXPECT_EQ(shown("", {page, picture}), "<H>|<P>");
    EXPECT_EQ(shown("", {picture, page}), "<P>|<H>");
    EXPECT_EQ(shown("; start=\"<H>\"", {picture, page}), "<H>|<P>");
    EXPECT_EQ(shown("; start=H", {picture, page}), "<H>|<P>");
    EXPECT_EQ(shown("; start=\"<nobody>\"", {picture, page}), "<P>|<H>");
    EXPECT_EQ(shown("; start=\"<A>\"",
                    {picture, "Content-ID: <A>\r\n" + multipart("alternative", "b", {page})}),
              "<H>|<P>");
    const Structure empty = parse("Content-Type: multipart/related; boundary=a\r\n\r\n");
    EXPECT_EQ(related_root(empty, empty.root()), kNoPart);
}

TEST(TextTest, GivesOneAlternativeToBoth) {
    const Structure html = parse(multipart("alternative", "a", {leaf("text/html", "", "H")}));
    EXPECT_EQ(ids(html, body_parts(html).text), "H");
    EXPECT_EQ(ids(html, body_parts(html).html), "H");
    const Structure text = parse(multipart("alternative", "a", {leaf("text/plain", "", "T")}));
    EXPECT_EQ(ids(text, body_parts(text).html), "T");
    const Structure single = parse(leaf("application/pdf", "", "P"));
    EXPECT_EQ(ids(single, body_parts(single).attachments), "P");
}

std::string text_of(const std::string& message) {
    return body_text(message, parse(message));
}

TEST(TextTest, DecodesEncodingCharsetAndFlow) {
    EXPECT_EQ(text_of("Content-Type: text/plain; charset=iso-8859-1\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9\r\n"),
              "café\n");
    EXPECT_EQ(
        text_of("Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n> a \r\n> b\r\nc\r\n"),
        "> ab\nc\n");
    EXPECT_EQ(text_of("Content-Type: text/html\r\nContent-Transfer-Encoding: "
                      "base64\r\n\r\nPHA+YSZsdDs8L3A+\r\n"),
              "a<");
    EXPECT_EQ(text_of("Content-Type: text/html\r\n\r\n<meta charset=\"iso-8859-1\"><p>caf\xe9"),
              "café");
    EXPECT_EQ(text_of("Content-Type: text/plain\r\n\r\nold\rmac\r\n"), "old\nmac\n");
}

TEST(TextTest, ReadsNoMoreThanAsked) {
    std::string message = "Content-Transfer-Encoding: base64\r\n\r\n";
    for (int line = 0; line < 10'000; ++line) {
        message += "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n";
    }
    const Structure structure = parse(message);
    EXPECT_EQ(decoded_content(message, structure.root(), 100), std::string(100, 'A'));
    EXPECT_EQ(decoded_content(message, structure.root()).size(), 330'000U);
}

TEST(TextTest, CollectsWhatASearchShouldFind) {
    const std::string message = multipart(
        "mixed",
        "a",
        {"\r\nhello",
         "Content-Type: text/html\r\nContent-Disposition: attachment; "
         "filename=page.html\r\n\r\n<b>bold</b>",
         "Content-Type: image/png; name=\"=?utf-8?q?caf=C3=A9?=.png\"\r\n\r\nbinary",
         "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\n\r\ninner"});
    EXPECT_EQ(search_text(message, parse(message)),
              "hello\npage.html\nbold\ncafé.png\ngrün\ninner\n");
}

struct PreviewRow {
    std::string text;
    std::string preview;
};

TEST(PreviewTest, IsTheBeginningOnOneLine) {
    const std::vector<PreviewRow> rows = {
        {"", ""},
        {"  Hello,\n\n  Bob \t!\n", "Hello, Bob !"},
        {"On Monday Alice wrote:\n> old\n> text\n\nNew text\n-- \nBob\n", "New text"},
        {"> only\n> quoted\n", "> only > quoted"},
        {"a\u200b\u200c\u034f\u00adb\u00a0c", "ab c"},
        {std::string(300, 'x'), std::string(256, 'x')},
        {std::string(199, 'x') + " yyy zzz", std::string(199, 'x') + " yyy"},
        {std::string(198, 'x') + " y zzz", std::string(198, 'x') + " y"},
    };
    for (const PreviewRow& row : rows) {
        EXPECT_EQ(preview_of_text(row.text), row.preview);
    }
    std::string umlauts;
    for (int i = 0; i < 400; ++i) {
        umlauts += "ü";
    }
    std::string_view preview = umlauts;
    EXPECT_EQ(preview_of_text(umlauts), utf8_prefix(preview, 256));
}

TEST(PreviewTest, ReadsTheMessage) {
    const std::string message =
        multipart("alternative",
                  "a",
                  {leaf("application/x", "", ""),
                   "Content-Type: text/html\r\n\r\n<style>x</style><p>Hi <b>Bob</b>!"});
    EXPECT_EQ(make_preview(message, parse(message)), "Hi Bob!");
    const std::string secret = multipart("encrypted", "a", {"\r\nhello"});
    EXPECT_EQ(make_preview(secret, parse(secret)), "");
}

// RFC 8970 3.3: as scripts, scanners and mailx -a send it.
TEST(PreviewTest, IsOfAFileWhereThatIsTheMessage) {
    const std::vector<PreviewRow> rows = {
        {"Content-Disposition: attachment; filename=r.txt\r\n\r\nnightly figures\r\n",
         "nightly figures"},
        {"Content-Type: text/csv; name=r.csv\r\n\r\na;b\r\n", "a;b"},
        {"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>a</p>", "a"},
        {"Content-Type: application/pdf; name=\"bill  7.pdf\"\r\n\r\n%PDF-1.4", "bill 7.pdf"},
        {"Content-Type: text/calendar; name=invite.ics\r\n\r\nBEGIN:VCALENDAR\r\n", "invite.ics"},
        {"Content-Type: image/png\r\n\r\nx", ""},
        {"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nx", ""},
        {"Content-Type: multipart/mixed; boundary=b\r\n\r\nno part at all\r\n", "no part at all"},
    };
    for (const PreviewRow& row : rows) {
        EXPECT_EQ(make_preview(row.text, parse(row.text)), row.preview) << row.text;
    }
}

struct SubjectRow {
    std::string_view subject;
    std::string_view base;
    bool is_reply_or_forward;
};

TEST(ThreadTest, TakesSubjectsDownToTheirBase) {
    constexpr SubjectRow kRows[] = {
        {"", "", false},
        {"Lunch", "Lunch", false},
        {"Re: Lunch", "Lunch", true},
        {"RE:re: Re[2]: FWD: fw :Lunch", "Lunch", true},
        {"Lunch (fwd) (FWD)  ", "Lunch", true},
        {"[list] Re: [list] Lunch", "Lunch", true},
        {"[list] Lunch", "Lunch", false},
        {"[list]", "[list]", false},
        {"[a][b] Re: [c]", "[c]", true},
        {"[a] [b] [c]", "[c]", false},
        {"[a][b]", "[b]", false},
        {"[a][b] x [c]", "x [c]", false},
        {"[a]re[b] :[c]fw:[d]x", "x", true},
        {"[a]re[b]x", "re[b]x", false},
        {"[a][b][un[closed]", "[un[closed]", false},
        {"[a][Fwd: [b] x]", "x", true},
        {"[Fwd: Re: Lunch]", "Lunch", true},
        {"[Fwd: [Fwd: x] (fwd)]", "x", true},
        {"  a \t b\r\n c ", "a b c", false},
        {"Regards", "Regards", false},
        {"Re Lunch", "Re Lunch", false},
        {"Re:", "", true},
        {"[un[closed Re: x", "[un[closed Re: x", false},
    };
    for (const SubjectRow& row : kRows) {
        EXPECT_EQ(base_subject(row.subject),
                  (BaseSubject{std::string(row.base), row.is_reply_or_forward}))
            << row.subject;
    }
    std::string blobs;
    for (int i = 0; i < 100'000; ++i) {
        blobs += "[a]";
    }
    EXPECT_EQ(base_subject(blobs + "x").text.size(), 2U);
}

TEST(ThreadTest, ReadsTheKeys) {
    const ThreadKeys keys = thread_keys(
        "Subject: Re: =?utf-8?q?caf=C3=A9?=\r\nMessage-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\n "
        "<1@x>\r\n"
        "In-Reply-To: <9@x>\r\n");
    EXPECT_EQ(keys.subject.text, "café");
    EXPECT_EQ(keys.message_id, "3@x");
    EXPECT_THAT(keys.references, ElementsAre("1@x", "2@x"));
    EXPECT_THAT(thread_keys("In-Reply-To: Your message <9@x> of today <8@x>\r\n").references,
                ElementsAre("9@x"));
    EXPECT_THAT(thread_keys("").references, ElementsAre());
}

}  // namespace
}  // namespace mime
