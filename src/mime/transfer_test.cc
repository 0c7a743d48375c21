// Transfer encodings: RFC 2045 6.7 and 6.8, RFC 4648 10, uuencode, damage, pieces of every size.
#include "mime/transfer.h"

#include <gtest/gtest.h>

#include <span>
#include <vector>

#include "base/ascii.h"

namespace mime {
namespace {

std::string decode_in_pieces(Encoding encoding, std::string_view text, std::size_t piece) {
    std::string out;
    TransferDecoder decoder(encoding);
    for (std::size_t at = 0; at < text.size(); at += piece) {
        decoder.feed(text.substr(at, piece), out);
    }
    decoder.finish(out);
    return out;
}

std::string encode_in_pieces(Encoding encoding, std::string_view octets, std::size_t piece) {
    std::string out;
    TransferEncoder encoder(encoding);
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        encoder.feed(octets.substr(at, piece), out);
    }
    encoder.finish(out);
    return out;
}

struct Row {
    std::string_view text;
    std::string_view expected;
    std::uint64_t damage = 0;
};

void expect_rows(Encoding encoding, std::span<const Row> rows) {
    for (const Row& row : rows) {
        std::string out;
        TransferDecoder decoder(encoding);
        decoder.feed(row.text, out);
        decoder.finish(out);
        EXPECT_EQ(out, row.expected) << row.text;
        EXPECT_EQ(decoder.damage(), row.damage) << row.text;
        for (const std::size_t piece : {1, 2, 3, 5, 7}) {
            EXPECT_EQ(decode_in_pieces(encoding, row.text, piece), row.expected) << row.text;
        }
    }
}

constexpr Row kBase64[] = {
    // RFC 4648 10.
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    // The course's three octets: 11001100 10000001 00111001.
    {"zIE5", "\xcc\x81\x39"},
    {"Zm9v\r\nYmFy\r\n", "foobar"},
    {" Z m\t9 v\n", "foo"},
    // Padding missing, too much, inside; joined pieces.
    {"Zg", "f"},
    {"Zm8", "fo"},
    {"Zg=", "f"},
    {"Zg===", "f"},
    {"Zg==Zm8=Zm9v", "ffofoo"},
    {"=Zm9v", "foo"},
    {"Z", "", 1},
    {"Zm9vZ", "foo", 1},
    {"Zm9v!YmFy*", "foobar", 2},
    {"Zm9v\xff\x80YmFy", "foobar", 2},
};

TEST(TransferTest, DecodesBase64) {
    expect_rows(Encoding::kBase64, kBase64);
}

constexpr Row kQuotedPrintable[] = {
    {"", ""},
    {"plain", "plain"},
    // RFC 2045 6.7: the example of soft line breaks.
    {"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
     "Now's the time for all folk to come to the aid of their country."},
    {"If you believe that truth=3Dbeauty, then surely=20=\r\nmathematics",
     "If you believe that truth=beauty, then surely mathematics"},
    {"=9D", "\x9d"},
    {"=e4=F6", "\xe4\xf6"},
    {"a=0D=0Ab", "a\r\nb"},
    {"line\r\nline\r\n", "line\r\nline\r\n"},
    {"line\nline\n", "line\nline\n"},
    // White space at the end of a line was added on the way (rule 3).
    {"a \t \r\nb", "a\r\nb"},
    {"a \nb ", "a\nb"},
    {"a=20 \r\nb", "a \r\nb"},
    {"a= \t\r\nb", "ab"},
    {"a=\nb", "ab"},
    {"a=", "a"},
    {"a=\r", "a"},
    {"a= ", "a"},
    {" \r\n", "\r\n"},
    {"a b\rc", "a b\rc"},
    {"a \rb", "a \rb"},
    {"a\r", "a\r"},
    {"a \r\r\n", "a \r\r\n"},
    // Damage stays as it is.
    {"a=zb", "a=zb", 1},
    {"a=4", "a=4", 1},
    {"a=4z", "a=4z", 1},
    {"a==41", "a=A", 1},
    {"a= b", "a= b", 1},
    {"a=\rb", "a=\rb", 1},
    {"a\xc3\xb8", "a\xc3\xb8"},
};

TEST(TransferTest, DecodesQuotedPrintable) {
    expect_rows(Encoding::kQuotedPrintable, kQuotedPrintable);
}

constexpr Row kUuencode[] = {
    {"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n", "Cat"},
    {"begin 644 cat.txt\n#0V%T\n`\nend\nbehind\n", "Cat"},
    {"text before\nbegin 644 x\n#0V%T\nend", "Cat"},
    {"begin 644 x\n#0V%T", "Cat"},
    {"begin 644 x\n$0V%T\nend\n", "Cat", 1},
    {"nothing here\n", ""},
    {"begin 644 x\n\n#0V%T\nend\n", "Cat"},
};

TEST(TransferTest, DecodesUuencode) {
    expect_rows(Encoding::kUuencode, kUuencode);
}

TEST(TransferTest, HandsOtherEncodingsOn) {
    const std::string_view text = "=ybegin line=128 size=3\r\n\xff\x00 \r\n";
    for (const Encoding encoding :
         {Encoding::k7bit, Encoding::k8bit, Encoding::kBinary, Encoding::kOther}) {
        EXPECT_EQ(decode(encoding, text), text);
        EXPECT_EQ(encode(encoding, text), text);
    }
}

TEST(TransferTest, NamesEncodings) {
    EXPECT_EQ(parse_encoding("BASE64"), Encoding::kBase64);
    EXPECT_EQ(parse_encoding(" quoted-printable (yes)"), Encoding::kQuotedPrintable);
    EXPECT_EQ(parse_encoding("(a)7bit;"), Encoding::k7bit);
    EXPECT_EQ(parse_encoding("\"8bit\""), Encoding::k8bit);
    EXPECT_EQ(parse_encoding("x-uuencode"), Encoding::kUuencode);
    EXPECT_EQ(parse_encoding("x-yenc"), Encoding::kOther);
    EXPECT_EQ(parse_encoding(""), Encoding::k7bit);
    for (const Encoding encoding : {Encoding::k7bit,
                                    Encoding::k8bit,
                                    Encoding::kBinary,
                                    Encoding::kQuotedPrintable,
                                    Encoding::kBase64,
                                    Encoding::kUuencode}) {
        EXPECT_EQ(parse_encoding(encoding_name(encoding)), encoding);
    }
}

TEST(TransferTest, WritesBase64Lines) {
    EXPECT_EQ(encode(Encoding::kBase64, ""), "");
    EXPECT_EQ(encode(Encoding::kBase64, "\xcc\x81\x39"), "zIE5\r\n");
    EXPECT_EQ(encode(Encoding::kBase64, "f"), "Zg==\r\n");
    const std::string text = encode(Encoding::kBase64, std::string(58, 'x'));
    EXPECT_EQ(text.size(), 76U + 2 + 4 + 2);
    EXPECT_EQ(text.substr(76), "\r\neA==\r\n");
}

TEST(TransferTest, WritesQuotedPrintable) {
    EXPECT_EQ(encode(Encoding::kQuotedPrintable, "truth=beauty\r\n"), "truth=3Dbeauty\r\n");
    EXPECT_EQ(encode(Encoding::kQuotedPrintable, "a \r\nb\t\r\n"), "a=20\r\nb=09\r\n");
    EXPECT_EQ(encode(Encoding::kQuotedPrintable, "a "), "a=20");
    EXPECT_EQ(encode(Encoding::kQuotedPrintable, "\xe4\x80"), "=E4=80");
    EXPECT_EQ(encode(Encoding::kQuotedPrintable, "a\nb\rc"), "a=0Ab=0Dc");
    EXPECT_EQ(encode(Encoding::kQuotedPrintable, "From here\r\n.\r\n..\r\n"),
              "=46rom here\r\n=2E\r\n=2E.\r\n");
    const std::string wrapped = encode(Encoding::kQuotedPrintable, std::string(100, 'x'));
    EXPECT_EQ(wrapped, std::string(75, 'x') + "=\r\n" + std::string(25, 'x'));
}

// A deterministic stream of octets; `mask` limits them to interesting ones.
std::string noise(std::size_t size, std::string_view alphabet) {
    std::string octets;
    std::uint32_t state = 12345;
    for (std::size_t i = 0; i < size; ++i) {
        state = state * 1664525U + 1013904223U;
        const std::uint32_t pick = state >> 16U;
        octets += alphabet.empty() ? static_cast<char>(pick) : alphabet[pick % alphabet.size()];
    }
    return octets;
}

TEST(TransferTest, GivesBackEveryOctet) {
    for (const std::string_view alphabet : {"", "ab \t\r\n=.", "From \r\n", "abcdefgh "}) {
        for (const std::size_t size : {0, 1, 2, 3, 56, 57, 58, 75, 76, 77, 114, 1000, 5000}) {
            const std::string octets = noise(size, alphabet);
            for (const Encoding encoding : {Encoding::kBase64, Encoding::kQuotedPrintable}) {
                const std::string text = encode(encoding, octets);
                EXPECT_EQ(decode(encoding, text), octets);
                EXPECT_TRUE(base::is_ascii(text));
                for (std::string_view rest = text; !rest.empty();) {
                    EXPECT_LE(base::split_front(rest, '\n').size(), 77U);
                }
                for (const std::size_t piece : {1, 3, 57, 100}) {
                    EXPECT_EQ(encode_in_pieces(encoding, octets, piece), text);
                    EXPECT_EQ(decode_in_pieces(encoding, text, piece), octets);
                }
            }
        }
    }
}

TEST(TransferTest, EndlessWhiteSpaceIsNotHeldBack) {
    const std::string spaces(3000, ' ');
    const std::string expected(2002, ' ');
    for (const std::string& text : {spaces + "\r\n", spaces + "\n", spaces}) {
        const std::string whole = decode(Encoding::kQuotedPrintable, text);
        EXPECT_EQ(whole.substr(0, 2002), expected);
        EXPECT_EQ(whole.size(), 2002 + text.size() - 3000);
        EXPECT_EQ(decode_in_pieces(Encoding::kQuotedPrintable, text, 1), whole);
        EXPECT_EQ(decode_in_pieces(Encoding::kQuotedPrintable, text, 999), whole);
    }
    for (const std::string& text : {"=" + spaces + "\r\n",
                                    "=" + std::string(997, ' ') + "\r\n",
                                    "=" + std::string(998, ' ') + "\r\n",
                                    "=" + std::string(999, ' ') + "\r\n"}) {
        const std::string whole = decode(Encoding::kQuotedPrintable, text);
        EXPECT_EQ(decode_in_pieces(Encoding::kQuotedPrintable, text, 1), whole);
        EXPECT_EQ(decode_in_pieces(Encoding::kQuotedPrintable, text, 998), whole);
    }
}

std::vector<base64::Loop> loops() {
    std::vector<base64::Loop> loops = {
        base64::Loop::kGroups, base64::Loop::kOctets16, base64::Loop::kAvx2, base64::Loop::kAvx512};
    std::erase_if(loops, [](base64::Loop loop) { return !base64::has_loop(loop); });
    return loops;
}

// All loops read `text` alike.
void expect_same_decoding(const std::string& text) {
    base64::Group simple;
    std::string simple_out = "x";
    base64::decode_simple(text, simple, simple_out);
    for (const base64::Loop loop : loops()) {
        base64::Group group;
        std::string out = "x";
        base64::decode(text, group, out, loop);
        ASSERT_EQ(out, simple_out) << text;
        ASSERT_EQ(group, simple) << text;
    }
}

// The fast loops against the ones that define what is right.
TEST(TransferTest, FastBase64IsTheSimpleOne) {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::string many = alphabet + alphabet + alphabet;
    for (const char* extra : {"", "=", "\r\n", "\xff!\x80 "}) {
        for (std::size_t size = 0; size < 400; ++size) {
            expect_same_decoding(noise(size, many + extra));
        }
    }
    for (std::size_t size = 0; size < 400; ++size) {
        std::string simple_lines;
        base64::encode_lines_simple(noise(size, ""), simple_lines);
        for (const base64::Loop loop : loops()) {
            std::string fast_lines;
            base64::encode_lines(noise(size, ""), fast_lines, loop);
            ASSERT_EQ(fast_lines, simple_lines) << size << " " << base64::loop_name(loop);
        }
        expect_same_decoding(simple_lines);
    }
    const std::string lines = encode(Encoding::kBase64, noise(300, ""));
    for (std::size_t at = 0; at < lines.size(); ++at) {
        for (const char* damage : {"", "!", "=", "\n", "\xff", "AB"}) {
            std::string damaged = lines;
            expect_same_decoding(damaged.replace(at, 1, damage));
        }
    }
    for (int octet = 0; octet < 256; ++octet) {
        std::string text(96, 'A');
        text[40] = static_cast<char>(octet);
        expect_same_decoding(text);
    }
}

}  // namespace
}  // namespace mime
