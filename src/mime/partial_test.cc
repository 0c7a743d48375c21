// Fragments: the example of RFC 2046 5.2.2.2, sets that are not whole, and a message cut anywhere.
#include "mime/partial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mime/parser.h"

namespace mime {
namespace {

using testing::ElementsAre;

std::string crlf(std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\r\n");
    }
    return text;
}

// RFC 2046 5.2.2.2.
TEST(PartialTest, JoinsTheExampleOfRfc2046) {
    const std::string first = crlf(
        "X-Weird-Header-1: Foo\nFrom: Bill@host.com\nTo: joe@otherhost.com\n"
        "Date: Fri, 26 Mar 1993 12:59:38 -0500 (EST)\nSubject: Audio mail (part 1 of 2)\n"
        "Message-ID: <id1@host.com>\nMIME-Version: 1.0\n"
        "Content-type: message/partial; id=\"ABC@host.com\";\n              number=1; total=2\n\n"
        "X-Weird-Header-1: Bar\nX-Weird-Header-2: Hello\nMessage-ID: <anotherid@foo.com>\n"
        "Subject: Audio mail\nMIME-Version: 1.0\nContent-type: audio/basic\n"
        "Content-transfer-encoding: base64\n\nfirst half\n");
    const std::string second = crlf(
        "From: Bill@host.com\nTo: joe@otherhost.com\nDate: Fri, 26 Mar 1993 12:59:38 -0500 (EST)\n"
        "Subject: Audio mail (part 2 of 2)\nMIME-Version: 1.0\nMessage-ID: <id2@host.com>\n"
        "Content-type: message/partial;\n              id=\"ABC@host.com\"; number=2; total=2\n\n"
        "second half\n");
    const std::string whole = crlf(
        "X-Weird-Header-1: Foo\nFrom: Bill@host.com\nTo: joe@otherhost.com\n"
        "Date: Fri, 26 Mar 1993 12:59:38 -0500 (EST)\nMessage-ID: <anotherid@foo.com>\n"
        "Subject: Audio mail\nMIME-Version: 1.0\nContent-type: audio/basic\n"
        "Content-transfer-encoding: base64\n\nfirst half\nsecond half\n");
    EXPECT_EQ(join_fragments({first, second}).value(), whole);
    EXPECT_EQ(join_fragments({second, first}).value(), whole);
    EXPECT_EQ(join_fragments({second, first, second, first}).value(), whole);
    EXPECT_EQ(join_fragments({second}).error().code, base::Errc::kNotFound);
    EXPECT_EQ(join_fragments({first, whole}).error().code, base::Errc::kInvalid);
    EXPECT_EQ(join_fragments({}).error().code, base::Errc::kNotFound);
}

struct Row {
    std::string_view type;
    std::optional<Fragment> fragment;
};

TEST(PartialTest, ReadsWhatAFragmentSays) {
    const auto read = [](std::string_view type) {
        return fragment_of(parse("Content-Type: " + std::string(type) + "\r\n\r\nxx"));
    };
    const auto full = read("message/partial; id=a; number=2; total=3");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->id + std::to_string(full->number) + std::to_string(full->total), "a23");
    EXPECT_EQ(full->body.end - full->body.begin, 2U);
    EXPECT_EQ(read("Message/PARTIAL; ID=a; Number=1")->total, 0U);
    for (const char* bad : {"message/partial; number=1; total=2",
                            "message/partial; id=a",
                            "message/partial; id=a; number=0",
                            "message/partial; id=a; number=4000000000",
                            "message/partial; id=a; number=x",
                            "message/rfc822; id=a; number=1"}) {
        EXPECT_FALSE(read(bad)) << bad;
    }
}

TEST(PartialTest, KnowsWhetherAllAreThere) {
    const auto fragment = [](std::uint32_t number, std::uint32_t total) {
        return Fragment{"a", number, total, {}};
    };
    EXPECT_THAT(order_fragments({fragment(3, 3), fragment(1, 0), fragment(2, 0)}).value(),
                ElementsAre(1, 2, 0));
    EXPECT_THAT(order_fragments({fragment(1, 1), fragment(7, 0), fragment(1, 1)}).value(),
                ElementsAre(0));
    EXPECT_EQ(order_fragments({fragment(1, 0)}).error().code, base::Errc::kNotFound);
    EXPECT_EQ(order_fragments({fragment(1, 3), fragment(3, 3)}).error().code,
              base::Errc::kNotFound);
    EXPECT_EQ(order_fragments({fragment(1, 2), Fragment{"b", 2, 2, {}}}).error().code,
              base::Errc::kInvalid);
}

TEST(PartialTest, JoinsAMessageCutAnywhere) {
    const std::string inner = "Subject: s\r\nMIME-Version: 1.0\r\n\r\n";
    const std::string body = "one\r\ntwo\r\n\r\nthree";
    const auto piece = [](int number, std::string_view octets) {
        return "To: x@y.test\r\nContent-Type: message/partial; id=a; total=2; number=" +
               std::to_string(number) + "\r\n\r\n" + std::string(octets);
    };
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        const std::string_view all = body;
        EXPECT_EQ(join_fragments({piece(1, inner + body.substr(0, cut)), piece(2, all.substr(cut))})
                      .value(),
                  "To: x@y.test\r\n" + inner + body);
    }
}

}  // namespace
}  // namespace mime
