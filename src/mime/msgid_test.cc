// Message identifiers: RFC 5322 3.6.4 and A.2, A.6.3, and References as mail programs mangle them.
#include "mime/msgid.h"

#include <gtest/gtest.h>

namespace mime {
namespace {

std::string dump(std::string_view body) {
    std::string text;
    for (const std::string& id : parse_message_ids(body)) {
        text += "[" + id + "]";
    }
    return text;
}

struct Row {
    std::string_view body;
    std::string_view expected;
};

constexpr Row kRows[] = {
    {"<1234@local.machine.example>", "[1234@local.machine.example]"},
    {" <1234@local.machine.example> <3456@example.net>",
     "[1234@local.machine.example][3456@example.net]"},
    {"<1234@local.machine.example>\r\n <3456@example.net>\r\n",
     "[1234@local.machine.example][3456@example.net]"},
    {"<5678.21-Nov-1997@example.com>", "[5678.21-Nov-1997@example.com]"},
    {"<testabcd.1234@silly.test>", "[testabcd.1234@silly.test]"},
    // RFC 5322 A.6.3: the obsolete form with comments and white space inside.
    {"<1234   @   local(blah)  .machine .example>", "[1234@local.machine.example]"},
    {"<\"a b\"@x.test>", "[\"a b\"@x.test]"},
    {"<\"a>b\"@[1.2.3.4]>", "[\"a>b\"@[1.2.3.4]]"},
    {"<a@x.test><b@x.test>", "[a@x.test][b@x.test]"},
    {"<a@x.test>, <b@x.test>", "[a@x.test][b@x.test]"},
    {"(comment <c@x.test>) <a@x.test>", "[a@x.test]"},
    {"Your message of \"Mon <x@y>\" <a@x.test>", "[a@x.test]"},
    {"<a@x.\r\n test>", "[a@x.test]"},
    {"<a@x.test", "[a@x.test]"},
    {"<a@x.test <b@x.test>", "[a@x.test][b@x.test]"},
    {"a@x.test", "[a@x.test]"},
    {" a@x.test b@x.test ", "[a@x.test][b@x.test]"},
    {"a@x.test,b@x.test", "[a@x.test][b@x.test]"},
    {"<no-at-sign>", "[no-at-sign]"},
    {"<>", ""},
    {"", ""},
    {"< >", ""},
    {"\"open <a@x.test>", "[a@x.test]"},
    {"(open <a@x.test>", "[a@x.test]"},
};

TEST(MessageIdTest, ReadsLists) {
    for (const Row& row : kRows) {
        EXPECT_EQ(dump(row.body), row.expected) << row.body;
    }
}

TEST(MessageIdTest, ReadsOne) {
    EXPECT_EQ(parse_message_id("<a@x.test>"), "a@x.test");
    EXPECT_EQ(parse_message_id("(only a comment)"), std::nullopt);
}

TEST(MessageIdTest, KeepsTheFirstAndTheLast) {
    const auto ids = parse_message_ids("<1@x> <2@x> <3@x> <4@x> <5@x>", 3);
    EXPECT_EQ(ids, (std::vector<std::string>{"1@x", "4@x", "5@x"}));
    EXPECT_EQ(parse_message_ids("<1@x> <2@x>", 1), (std::vector<std::string>{"1@x"}));
    EXPECT_TRUE(parse_message_ids("<1@x> <2@x>", 0).empty());
}

TEST(MessageIdTest, HostileBodiesAreReadInLinearTime) {
    for (const std::string_view unit : {"<", "<a", "(", "\"", "<\"", "[", "<[", "a ", "\\"}) {
        std::string body;
        while (body.size() < 1'000'000) {
            body += unit;
        }
        EXPECT_LE(parse_message_ids(body).size(), 1000U) << unit;
    }
}

}  // namespace
}  // namespace mime
