// Surrogates over the store in memory: what they say, and that their sizes are known beforehand.
#include "mail/surrogate.h"

#include <gmock/gmock.h>

#include "base/ascii.h"
#include "fakes/mail_fixture.h"
#include "mail/email_source.h"
#include "mail/emails.h"
#include "mail/summarizer.h"
#include "mail/summary.h"
#include "mime/parser.h"

namespace mail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kNested =
    "From: alice@crepes.example\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: inline; filename=grün\r\n\r\n"
    "grün\r\n--b\r\nContent-Type: message/global\r\n\r\n"
    "To: bob@bücher.example\r\nSubject: grün\r\n\r\ngrün\r\n--b--\r\n";

class SurrogateTest : public fakes::MailFixture {
  protected:
    void add(std::string_view octets, bool with_summary) {
        Delivery message = delivery(octets, {recipient(1)}, "q" + std::to_string(++number_));
        message.summary = with_summary ? summarize(octets).packed() : "";
        ASSERT_TRUE(run(messages_.deliver(loop_, std::move(message))));
    }

    std::vector<MessageInfo> measured() {
        std::vector<MessageInfo> messages = messages_.open_inbox(1)->messages;
        EXPECT_TRUE(run(messages_.measure_surrogates(loop_, messages)));
        return messages;
    }

    std::string read_surrogate(const MessageInfo& message) {
        auto reader = run(messages_.open_surrogate(loop_, message));
        EXPECT_TRUE(reader);
        return run(read_octets(loop_, **reader, 0, (*reader)->size())).value();
    }

    int number_ = 0;
};

TEST_F(SurrogateTest, HeadersOfEveryPartAreInAscii) {
    add(kNested, true);
    const std::vector<MessageInfo> messages = measured();
    ASSERT_TRUE(messages.at(0).has_surrogate);
    const std::string surrogate = read_surrogate(messages[0]);
    EXPECT_EQ(surrogate,
              "From: alice@crepes.example\r\nMIME-Version: 1.0\r\n"
              "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Disposition: inline; filename*=utf-8''gr%C3%BCn\r\n\r\n"
              "grün\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
              "To: bob@xn--bcher-kva.example\r\nSubject: =?utf-8?Q?gr=C3=BCn?=\r\n\r\n"
              "grün\r\n--b--\r\n");
    EXPECT_EQ(messages[0].octets, surrogate.size());
    EXPECT_EQ(read(messages[0]), kNested);
}

TEST_F(SurrogateTest, OnlyInternationalizedMailHasOne) {
    for (const bool with_summary : {true, false}) {
        add("Subject: plain\r\n\r\nplain\r\n", with_summary);
        add("Subject: plain\r\n\r\ngrün\r\n", with_summary);
        add("Subject: gr\xfcn\r\n\r\nan older charset\r\n", with_summary);
        add("Subject: grün\r\n\r\nplain\r\n", with_summary);
    }
    const std::vector<MessageInfo> before = messages_.open_inbox(1)->messages;
    const std::vector<MessageInfo> after = measured();
    for (std::size_t i = 0; i < after.size(); ++i) {
        const bool changes = i % 4 == 3;
        EXPECT_EQ(after[i].octets != before[i].octets, changes) << i;
        EXPECT_EQ(read_surrogate(after[i]) != read(before[i]), changes) << i;
        EXPECT_EQ(read_surrogate(after[i]).size(), after[i].octets) << i;
    }
    EXPECT_FALSE(after[0].has_surrogate);
    EXPECT_FALSE(after[1].has_surrogate);
}

// Two entries of one email, and one whose octets cannot be read.
TEST_F(SurrogateTest, LeavesWhatCannotBeReadToWhoeverOpensIt) {
    add("Subject: grün\r\n\r\nx\r\n", true);
    std::vector<MessageInfo> messages = messages_.open_inbox(1)->messages;
    messages.push_back(messages[0]);
    MessageInfo gone = messages[0];
    gone.email = 999;
    messages.push_back(gone);
    ASSERT_TRUE(run(messages_.measure_surrogates(loop_, messages)));
    EXPECT_TRUE(messages[0].has_surrogate);
    EXPECT_TRUE(messages[1].has_surrogate);
    EXPECT_FALSE(messages[2].has_surrogate);
    EXPECT_EQ(run(messages_.open_surrogate(loop_, gone)).error().code, base::Errc::kNotFound);
}

TEST_F(SurrogateTest, ADamagedRecordHidesNoOther) {
    for (int i = 0; i < 3; ++i) {
        add("Subject: grün\r\n\r\nx\r\n", true);
    }
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        transaction.put(email_key(1, 2), "?");
        return {};
    }));
    const std::vector<MessageInfo> messages = measured();
    EXPECT_TRUE(messages.at(0).has_surrogate);
    EXPECT_FALSE(messages.at(1).has_surrogate);
    EXPECT_TRUE(messages.at(2).has_surrogate);
}

TEST_F(SurrogateTest, ReadsTheSameCutAnywhere) {
    add(kNested, true);
    const auto message = measured().at(0);
    auto reader = run(messages_.open_surrogate(loop_, message)).value();
    const std::string whole = read_surrogate(message);
    for (std::uint64_t begin = 0; begin <= whole.size(); ++begin) {
        for (const std::size_t octets : {std::size_t{1}, std::size_t{50}, whole.size()}) {
            std::string piece(octets, '\0');
            piece.resize(run(reader->read(loop_, begin, piece)).value());
            EXPECT_EQ(piece, whole.substr(begin, octets)) << begin << ", " << octets;
        }
    }
}

TEST_F(SurrogateTest, HoldsNoMoreThanItsLimit) {
    const std::string long_field =
        "X-Long: grün " + std::string(kSurrogateOctetsMax, 'x') + "\r\n\r\n";
    add(long_field + "body\r\n", true);
    const auto message = measured().at(0);
    EXPECT_EQ(read_surrogate(message), long_field + "body\r\n");
}

}  // namespace
}  // namespace mail
