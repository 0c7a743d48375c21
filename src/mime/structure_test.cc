// The packed structure: damage is found, never followed.
#include "mime/structure.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "mime/packed_structure.h"
#include "mime/parser.h"

namespace mime {
namespace {

constexpr std::string_view kMessage =
    "From: alice@crepes.example\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%e2%82%ac\r\n\r\nx\n\r\n--b\r\n"
    "Content-Language: de\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\xff\r\n";

TEST(StructureTest, PacksToFewOctets) {
    const Structure structure = parse(kMessage);
    const std::string packed = pack(structure);
    EXPECT_EQ(packed.front(), '\x02');
    EXPECT_LT(packed.size(), 250U);
    EXPECT_EQ(unpack(packed).value(), structure);
    EXPECT_EQ(structure.parts[1].disposition->parameters.get("filename"), "€");
}

TEST(StructureTest, RefusesWhatItDidNotPack) {
    const std::string packed = pack(parse(kMessage));
    EXPECT_FALSE(unpack(""));
    EXPECT_FALSE(unpack("\x03" + packed.substr(1)));
    EXPECT_FALSE(unpack(packed + "x"));
    for (std::size_t octets = 0; octets < packed.size(); ++octets) {
        EXPECT_FALSE(unpack(packed.substr(0, octets))) << octets;
    }
}

// The second version, which is for parameters whose value would be written otherwise.
TEST(StructureTest, KeepsHowParametersStood) {
    const std::string packed =
        pack(parse("Content-Type: image/png; name*=utf-8''%c3%b6; x*=utf-8''%C3%B6\r\n"
                   "Content-Disposition: inline; filename*=iso-8859-1'de'%f6\r\n\r\nx\r\n"));
    EXPECT_EQ(packed.front(), '\x02');
    const Structure structure = unpack(packed).value();
    EXPECT_EQ(structure.root().type.parameters.list.at(0).written, "utf-8''%c3%b6");
    EXPECT_EQ(structure.root().type.parameters.list.at(1).written, "");
    EXPECT_EQ(structure.root().disposition->parameters.list.at(0).written, "iso-8859-1'de'%f6");
    EXPECT_EQ(pack(structure), packed);
    EXPECT_FALSE(unpack("\x01" + packed.substr(1)));
    for (std::size_t octets = 0; octets < packed.size(); ++octets) {
        EXPECT_FALSE(unpack(packed.substr(0, octets))) << octets;
    }
    const std::string plain = pack(parse("Content-Type: image/png; name*=utf-8''%C3%B6\r\n\r\n"));
    EXPECT_EQ(plain.front(), '\x01');
    EXPECT_FALSE(packed_is_ascii("\x02"));
}

TEST(StructureTest, TellsAsciiWithoutUnpacking) {
    EXPECT_TRUE(packed_is_ascii(pack(parse("A: b\r\n\r\nc\r\n"))));
    EXPECT_FALSE(packed_is_ascii(pack(parse("A: \xc3\xb6\r\n\r\nc\r\n"))));
    EXPECT_FALSE(packed_is_ascii(pack(parse("A: b\r\n\r\n\xc3\xb6\r\n"))));
    const std::string packed =
        pack(parse("Content-Type: message/rfc822\r\n\r\nSubject: \xc3\xb6\r\n\r\nplain\r\n"));
    EXPECT_FALSE(packed_is_ascii(packed));
    EXPECT_FALSE(packed_is_ascii(""));
    EXPECT_FALSE(packed_is_ascii("\x03" + packed.substr(1)));
    EXPECT_FALSE(packed_is_ascii(packed.substr(0, 4)));
}

TEST(StructureTest, SurvivesDamage) {
    const std::string packed = pack(parse(kMessage));
    base::SeededRandom random(5);
    std::size_t refused = 0;
    for (int round = 0; round < 20000; ++round) {
        std::string damaged = packed;
        for (std::uint64_t times = 1 + random.below(3); times > 0; --times) {
            damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
        }
        const auto structure = unpack(damaged);
        if (!structure) {
            EXPECT_EQ(structure.error().code, base::Errc::kCorrupt);
            ++refused;
        }
    }
    EXPECT_GT(refused, 1000U);
}

TEST(StructureTest, CutsSlicesToTheMessage) {
    EXPECT_EQ(slice("abc", 1, 2), "b");
    EXPECT_EQ(slice("abc", 1, 9), "bc");
    EXPECT_EQ(slice("abc", 5, 9), "");
    EXPECT_EQ(slice("abc", 2, 1), "");
}

TEST(StructureTest, NamesEveryDefect) {
    for (int kind = 0; kind < kDefectKinds; ++kind) {
        EXPECT_FALSE(defect_name(static_cast<DefectKind>(kind)).empty());
    }
}

}  // namespace
}  // namespace mime
