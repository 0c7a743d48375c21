#include "base/deflate.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace base {
namespace {

using Flush = Deflater::Flush;

// Everything that `octets` hold, read in steps of `room` octets.
std::string inflate_all(Inflater& inflater, std::string_view octets, std::size_t room = 4096) {
    std::string text;
    std::string piece(room, '\0');
    while (true) {
        const auto done = inflater.step(octets, piece);
        EXPECT_TRUE(done.has_value());
        if (!done || (done->taken == 0 && done->made == 0)) {
            break;
        }
        octets.remove_prefix(done->taken);
        text.append(piece, 0, done->made);
    }
    EXPECT_TRUE(octets.empty() || inflater.ended());
    return text;
}

std::string long_text() {
    std::string text;
    for (int i = 0; i < 20'000; ++i) {
        text += std::to_string(i * i) + (i % 7 == 0 ? "\r\n" : " ");
    }
    return text;
}

TEST(Deflate, ComesBackInBothForms) {
    const std::string text = long_text();
    for (const DeflateForm form : {DeflateForm::kZlib, DeflateForm::kRaw}) {
        Deflater deflater(form, 6);
        std::string wire;
        deflater.feed(text, Flush::kEnd, wire);
        EXPECT_LT(wire.size(), text.size());
        for (const std::size_t room : {1U, 100U, 65536U}) {
            Inflater inflater(form);
            EXPECT_EQ(inflate_all(inflater, wire, room), text);
            EXPECT_TRUE(inflater.ended());
        }
    }
}

TEST(Deflate, WhatWasFlushedCanBeReadAndTheRestFollowsWhereverItIsCut) {
    Deflater deflater(DeflateForm::kRaw, 3);
    Inflater inflater(DeflateForm::kRaw);
    for (int i = 0; i < 300; ++i) {
        std::string wire;
        const std::string line = "a" + std::to_string(i) + " UID FETCH 1:* (FLAGS)\r\n";
        deflater.feed(line, Flush::kSync, wire);
        std::string text;
        for (const char octet : wire) {
            text += inflate_all(inflater, {&octet, 1});
        }
        EXPECT_EQ(text, line);
        EXPECT_TRUE(inflater.is_flushed());
    }
}

// Both sides may forget everything but what was said, and go on.
TEST(Deflate, GoesOnAfterItsMemoryWasGivenBack) {
    Inflater inflater(DeflateForm::kRaw);
    std::string history;
    for (int i = 0; i < 40; ++i) {
        Deflater deflater(DeflateForm::kRaw, 3);
        deflater.resume(history);
        const std::string line =
            "tag" + std::to_string(i) + " STATUS Lists/Lemonade (MESSAGES)\r\n";
        std::string wire;
        deflater.feed(line, Flush::kSync, wire);
        EXPECT_EQ(inflate_all(inflater, wire), line);
        EXPECT_TRUE(i == 0 || wire.size() < line.size() / 2) << wire.size();
        inflater.release();
        history += line;
    }
}

// As a phone's zlib sends it with Z_PARTIAL_FLUSH: a fixed block "x", then an empty one, of three and seven
// bits; what follows begins within an octet.
TEST(Deflate, IsReleasedWithinAnOctetToo) {
    const std::string block = std::string("010") + "10101000" + "0000000";
    const std::string empty = "0100000000";
    const std::string bits = block + empty + block + empty;
    std::string wire((bits.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < bits.size(); ++i) {
        wire[i / 8] = static_cast<char>(wire[i / 8] | ((bits[i] == '1' ? 1 : 0) << (i % 8)));
    }
    Inflater whole(DeflateForm::kRaw);
    const std::string expected = inflate_all(whole, wire);
    ASSERT_EQ(expected.size(), 2U);
    Inflater released(DeflateForm::kRaw);
    std::string text;
    for (const char octet : wire) {
        text += inflate_all(released, {&octet, 1});
        released.release();
    }
    EXPECT_EQ(text, expected);
}

TEST(Deflate, RefusesWhatIsNoStream) {
    std::array<char, 64> out{};
    Inflater raw(DeflateForm::kRaw);
    EXPECT_EQ(raw.step("\xff\xff\xff\xff", out).error().code, Errc::kSyntax);
    Inflater zlib(DeflateForm::kZlib);
    EXPECT_EQ(zlib.step("a LOGIN x y\r\n", out).error().code, Errc::kSyntax);
}

// A kilobyte of wire that means a megabyte comes a bufferful at a time.
TEST(Deflate, ABombComesInPieces) {
    Deflater deflater(DeflateForm::kRaw, 9);
    std::string wire;
    deflater.feed(std::string(std::size_t{1} << 20U, 'x'), Flush::kSync, wire);
    ASSERT_LT(wire.size(), 2048U);
    Inflater inflater(DeflateForm::kRaw);
    std::array<char, 1000> out{};
    const auto done = inflater.step(wire, out);
    ASSERT_TRUE(done.has_value());
    EXPECT_LE(done->made, out.size());
    EXPECT_EQ(done->made + inflate_all(inflater, std::string_view(wire).substr(done->taken)).size(),
              std::size_t{1} << 20U);
}

}  // namespace
}  // namespace base
