// The builder: what it writes reads back equal, in the smallest sound encoding.
#include "mime/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ascii.h"
#include "mime/address.h"
#include "mime/encoded_word.h"
#include "mime/envelope.h"
#include "mime/flowed.h"
#include "mime/media_type.h"
#include "mime/parser.h"
#include "mime_invariants.h"

namespace mime {
namespace {

Draft draft_from_alice() {
    Draft draft;
    draft.date = base::WallTime{std::chrono::seconds{1'795'255'200}};
    draft.from = {Mailbox{"Alice", "alice", "crepes.example"}};
    draft.to = {Mailbox{"Bob Ünal", "bob", "hamburger.example"}};
    draft.subject = "Do you like ketchup?";
    draft.message_id = "1@crepes.example";
    return draft;
}

std::string build(const Draft& draft, const BuildOptions& options = {}) {
    base::SeededRandom random(1);
    return build_message(draft, random, options).value();
}

std::string content(const std::string& message, const Part& part) {
    return decode(part.encoding, body_of(message, part));
}

TEST(BuilderTest, WritesPlainText) {
    Draft draft = draft_from_alice();
    draft.text = "How about pickles?\n";
    EXPECT_EQ(build(draft),
              "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
              "From: Alice <alice@crepes.example>\r\n"
              "To: Bob =?utf-8?Q?=C3=9Cnal?= <bob@hamburger.example>\r\n"
              "Message-ID: <1@crepes.example>\r\n"
              "Subject: Do you like ketchup?\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=us-ascii\r\n"
              "\r\n"
              "How about pickles?\r\n");
}

TEST(BuilderTest, WritesAndReadsTheWholeTree) {
    Draft draft = draft_from_alice();
    draft.text = "plain é";
    draft.html = "<p>html <img src='cid:p@x'></p>";
    draft.pictures = {{.name = "dir/p.png",
                       .type = {},
                       .content = "\x89PNG\r\n\x1a\n\x01",
                       .id = "p@x",
                       .description = {}}};
    draft.attachments = {{.name = "Süße Grüße.txt",
                          .type = {},
                          .content = "line\nline\n",
                          .id = {},
                          .description = "Grüße"},
                         {.name = "m.eml",
                          .type = {},
                          .content = "Subject: x\r\n\r\nbody",
                          .id = {},
                          .description = {}},
                         {.name = {},
                          .type = "application/x-own",
                          .content = std::string("\0\1\2\xff", 4),
                          .id = {},
                          .description = {}}};
    const std::string message = build(draft);
    EXPECT_EQ(broken_property(message), "");
    EXPECT_TRUE(base::is_ascii(message));
    const Structure structure = parse(message);
    EXPECT_EQ(structure.defects_count, 0U);
    std::vector<std::string> types;
    for (const Part& part : structure.parts) {
        types.push_back(part.type.type + "/" + part.type.subtype);
    }
    EXPECT_THAT(types,
                testing::ElementsAre("multipart/mixed",
                                     "multipart/alternative",
                                     "text/plain",
                                     "multipart/related",
                                     "text/html",
                                     "image/png",
                                     "text/plain",
                                     "message/rfc822",
                                     "text/plain",
                                     "application/x-own"));
    EXPECT_EQ(content(message, structure.parts[2]), draft.text);
    EXPECT_EQ(content(message, structure.parts[4]), draft.html);
    EXPECT_EQ(content(message, structure.parts[5]), draft.pictures[0].content);
    EXPECT_EQ(structure.parts[5].id, "<p@x>");
    EXPECT_EQ(structure.parts[5].disposition->parameters.get("filename"), "p.png");
    EXPECT_EQ(content(message, structure.parts[6]), draft.attachments[0].content);
    EXPECT_EQ(structure.parts[6].disposition->parameters.get("filename"), "Süße Grüße.txt");
    EXPECT_EQ(decode_unstructured(structure.parts[6].description), "Grüße");
    EXPECT_EQ(body_of(message, structure.parts[7]), draft.attachments[1].content);
    EXPECT_EQ(content(message, structure.parts[9]), draft.attachments[2].content);
    const Envelope envelope = parse_envelope(structure.root().envelope);
    EXPECT_EQ(envelope.to, draft.to);
    EXPECT_EQ(envelope.subject, draft.subject);
}

TEST(BuilderTest, MakesPlainTextOfHtml) {
    Draft draft = draft_from_alice();
    draft.html = "<p>One</p><p>Two</p>";
    const std::string message = build(draft);
    EXPECT_EQ(content(message, parse(message).parts[1]), "One\r\n\r\nTwo");
}

TEST(BuilderTest, WritesFlowedText) {
    Draft draft = draft_from_alice();
    draft.text = "> quoted\n" + std::string(60, 'a') + " " + std::string(60, 'b') + "\nFrom here\n";
    draft.flowed = true;
    const std::string message = build(draft);
    const Structure structure = parse(message);
    EXPECT_EQ(structure.root().type.parameters.get("format"), "flowed");
    EXPECT_EQ(to_plain_text(parse_flowed(content(message, structure.root()), false)), draft.text);
}

TEST(BuilderTest, WritesUtf8WhereThePeerTakesIt) {
    Draft draft = draft_from_alice();
    draft.subject = "Grüße";
    draft.text = "é\n";
    const std::string message = build(draft, {.form = HeaderForm::kUtf8, .allow_8bit = true});
    EXPECT_NE(message.find("Subject: Grüße\r\n"), std::string::npos);
    EXPECT_NE(message.find("Content-Transfer-Encoding: 8bit\r\n\r\né\r\n"), std::string::npos);
}

struct EncodingRow {
    std::string content;
    bool allow_8bit;
    Encoding encoding;
};

TEST(BuilderTest, ChoosesTheSmallestSoundEncoding) {
    const std::vector<EncodingRow> rows = {
        {"", false, Encoding::k7bit},
        {"a\r\nb", false, Encoding::k7bit},
        {"bare LF\nin it", false, Encoding::kQuotedPrintable},
        {"bare CR\rin it", false, Encoding::kQuotedPrintable},
        {"café and much more", false, Encoding::kQuotedPrintable},
        {"café", true, Encoding::k8bit},
        {"ελληνικά", false, Encoding::kBase64},
        {std::string(998, 'a') + "\r\n" + std::string(998, 'b'), false, Encoding::k7bit},
        {std::string(999, 'a'), true, Encoding::kQuotedPrintable},
        {std::string("text with a NUL \0 in it", 23), true, Encoding::kQuotedPrintable},
        {std::string("\0\1\2", 3), true, Encoding::kBase64},
    };
    for (const EncodingRow& row : rows) {
        EXPECT_EQ(choose_encoding(row.content, row.allow_8bit), row.encoding) << row.content;
    }
}

TEST(BuilderTest, LabelsWhatAnEmbeddedMessageNeeds) {
    Draft draft = draft_from_alice();
    draft.text = "see";
    draft.attachments = {{.name = {},
                          .type = "message/rfc822",
                          .content = "Subject: x\r\n\r\n\xe9",
                          .id = {},
                          .description = {}}};
    const std::string message = build(draft);
    const Structure structure = parse(message);
    EXPECT_EQ(structure.root().encoding, Encoding::k8bit);
    EXPECT_EQ(structure.parts[2].encoding, Encoding::k8bit);
}

TEST(BuilderTest, RefusesWhatCannotBeWritten) {
    base::SeededRandom random(1);
    Entity entity;
    entity.type.type = "multipart";
    EXPECT_EQ(build_entity(entity, random).error().code, base::Errc::kInvalid);
    entity.type.type = "te xt";
    EXPECT_EQ(build_entity(entity, random).error().code, base::Errc::kInvalid);
    Entity deep;
    for (int level = 0; level < 60; ++level) {
        Entity outer;
        outer.type = {"multipart", "mixed", {}};
        outer.children.push_back(std::move(deep));
        deep = std::move(outer);
    }
    EXPECT_EQ(build_entity(deep, random).error().code, base::Errc::kTooLong);
}

TEST(BuilderTest, RefusesAddressesThatTheFormCannotHold) {
    base::SeededRandom random(1);
    Draft draft = draft_from_alice();
    draft.to = {Mailbox{"", "jörg", "x.y"}};
    EXPECT_EQ(build_message(draft, random).error().code, base::Errc::kUnsupported);
    EXPECT_TRUE(build_message(draft, random, {.form = HeaderForm::kUtf8}));
    draft.to = {Mailbox{"", "\xff", "x.y"}};
    EXPECT_FALSE(build_message(draft, random, {.form = HeaderForm::kUtf8}));
}

TEST(BuilderTest, NeverLetsAFieldIn) {
    Draft draft = draft_from_alice();
    draft.subject = "x\r\nBcc: evil@x\r\n\r\nbody";
    draft.from = {Mailbox{"A\r\nBcc: evil@x", "al\r\nice", "x.y\r\nBcc: z"}};
    draft.message_id = "1@x>\r\nBcc: <evil";
    draft.bcc = {Mailbox{"", "secret", "x.y"}};
    const std::string message = build(draft);
    EXPECT_EQ(message.find("\nBcc"), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos);
}

TEST(MediaTypeTest, GuessesFromOctetsThenFromTheName) {
    EXPECT_EQ(guess_media_type("x.txt", "\x89PNG\r\n\x1a\n"), "image/png");
    EXPECT_EQ(guess_media_type("report.DOCX", "PK\x03\x04"),
              "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
    EXPECT_EQ(guess_media_type("x", "PK\x03\x04"), "application/zip");
    EXPECT_EQ(guess_media_type("page", "<html><script>"), "text/plain");
    EXPECT_EQ(guess_media_type("page.html", "x"), "text/html");
    EXPECT_EQ(guess_media_type("", std::string_view("\0\1", 2)), "application/octet-stream");
    EXPECT_EQ(guess_media_type("", ""), "application/octet-stream");
}

}  // namespace
}  // namespace mime
