// What submission makes of a header section, and what is read from one; the trace fields on top.
#include "smtp/server/header_section.h"

#include <gtest/gtest.h>

#include "smtp/server/trace_fields.h"

namespace smtp {
namespace {

constexpr base::WallTime kNow(std::chrono::milliseconds(1767225600000));  // 2026-01-01

struct Row {
    std::string_view header;
    std::string_view mended;
};

class Mends : public testing::TestWithParam<Row> {};

TEST_P(Mends, what_submission_may) {
    HeaderFacts facts = examine_header(GetParam().header);
    EXPECT_EQ(mend_submitted_header(GetParam().header, {"foo.com", "q1", kNow}, facts),
              GetParam().mended);
}

constexpr std::string_view kAdded =
    "Message-ID: <q1@foo.com>\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n";
const std::string kAddedEmpty = std::string(kAdded) + "\r\n";
const std::string kAddedSubject = std::string(kAdded) + "Subject: x\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    headers,
    Mends,
    testing::Values(
        Row{"\r\n", kAddedEmpty},
        Row{"Subject: x\r\n\r\n", kAddedSubject},
        Row{"Bcc: a\r\nSubject: x\r\n\r\n", kAddedSubject},
        Row{"Resent-Bcc: a\r\nSubject: x\r\nResent-BCC: b,\r\n c\r\n\r\n", kAddedSubject},
        Row{"Subject: x\r\nBcc: a,\r\n b,\r\n\tc\r\nbcc:\r\n\r\n", kAddedSubject},
        Row{"Date: d\r\nMESSAGE-ID: broken\r\n", "Date: d\r\nMESSAGE-ID: broken\r\n"},
        Row{"Date: d\r\nBcc: a\r\nMessage-ID: <m>\r\nBcc: b\r\nBcc2: c\r\n\r\n",
            "Date: d\r\nMessage-ID: <m>\r\nBcc2: c\r\n\r\n"},
        Row{"Date: d\r\nMessage-ID: <m>\r\nBcc: a\r\n", "Date: d\r\nMessage-ID: <m>\r\n"}));

TEST(HeaderSection, ends_at_the_empty_line) {
    const std::string_view text = "A: b\r\nC: d\r\n\r\nbody\r\n\r\n";
    std::size_t from = 0;
    for (std::size_t length = 0; length < 14; ++length) {
        EXPECT_EQ(find_header_end(text.substr(0, length), from), std::nullopt) << length;
    }
    EXPECT_EQ(find_header_end(text, from), 14U);
    from = 0;
    EXPECT_EQ(find_header_end("\r\nbody", from), 2U);
}

TEST(HeaderSection, has_addresses_rewritten) {
    const auto rewriting = account::Rewriting::make({{"bob@old.com", "robert@new.com"},
                                                     {"@old.com", "@new.com"},
                                                     {"@x.com", "@y.com", account::kInSender}});
    ASSERT_TRUE(rewriting);

    for (const Row& row : {
             Row{"From: Bob <bob@old.com>\r\n\r\n", "From: Bob <robert@new.com>\r\n\r\n"},
             Row{"Subject: a\r\nTO:  a@b.com,\r\n \"C, D\" <c@OLD.com>\r\nCc: x@x.com\r\n\r\n",
                 "Subject: a\r\nTO: a@b.com,\r\n\t\"C, D\" <c@new.com>\r\nCc: x@x.com\r\n\r\n"},
             Row{"Resent-To: all: a@old.com, b@b.com;\r\n",
                 "Resent-To: all: a@new.com, b@b.com;\r\n"},
             Row{"Subject: bob@old.com\r\nFrom:  odd   spacing <a@b.com>\r\n",
                 "Subject: bob@old.com\r\nFrom:  odd   spacing <a@b.com>\r\n"},
             Row{"From: =?utf-8?q?B=C3=B6b?= <bob@old.com>\r\n",
                 "From: =?utf-8?Q?B=C3=B6b?= <robert@new.com>\r\n"},
         }) {
        EXPECT_EQ(rewrite_header(row.header, *rewriting), row.mended);
    }
}

TEST(HeaderSection, is_examined) {
    const HeaderFacts facts = examine_header(
        "Received: a\r\nRECEIVED: b\r\n c\r\nFrom: Al <a@x.org>, b@x.org\r\nfrom: c@x.org\r\n"
        "Resent-From: d@x.org\r\nSender: e@x.org\r\nResent-Sender: f@x.org\r\nReply-To: g@x.org\r\n"
        "Message-Id: <one@x> \r\nMessage-Id: <two@x>\r\n\r\nReceived: body\r\n");
    EXPECT_EQ(facts.received, 2U);
    EXPECT_EQ(facts.message_id, "one@x");
    EXPECT_TRUE(facts.has_message_id);
    EXPECT_FALSE(facts.has_date);
    EXPECT_FALSE(facts.has_bcc);
    EXPECT_TRUE(facts.has_from);
    EXPECT_FALSE(examine_header("Resent-From: a@x.org\r\nSender: b@x.org\r\n").has_from);
    std::string senders;
    for (const mime::Mailbox& sender : facts.senders) {
        senders += sender.local;
    }
    EXPECT_EQ(senders, "abcdef");
}

TEST(HeaderSection, is_given_an_author) {
    const auto mend = [](std::string_view header, std::string author) {
        HeaderFacts facts = examine_header(header);
        return mend_submitted_header(header, {"foo.com", "q1", kNow, std::move(author)}, facts);
    };
    constexpr std::string_view kHeader = "Date: d\r\nMessage-ID: <m>\r\n";
    EXPECT_EQ(mend(kHeader, "A <a@x>"), "From: A <a@x>\r\n" + std::string(kHeader));
    EXPECT_EQ(mend(kHeader, ""), kHeader);
    const std::string whole = "FROM: b@x\r\n" + std::string(kHeader);
    EXPECT_EQ(mend(whole, "A <a@x>"), whole);
}

// RFC 3848, RFC 6531 4.3.
TEST(TraceFields, name_the_protocol) {
    EXPECT_EQ(protocol_name(Greeting::kHelo, true, false, false), "SMTP");
    EXPECT_EQ(protocol_name(Greeting::kEhlo, false, false, false), "ESMTP");
    EXPECT_EQ(protocol_name(Greeting::kEhlo, true, true, false), "ESMTPSA");
    EXPECT_EQ(protocol_name(Greeting::kEhlo, false, true, true), "UTF8SMTPA");
    EXPECT_EQ(protocol_name(Greeting::kLhlo, true, false, false), "LMTPS");
    EXPECT_EQ(protocol_name(Greeting::kLhlo, true, false, true), "UTF8LMTPS");
}

TEST(TraceFields, name_the_client_only_when_that_parses) {
    const net::Endpoint peer{.address = "2001:db8::1", .port = 1, .path = ""};
    TraceFacts facts;
    facts.peer = &peer;
    facts.hostname = "foo.com";
    facts.protocol = "SMTP";
    facts.queue_id = "q1";
    facts.now = kNow;
    facts.client_name = "bad_name);";
    EXPECT_EQ(
        received_field(facts),
        "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n\tby foo.com (staffetta) with "
        "SMTP id q1\r\n\t; Thu, 01 Jan 2026 00:00:00 +0000\r\n");
    const net::Endpoint socket{.address = "", .port = 0, .path = "/run/lmtp"};
    facts.peer = &socket;
    EXPECT_TRUE(received_field(facts).starts_with("Received: from localhost\r\n\tby foo.com"));
    EXPECT_EQ(describe_origin(facts), "from bad_name); unix:/run/lmtp by SMTP");
}

}  // namespace
}  // namespace smtp
