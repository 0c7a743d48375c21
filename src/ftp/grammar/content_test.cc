// Every type, structure and mode: what goes over the wire as the RFC draws it, and back whole wherever it
// is cut.
#include "ftp/grammar/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ftp/grammar/ebcdic.h"

namespace ftp {
namespace {

using std::string_literals::operator""s;

std::string encode(Representation representation, std::string_view octets, std::size_t cut = 1000) {
    ContentEncoder encoder(representation);
    std::string out;
    while (!octets.empty()) {
        encoder.feed(octets.substr(0, cut), out);
        octets.remove_prefix(std::min(cut, octets.size()));
    }
    encoder.finish(out);
    return out;
}

std::string decode(Representation representation, std::string_view octets, std::size_t cut = 1000) {
    ContentDecoder decoder(representation);
    std::string out;
    while (!octets.empty() && !decoder.ended()) {
        const auto taken = decoder.feed(octets.substr(0, cut), out);
        if (!taken) {
            return "error: " + taken.error().text;
        }
        octets.remove_prefix(*taken);
    }
    const auto finished = decoder.finish(out);
    return finished ? out : "cut";
}

Representation of(Type type, Structure structure, Mode mode) {
    return {.type = type, .form = Form::kNonPrint, .structure = structure, .mode = mode};
}

TEST(ContentTest, AsciiLines) {
    const Representation ascii;
    EXPECT_EQ(encode(ascii, "a\nb\r\nc\rd", 1), "a\r\nb\r\r\nc\rd");
    EXPECT_EQ(decode(ascii, "a\r\nb\nc\rd\r\r\ne\r", 1), "a\nb\nc\rd\r\ne\r");
}

TEST(ContentTest, Ebcdic) {
    const auto ebcdic = of(Type::kEbcdic, Structure::kFile, Mode::kStream);
    EXPECT_EQ(encode(ebcdic, "Hi 1\n"), "\xc8\x89\x40\xf1\x15");
    EXPECT_EQ(decode(ebcdic, "\xc8\x89\x40\xf1\x15"), "Hi 1\n");
}

TEST(ContentTest, RecordsInStreamMode) {
    const auto records = of(Type::kAscii, Structure::kRecord, Mode::kStream);
    EXPECT_EQ(encode(records, "one\n\xff\n\nlast"),
              "one\xff\x01\xff\xff\xff\x01\xff\x01last\xff\x01\xff\x02");
    EXPECT_EQ(decode(records, "one\xff\x01\xff\xff\xff\x01\xff\x01last\xff\x03", 1),
              "one\n\xff\n\nlast\n");
    // RFC 959 3.4 wants the last mark too; without it a line without LF is what was meant.
    EXPECT_EQ(decode(records, "one\xff\x01last\xff\x02"), "one\nlast");
    EXPECT_EQ(decode(records, "one\xff\x04"), "error: an unknown control code between records");
    EXPECT_EQ(decode(records, "one\xff"), "cut");
}

TEST(ContentTest, Blocks) {
    const auto block = of(Type::kImage, Structure::kFile, Mode::kBlock);
    EXPECT_EQ(encode(block, "abc"), "\0\0\3abc\x40\0\0"s);
    EXPECT_EQ(decode(block, "\0\0\2ab\x40\0\1c"s, 1), "abc");
    EXPECT_EQ(decode(block, "\0\0\2ab"s), "cut");
    EXPECT_EQ(decode(block, "\1\0\2ab"s), "error: an unknown descriptor code before a block");
    const auto records = of(Type::kEbcdic, Structure::kRecord, Mode::kBlock);
    EXPECT_EQ(encode(records, "A\n"), "\0\0\1\xc1\x80\0\0\x40\0\0"s);
}

TEST(ContentTest, Markers) {
    for (const Mode mode : {Mode::kBlock, Mode::kCompressed}) {
        const auto representation = of(Type::kImage, Structure::kFile, mode);
        ContentEncoder encoder(representation);
        std::string out;
        encoder.feed("12345", out);
        encoder.marker("5", out);
        encoder.feed("678", out);
        encoder.finish(out);
        ContentDecoder decoder(representation);
        std::string back;
        ASSERT_EQ(decoder.feed(out, back).value(), out.size());
        EXPECT_EQ(back, "12345678");
        const auto markers = decoder.take_markers();
        ASSERT_EQ(markers.size(), 1);
        EXPECT_EQ(markers[0].text, "5");
        EXPECT_EQ(markers[0].octets, 5);
    }
}

TEST(ContentTest, Compressed) {
    const auto compressed = of(Type::kImage, Structure::kFile, Mode::kCompressed);
    EXPECT_EQ(encode(compressed, "abxxxx\0\0\0c"s), "\2ab\x84x\xc3\1c\0\x40\xc0"s);
    EXPECT_EQ(decode(compressed, "\2ab\x84x\xc3\1c\0\x40\xc0"s, 1), "abxxxx\0\0\0c"s);
    EXPECT_EQ(decode(compressed, "\0\x40\3abc"s, 1), "abc");
    EXPECT_EQ(decode(compressed, "\3abc"s), "cut");
    EXPECT_EQ(decode(compressed, "\0\0"s), "error: an unknown descriptor code");
    const auto text = of(Type::kAscii, Structure::kFile, Mode::kCompressed);
    EXPECT_EQ(encode(text, "a    \n"), "\1a\xc4\2\r\n\0\x40\xc0"s);
}

TEST(ContentTest, Pages) {
    const auto pages = of(Type::kImage, Structure::kPage, Mode::kStream);
    EXPECT_EQ(encode(pages, "abc"), "\4\0\3\1abc\4\1\0\0"s);
    EXPECT_EQ(decode(pages, "\4\0\2\2xx\5\1\1\1\7a\4\2\0\0"s, 1), "a");
    EXPECT_EQ(decode(pages, "\4\0\3\1abc"s), "cut");
    EXPECT_EQ(decode(pages, "\3\0\0\0"s), "error: a page's header is none of RFC 959 3.1.2.3");
    EXPECT_EQ(decode(pages, "\4\0\1\4"s), "error: a page's header is none of RFC 959 3.1.2.3");
}

TEST(ContentTest, Deflate) {
    const auto deflate = of(Type::kImage, Structure::kFile, Mode::kDeflate);
    const std::string plain(100'000, 'x');
    const std::string wire = encode(deflate, plain);
    EXPECT_LT(wire.size(), 1000);
    EXPECT_EQ(decode(deflate, wire, 1), plain);
    EXPECT_EQ(decode(deflate, wire.substr(0, wire.size() - 1)), "cut");
    EXPECT_EQ(decode(deflate, "plain text"), "error: no DEFLATE stream");
}

TEST(ContentTest, EverythingComesBackWhereverItIsCut) {
    const std::string lines = "one\n\n \xff\xff\x01 two\r\r\nxxxxxxxxxxxxxxx\0\0\0\0\n      \n"s +
                              std::string(700, 'y') + "\n";
    for (const Type type : {Type::kAscii, Type::kEbcdic, Type::kImage, Type::kLocal8}) {
        for (const Structure structure : {Structure::kFile, Structure::kRecord, Structure::kPage}) {
            for (const Mode mode :
                 {Mode::kStream, Mode::kBlock, Mode::kCompressed, Mode::kDeflate}) {
                const auto representation = of(type, structure, mode);
                const std::string wire = encode(representation, lines);
                for (const std::size_t cut : {1U, 2U, 3U, 254U}) {
                    EXPECT_EQ(decode(representation, wire, cut), lines)
                        << type_name(representation) << structure_letter(structure)
                        << mode_letter(mode) << cut;
                    EXPECT_EQ(decode(representation, encode(representation, lines, cut)), lines);
                }
                EXPECT_EQ(decode(representation, encode(representation, "")), "");
            }
        }
    }
}

}  // namespace
}  // namespace ftp
