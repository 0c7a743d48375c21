// Received and Keywords: RFC 5321 4.4 and RFC 5322 A.4, the forms of the servers of the world.
#include "mime/received.h"

#include <gtest/gtest.h>

#include "mime/keywords.h"

namespace mime {
namespace {

std::string dump(std::string_view body) {
    const Received received = parse_received(body);
    std::string text;
    const auto add = [&text](std::string_view name, const std::string& value) {
        if (!value.empty()) {
            text += (text.empty() ? "" : " | ") + std::string(name) + "=" + value;
        }
    };
    add("from", received.from);
    add("address", received.from_address);
    add("by", received.by);
    add("via", received.via);
    add("with", received.with);
    add("id", received.id);
    add("for", received.for_address);
    add("date",
        received.date ? format_date(received.date->time, received.date->offset_minutes) : "");
    return text;
}

struct Row {
    std::string_view body;
    std::string_view expected;
};

constexpr Row kRows[] = {
    // RFC 5322 A.4.
    {"from x.y.test\r\n   by example.net\r\n   via TCP\r\n   with ESMTP\r\n   id ABC12345\r\n"
     "   for <mary@example.net>;  21 Nov 1997 10:05:43 -0600",
     "from=x.y.test | by=example.net | via=TCP | with=ESMTP | id=ABC12345 | for=mary@example.net | "
     "date=Fri, 21 Nov 1997 10:05:43 -0600"},
    {"from machine.example by x.y.test; 21 Nov 1997 10:01:22 -0600",
     "from=machine.example | by=x.y.test | date=Fri, 21 Nov 1997 10:01:22 -0600"},
    // Where the client's address stands.
    {"from a.test (b.test [192.0.2.1]) by c.test", "from=a.test | address=192.0.2.1 | by=c.test"},
    {"from a.test (b.test. [IPv6:2001:db8::1]) by c.test",
     "from=a.test | address=2001:db8::1 | by=c.test"},
    {"from [192.0.2.1] (HELO [10.0.0.1]) by c.test", "from=192.0.2.1 | by=c.test"},
    {"from [192.0.2.1]:4711 by c.test", "from=192.0.2.1 | by=c.test"},
    {"from a.test (192.0.2.1:4711) by c.test", "from=a.test | address=192.0.2.1 | by=c.test"},
    {"from a.test (10-0-0-1.b.test [192.0.2.1]) by c.test (10.0.0.2)",
     "from=a.test | address=192.0.2.1 | by=c.test"},
    {"from a.test (1.2.3.4.5) by c.test", "from=a.test | address=1.2.3.4 | by=c.test"},
    {"from a.test (256.2.3.4) by c.test", "from=a.test | by=c.test"},
    {"from a.test (qmail alice@192.0.2.1) by c.test",
     "from=a.test | address=192.0.2.1 | by=c.test"},
    {"from a.test [192.0.2.1] by c.test", "from=a.test | address=192.0.2.1 | by=c.test"},
    {"(from alice@localhost) by c.test (8.12/Submit) id 1",
     "from=alice@localhost | by=c.test | id=1"},
    // Several words, any order, any case, twice.
    {"by c.test with Microsoft SMTP Server (x) id <1/2> FROM a.test by d.test",
     "from=a.test | by=c.test | with=Microsoft SMTP Server | id=1/2"},
    {"(qmail 1 invoked from network); 13 Feb 2003 20:59:28 -0000",
     "date=Thu, 13 Feb 2003 20:59:28 +0000"},
    {"", ""},
    {"from", ""},
    {"from ;", ""},
    {"((((", ""},
    {"from a.test (open by c.test", "from=a.test | by=c.test"},
};

TEST(ReceivedTest, ReadsHops) {
    for (const Row& row : kRows) {
        EXPECT_EQ(dump(row.body), row.expected) << row.body;
    }
}

TEST(ReceivedTest, HostileBodiesAreReadInLinearTime) {
    for (const std::string_view unit :
         {"(", "from ", "from (1.2.3", "with a ", "(1:", "[", "<", ";"}) {
        std::string body = "from ";
        while (body.size() < 1'000'000) {
            body += unit;
        }
        EXPECT_LE(parse_received(body).with.size(), body.size()) << unit;
    }
}

TEST(KeywordsTest, ReadsPhrasesBetweenCommas) {
    using List = std::vector<std::string>;
    EXPECT_EQ(parse_keywords("one, two words,\r\n three"), (List{"one", "two words", "three"}));
    EXPECT_EQ(parse_keywords("\"a, b\", c (d, e), ,"), (List{"a, b", "c"}));
    EXPECT_EQ(parse_keywords("=?utf-8?q?J=C3=B8rn,_x?=, y"), (List{"J\u00f8rn, x", "y"}));
    EXPECT_EQ(parse_keywords("en, de-AT"), (List{"en", "de-AT"}));
    EXPECT_EQ(parse_keywords(""), List{});
    EXPECT_EQ(parse_keywords("a,b,c", 2), (List{"a", "b"}));
}

}  // namespace
}  // namespace mime
