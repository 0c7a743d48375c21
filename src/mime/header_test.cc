// Header blocks: RFC 5322 2.2, A.6.3, and blocks that are broken.
#include "mime/header.h"

#include <gtest/gtest.h>

namespace mime {
namespace {

std::string dump(std::string_view block, std::uint32_t* defects = nullptr) {
    std::string text;
    FieldIterator fields(block);
    while (const auto field = fields.next()) {
        text += "[" + std::string(field->name) + "=" + unfold(field->body) + "]";
    }
    if (defects != nullptr) {
        *defects = fields.defects();
    }
    return text + "+" + std::to_string(block.size() - fields.position());
}

struct Row {
    std::string_view block;
    std::string_view expected;  // the fields, and how many octets are left behind the header
    std::uint32_t defects;
};

constexpr Row kRows[] = {
    {"", "+0", 0},
    {"\r\n", "+0", 0},
    {"\r\nbody", "+4", 0},
    {"A: b\r\n\r\nbody: x\r\n", "[A=b]+9", 0},
    {"A: b\r\nC: d\r\n", "[A=b][C=d]+0", 0},
    {"A: b", "[A=b]+0", 0},
    {"A:b\r\n c\r\n\td\r\n\r\n", "[A=b c\td]+0", 0},
    // A line of white space goes on with the field (obs-FWS).
    {"A: b\r\n \r\n c\r\nD: e\r\n\r\nx", "[A=b  c][D=e]+1", 0},
    {"A:\r\n\r\n", "[A=]+0", 0},
    {"A: b: c\r\n\r\n", "[A=b: c]+0", 0},
    // RFC 5322 A.6.3: white space before the colon.
    {"From  : John\r\n\r\n", "[From=John]+0", kHeaderSpaceInName},
    {"A: b\nC: d\n e\n\nbody", "[A=b][C=d e]+4", kHeaderBareLf},
    {" orphan\r\nA: b\r\n\r\n", "[A=b]+0", kHeaderOrphanFold},
    {"no colon\r\nA: b\r\n\r\n", "[A=b]+0", kHeaderNoColon},
    {"no colon\r\n folded: x\r\nA: b\r\n\r\n", "[A=b]+0", kHeaderBadName},
    {"From alice Thu Jan  1 00:00:00 1970\nA: b\n\n", "[A=b]+0", kHeaderBadName | kHeaderBareLf},
    {": empty\r\nA: b\r\n\r\n", "[A=b]+0", kHeaderBadName},
    {"A\u00f8: b\r\n\r\n", "[A\u00f8=b]+0", 0},
    {std::string_view("A: b\0c\r\n\r\n", 10), std::string_view("[A=b\0c]+0", 9), kHeaderNul},
    {"A: b\rc\r\n\r\n", "[A=bc]+0", 0},
};

TEST(HeaderTest, CutsBlocksIntoFields) {
    for (const Row& row : kRows) {
        std::uint32_t defects = 0;
        EXPECT_EQ(dump(row.block, &defects), row.expected) << row.block;
        EXPECT_EQ(defects, row.defects) << row.block;
    }
}

TEST(HeaderTest, FieldsPointIntoTheBlock) {
    const std::string_view block = "A: b\r\nSubject : x\r\n y\r\n\r\n";
    const auto field = find_field(block, "subject");
    ASSERT_TRUE(field);
    EXPECT_EQ(field->offset, 6U);
    EXPECT_EQ(field->name, "Subject");
    EXPECT_EQ(field->body, " x\r\n y");
    EXPECT_EQ(field->body.data(), block.data() + 15);
    EXPECT_FALSE(find_field(block, "sub"));
}

TEST(HeaderTest, Unfolds) {
    EXPECT_EQ(unfold(" a\r\n b\n\tc \r\n"), "a b\tc");
    EXPECT_EQ(unfold(""), "");
    EXPECT_EQ(unfold(" \r\n "), "");
}

TEST(HeaderTest, HugeBlocksAreReadInLinearTime) {
    for (const std::string_view unit : {" x\r\n", "A: b\r\n", "x\r\n", "A:\n \n", ":\n", "\r\r"}) {
        std::string block = "First: field\r\n";
        while (block.size() < 4'000'000) {
            block += unit;
        }
        FieldIterator fields(block);
        std::size_t count = 0;
        while (fields.next()) {
            ++count;
        }
        EXPECT_GE(count, 1U) << unit;
        EXPECT_EQ(fields.position(), block.size()) << unit;
    }
}

}  // namespace
}  // namespace mime
