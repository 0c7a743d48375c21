#include "mail/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "mail/kept_fields.h"
#include "mail/summarizer.h"
#include "mime/envelope.h"
#include "mime/preview.h"
#include "mime/section.h"
#include "store/key.h"

namespace mail {
namespace {

constexpr std::string_view kMessage =
    "Received: from crepes.example by hamburger.example; Sat, 21 Nov 2026 10:00:01 +0000\r\n"
    "From: Alice <alice@crepes.example>\r\n"
    "To: Bob\r\n"
    " <bob@hamburger.example>\r\n"
    "Date: Sat, 21 Nov 2026 23:30:00 -0500\r\n"
    "Subject: Searching for the meaning of life.\r\n"
    "Message-ID: <1@crepes.example>\r\n"
    "X-Odd: yes\r\n"
    "\r\n"
    "Do you like ketchup?\r\n";

std::string with_header(std::string_view more) {
    return std::string(more) + std::string(kMessage);
}

std::vector<std::filesystem::path> corpus() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator("tests/corpus")) {
        if (entry.path().extension() == ".eml") {
            paths.push_back(entry.path());
        }
    }
    return paths;
}

std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Summary, AnswersWhatTheMessageAnswers) {
    const Summary summary = summarize(kMessage);
    const mime::Structure structure = mime::parse(kMessage);
    EXPECT_EQ(summary.structure().value(), structure);
    EXPECT_EQ(summary.preview(), "Do you like ketchup?");
    EXPECT_EQ(summary.header_octets(), structure.root().header_octets_count());
    ASSERT_TRUE(summary.sent().has_value());
    EXPECT_EQ(summary.sent()->offset_minutes, -300);
    EXPECT_TRUE(summary.sent()->offset_known);
    EXPECT_EQ(format_envelope(summary), mime::format_envelope(structure.root().envelope));
    EXPECT_EQ(format_body(summary, mime::BodyForm::kBodyStructure).value(),
              mime::format_body(structure, mime::BodyForm::kBodyStructure));
}

TEST(Summary, SelectsFieldsAsTheyStand) {
    const Summary summary = summarize(kMessage);
    const std::string_view header = kMessage.substr(0, summary.header_octets());
    using Names = std::vector<std::string>;
    for (const Names& names : {Names{"to", "FROM"}, Names{"Subject", "Cc"}, Names{"X-Label"}}) {
        EXPECT_EQ(FieldChoice(names).of(summary), mime::select_fields(header, names, false));
    }
    EXPECT_EQ(FieldChoice(Names{"From", "Received"}).of(summary), std::nullopt);
    EXPECT_EQ(FieldChoice(Names{"X-Absent"}).of(summary), "\r\n");
}

// What follows the name, how the field is folded and how its lines end.
TEST(Summary, SelectsFieldsHoweverTheyAreWritten) {
    const std::string header =
        "Date : Thu, 01 Jan 2026 00:00:00 +0000\n"
        "subject:\r\n one\n\ttwo\r\n"
        "Subject-Of-Old: no\r\n"
        "SUBJECT\t: three \r\r\n"
        "List-Id\r\n"
        "To:\r\n"
        "From: subject: alice@crepes.example";
    const Summary summary = summarize(header + "\r\n\r\nhello\r\n");
    using Names = std::vector<std::string>;
    for (const Names& names : {Names{"Subject"},
                               Names{"date", "TO", "from"},
                               Names{"From: subject"},
                               Names{"list-id"},
                               Names{""}}) {
        EXPECT_EQ(FieldChoice(names).of(summary), mime::select_fields(header, names, false));
    }
    EXPECT_EQ(FieldChoice(Names{"Subject"}).of(summary),
              "subject:\r\n one\n\ttwo\r\nSUBJECT\t: three \r\r\n\r\n");
}

TEST(Summary, KnowsWhichFieldsAreAbsent) {
    const Summary summary = summarize(kMessage);
    EXPECT_TRUE(summary.may_have_field("from"));
    EXPECT_FALSE(summary.may_have_field("Cc"));
    EXPECT_TRUE(summary.may_have_field("x-odd"));
    EXPECT_TRUE(summary.may_have_field("RECEIVED"));
    EXPECT_FALSE(summary.may_have_field("X-Absent"));
    EXPECT_TRUE(Summary().may_have_field("X-Absent"));
}

TEST(Summary, SaysWhenFieldsAreMissing) {
    const std::string long_field = "Cc: " + std::string(kSummaryFieldsOctetsMax, 'c') + "\r\n";
    const Summary too_long = summarize(with_header(long_field));
    EXPECT_FALSE(too_long.has_all_fields());
    EXPECT_EQ(format_envelope(too_long), std::nullopt);
    EXPECT_EQ(FieldChoice(std::vector<std::string>{"From"}).of(too_long), std::nullopt);
    EXPECT_TRUE(too_long.may_have_field("Cc"));

    const std::string filler = "X-Filler: " + std::string(kSummaryHeldOctetsMax, 'f') + "\r\n";
    const Summary beyond = summarize(with_header(filler));
    EXPECT_FALSE(beyond.has_all_fields());
    EXPECT_EQ(beyond.preview(), std::nullopt);
    EXPECT_EQ(beyond.header_octets(), kMessage.find("\r\n\r\n") + 4 + filler.size());
}

TEST(Summary, KnowsThePreviewOfALongText) {
    std::string message(kMessage);
    while (message.size() < 3 * kSummaryHeldOctetsMax) {
        message += "Ketchup is made of tomatoes, vinegar and sugar.\r\n";
    }
    EXPECT_EQ(summarize(message).preview(), mime::make_preview(message, mime::parse(message)));
}

// A short one is parsed at its end, a long one from where it becomes long.
TEST(Summary, IsTheSameHoweverAMessageIsCut) {
    for (const std::size_t size : {kSummaryHeldOctetsMax - 1,
                                   kSummaryHeldOctetsMax,
                                   kSummaryHeldOctetsMax + 1,
                                   2 * kSummaryHeldOctetsMax}) {
        std::string message(kMessage);
        while (message.size() < size) {
            message += "Ketchup is made of tomatoes, vinegar and sugar.\r\n";
        }
        message.resize(size);
        const mime::Structure structure = mime::parse(message);
        for (const std::size_t piece : {std::size_t{999}, kSummaryHeldOctetsMax, size}) {
            Summarizer summarizer;
            for (std::size_t at = 0; at < size; at += piece) {
                summarizer.feed(std::string_view(message).substr(at, piece));
            }
            const Summary summary = summarizer.finish();
            EXPECT_EQ(summary.structure().value(), structure) << size << " by " << piece;
            EXPECT_EQ(summary.packed(), summarize(message).packed()) << size << " by " << piece;
        }
    }
}

TEST(Summary, EmptyMessage) {
    const Summary summary = summarize("");
    EXPECT_FALSE(summary.empty());
    EXPECT_EQ(summary.fields(), "");
    EXPECT_EQ(summary.preview(), "");
    EXPECT_EQ(summary.sent(), std::nullopt);
    EXPECT_EQ(summary.structure().value(), mime::parse(""));
}

// For every message of the corpus: as the message itself would answer, however it is cut, and through its
// packed form.
TEST(Summary, Corpus) {
    const auto paths = corpus();
    ASSERT_GT(paths.size(), 40U);
    for (const auto& path : paths) {
        SCOPED_TRACE(path.filename());
        const std::string message = slurp(path);
        const mime::Structure structure = mime::parse(message);
        Summarizer summarizer;
        for (std::size_t at = 0; at < message.size(); at += 7) {
            summarizer.feed(std::string_view(message).substr(at, 7));
        }
        const Summary cut = summarizer.finish();
        EXPECT_EQ(cut.packed(), summarize(message).packed());
        auto summary = Summary::unpack(cut.packed());
        ASSERT_TRUE(summary.has_value());
        EXPECT_EQ(summary->structure().value(), structure);
        for (const auto form : {mime::HeaderForm::kAscii, mime::HeaderForm::kUtf8}) {
            EXPECT_EQ(format_envelope(*summary, form),
                      mime::format_envelope(structure.root().envelope, form));
            for (const auto body : {mime::BodyForm::kBody, mime::BodyForm::kBodyStructure}) {
                EXPECT_EQ(format_body(*summary, body, form).value(),
                          mime::format_body(structure, body, form));
            }
        }
        if (summary->preview()) {
            EXPECT_EQ(summary->preview(), mime::make_preview(message, structure));
        }
    }
}

TEST(Summary, KeepsTheAnswersThatAreAskedForMost) {
    const Summary plain = summarize(kMessage);
    EXPECT_EQ(plain.envelope(mime::HeaderForm::kAscii), plain.envelope(mime::HeaderForm::kUtf8));
    EXPECT_TRUE(plain.envelope(mime::HeaderForm::kUtf8));
    EXPECT_TRUE(plain.body_structure(mime::HeaderForm::kUtf8));
    // In UTF-8 it says "Größe", so that form is made when somebody asks.
    const Summary encoded = summarize("Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\n\r\n");
    EXPECT_TRUE(encoded.envelope(mime::HeaderForm::kAscii));
    EXPECT_FALSE(encoded.envelope(mime::HeaderForm::kUtf8));
    EXPECT_THAT(format_envelope(encoded, mime::HeaderForm::kUtf8).value(),
                testing::HasSubstr("Größe"));
    std::string long_header = "To: a@crepes.example";
    for (int i = 0; i < 300; ++i) {
        long_header += ",\r\n b@hamburger.example";
    }
    EXPECT_FALSE(summarize(long_header + "\r\n\r\n").envelope(mime::HeaderForm::kAscii));
    EXPECT_FALSE(Summary().envelope(mime::HeaderForm::kAscii));
}

TEST(Summary, ReadsRecordsFromBeforeAnswersWereKept) {
    constexpr std::string_view kFields = "Subject: old\r\n";
    const mime::Structure structure = mime::parse("Subject: old\r\n\r\n");
    const std::string packed = mime::pack(structure);
    const std::string record = store::RecordWriter(1)
                                   .u8(1)  // all fields are there
                                   .varint(kFields.size() + 2)
                                   .u64(0)
                                   .varint(kFields.size())
                                   .varint(0)
                                   .varint(packed.size())
                                   .raw(kFields)
                                   .raw(packed)
                                   .record();
    const auto summary = Summary::unpack(record);
    ASSERT_TRUE(summary);
    EXPECT_FALSE(summary->envelope(mime::HeaderForm::kAscii));
    EXPECT_EQ(format_envelope(*summary), mime::format_envelope(kFields, mime::HeaderForm::kAscii));
    EXPECT_TRUE(format_body(*summary, mime::BodyForm::kBodyStructure));
}

// Version 1 kept encoded words that were written anew.
TEST(Summary, MakesOldAnswersAgainWhereTheyWereNotPlain) {
    const std::string coded = "Subject: =?iso-8859-1?q?caf=E9?=\r\n\r\n";
    for (const std::string& message : {coded, std::string(kMessage)}) {
        std::string record = summarize(message).packed();
        ASSERT_EQ(record.front(), '\3');
        record.front() = '\1';
        const Summary old = Summary::unpack(record).value();
        EXPECT_EQ(old.envelope(mime::HeaderForm::kAscii).has_value(), message != coded);
        EXPECT_EQ(format_envelope(old), format_envelope(summarize(message)));
        EXPECT_EQ(format_body(old, mime::BodyForm::kBodyStructure).value(),
                  format_body(summarize(message), mime::BodyForm::kBodyStructure).value());
    }
}

// Version 2 guessed raw octets, and had no preview for what is one file.
TEST(Summary, MakesGuessesAgainByWhatTheMessageSays) {
    const std::string raw =
        "Subject: \xf0\xd2\xc9\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n\r\n";
    const std::string coded = "Subject: =?iso-8859-1?q?caf=E9?=\r\n\r\ntext\r\n";
    for (const std::string& message : {raw, coded}) {
        const Summary now = summarize(message);
        std::string record = now.packed();
        record.front() = '\2';
        const Summary old = Summary::unpack(record).value();
        EXPECT_EQ(old.envelope(mime::HeaderForm::kAscii).has_value(), message != raw);
        EXPECT_EQ(old.preview().has_value(), message != raw);
        EXPECT_EQ(format_envelope(old), format_envelope(now));
    }
    EXPECT_THAT(format_envelope(summarize(raw)).value(),
                testing::HasSubstr("\"=?utf-8?B?0J/RgNC4?=\""));
    EXPECT_THAT(format_envelope(summarize(raw), mime::HeaderForm::kUtf8).value(),
                testing::HasSubstr("\"При\""));
}

TEST(Summary, KnowsThePreviewOfAFile) {
    EXPECT_EQ(summarize("Content-Disposition: attachment\r\n\r\nfigures\r\n").preview(), "figures");
    EXPECT_EQ(summarize("Content-Type: image/png; name=a.png\r\n\r\nx").preview(), "a.png");
    const std::string beyond = "Content-Type: text/csv\r\n\r\n" + std::string(40'000, '\n') + "a";
    EXPECT_FALSE(summarize(beyond).preview());
}

TEST(Summary, IsReadWhereItLies) {
    const std::string packed = summarize(kMessage).packed();
    const Summary owned = Summary::unpack(packed).value();
    const Summary borrowed = Summary::borrow(packed).value();
    EXPECT_FALSE(borrowed.empty());
    EXPECT_EQ(borrowed.fields(), owned.fields());
    EXPECT_GE(borrowed.fields().data(), packed.data());
    EXPECT_EQ(borrowed.preview(), owned.preview());
    EXPECT_EQ(borrowed.structure().value(), owned.structure().value());
    EXPECT_EQ(format_envelope(borrowed), format_envelope(owned));
    EXPECT_TRUE(Summary::borrow("").value().empty());
}

TEST(Summary, RefusesDamage) {
    const std::string packed = summarize(kMessage).packed();
    for (std::size_t octets = 1; octets < packed.size(); ++octets) {
        EXPECT_FALSE(Summary::unpack(packed.substr(0, octets)).has_value()) << octets;
    }
    EXPECT_FALSE(Summary::unpack(packed + "x").has_value());
    EXPECT_FALSE(Summary::unpack("\x7f" + packed.substr(1)).has_value());
    EXPECT_TRUE(Summary::unpack("").value().empty());
}

TEST(KeptFields, AreFoundInAnyCase) {
    for (const std::string_view name :
         {"From", "FROM", "to", "X-Universally-Unique-Identifier", "Content-Transfer-Encoding"}) {
        EXPECT_TRUE(is_kept_field(name)) << name;
    }
    for (const std::string_view name : {"", "Fro", "From ", "Received", "DKIM-Signature", "X"}) {
        EXPECT_FALSE(is_kept_field(name)) << name;
    }
    EXPECT_FALSE(is_kept_field(std::string(1000, 'x')));
}

}  // namespace
}  // namespace mail
