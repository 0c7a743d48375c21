// Messages larger than memory: builder and down-conversion from sources to sinks, with errors of both.
#include "mime/octet_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "mime/builder.h"
#include "mime/downgrade.h"
#include "mime/parser.h"
#include "mime/survey.h"

namespace mime {
namespace {

// Octets that depend on their offset, never all there; `calls` of read() that work.
class MadeUpSource final : public OctetSource {
  public:
    explicit MadeUpSource(std::uint64_t octets, int calls = 1'000'000)
        : octets_(octets),
          calls_(calls) {}

    base::Result<std::string_view> read(std::uint64_t offset, std::size_t octets_max) override {
        if (calls_-- == 0) {
            return base::fail(base::Errc::kIo, "the disk is gone");
        }
        piece_.clear();
        while (piece_.size() < octets_max && offset + piece_.size() < octets_) {
            piece_ += at(offset + piece_.size());
        }
        return piece_;
    }

    static char at(std::uint64_t offset) {
        return static_cast<char>((offset * 2654435761U) >> 13U);
    }

  private:
    std::uint64_t octets_;
    int calls_;
    std::string piece_;
};

// Gives a string in pieces of awkward sizes.
class SmallPieces final : public OctetSource {
  public:
    explicit SmallPieces(std::string_view octets) : octets_(octets) {}

    base::Result<std::string_view> read(std::uint64_t offset, std::size_t octets_max) override {
        return octets_.substr(offset, std::min(octets_max, 1 + ++calls_ % 5));
    }

  private:
    std::string_view octets_;
    std::size_t calls_ = 0;
};

// Parses what is written, and keeps the size of the largest piece.
class ParsingSink final : public OctetSink {
  public:
    base::Result<> write(std::string_view octets) override {
        parser.feed(octets);
        piece_octets_max = std::max(piece_octets_max, octets.size());
        return {};
    }

    Parser parser;
    std::size_t piece_octets_max = 0;
};

class FullSink final : public OctetSink {
  public:
    base::Result<> write(std::string_view octets) override {
        written += octets;
        return octets.size() > 1000 ? base::Result<>(base::fail(base::Errc::kDenied, "no room"))
                                    : base::Result<>();
    }

    std::string written;
};

Draft draft_with(std::shared_ptr<OctetSource> source) {
    Draft draft;
    draft.from = {Mailbox{"Alice", "alice", "crepes.example"}};
    draft.to = {Mailbox{"Bob", "bob", "hamburger.example"}};
    draft.text = "see the film\n";
    Attachment& film = draft.attachments.emplace_back();
    film.name = "film.bin";
    film.type = "application/octet-stream";
    film.source = std::move(source);
    return draft;
}

TEST(OctetStreamTest, WritesWhatIsNeverInMemory) {
    constexpr std::uint64_t kOctets = 20'000'001;
    base::SeededRandom random(1);
    ParsingSink sink;
    ASSERT_TRUE(
        write_message(draft_with(std::make_shared<MadeUpSource>(kOctets)), random, {}, sink));
    const Structure structure = sink.parser.finish();
    EXPECT_EQ(structure.defects_count, 0U);
    ASSERT_EQ(structure.parts.size(), 3U);
    EXPECT_EQ(structure.parts[2].encoding, Encoding::kBase64);
    EXPECT_EQ(structure.parts[2].body_octets_count(),
              (kOctets + 2) / 3 * 4 + (kOctets + 56) / 57 * 2);
    EXPECT_LE(sink.piece_octets_max, 2 * kStreamStepOctets);
}

TEST(OctetStreamTest, WritesSourcesAsItWritesStrings) {
    for (const std::string& content : std::vector<std::string>{
             "", "plain\r\n", "caf\xc3\xa9\r\n", "bare\nLF", std::string("\0\1\2", 3)}) {
        Draft whole = draft_with(nullptr);
        whole.attachments[0].content = content;
        base::SeededRandom random(1);
        const std::string written = build_message(whole, random).value();
        base::SeededRandom again(1);
        StringSink sink;
        ASSERT_TRUE(
            write_message(draft_with(std::make_shared<SmallPieces>(content)), again, {}, sink));
        EXPECT_EQ(sink.take(), written);
    }
}

TEST(OctetStreamTest, HandsErrorsOn) {
    base::SeededRandom random(1);
    StringSink sink;
    // While it is looked at: nothing is written. While it is copied: what was written stays.
    auto written =
        write_message(draft_with(std::make_shared<MadeUpSource>(1 << 20, 3)), random, {}, sink);
    EXPECT_EQ(written.error().code, base::Errc::kIo);
    EXPECT_EQ(sink.take(), "");
    written =
        write_message(draft_with(std::make_shared<MadeUpSource>(1 << 20, 20)), random, {}, sink);
    EXPECT_EQ(written.error().code, base::Errc::kIo);
    EXPECT_NE(sink.take(), "");
    FullSink full;
    written = write_message(draft_with(std::make_shared<MadeUpSource>(1 << 20)), random, {}, full);
    EXPECT_EQ(written.error().code, base::Errc::kDenied);
}

TEST(OctetStreamTest, NarrowsInPiecesAsItNarrowsTheWhole) {
    const std::string message =
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "pre \xc3\xa9\r\n--b\r\n\r\nun caf\xc3\xa9, et puis encore du pain pour tout le monde "
        "\xf0\x9f\x98\x80\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nraw \xe9\r\n--b\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n" +
        std::string(1200, 'Q') +
        "\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
        std::string("\0\xff\r\n\xfe", 5) + "\r\n--b--\r\n";
    const Structure structure = parse(message);
    for (const Transport transport : {Transport::k7bit, Transport::k8bit, Transport::kBinary}) {
        const DowngradeOptions options{.transport = transport,
                                       .headers = HeaderDowngrade::kRfc6857};
        SmallPieces source(message);
        StringSink sink;
        ASSERT_TRUE(downgrade(source, structure, options, sink));
        EXPECT_EQ(sink.take(), downgrade(message, structure, options));
        EXPECT_EQ(needs_downgrade(source, structure, options).value(),
                  needs_downgrade(message, structure, options));
    }
    const std::string narrow = downgrade(message, structure, {.transport = Transport::k7bit});
    EXPECT_THAT(narrow, testing::HasSubstr("charset=utf-8\r\n"));
    EXPECT_THAT(
        narrow,
        testing::HasSubstr("caf=C3=A9, et puis encore du pain pour tout le monde =F0=9F=98=80"));
}

TEST(SurveyTest, SeesTheSameInPieces) {
    base::SeededRandom random(5);
    static constexpr std::string_view kPalette("ab=\t\r\n\r\n\0\xff", 10);
    for (int round = 0; round < 3000; ++round) {
        const std::uint64_t rarity = 1 + random.below(300);
        std::string text;
        for (std::uint64_t left = random.below(3000); left > 0; --left) {
            text += random.below(rarity) == 0 ? kPalette[random.below(kPalette.size())] : 'x';
        }
        Survey pieces;
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view piece = rest.substr(0, 1 + random.below(100));
            pieces.feed(piece);
            rest.remove_prefix(piece.size());
        }
        const Survey whole = survey(text);
        ASSERT_EQ(pieces.is_lines(), whole.is_lines());
        ASSERT_EQ(pieces.smallest(false), whole.smallest(false));
        ASSERT_EQ(pieces.identity(), whole.identity());
    }
}

}  // namespace
}  // namespace mime
