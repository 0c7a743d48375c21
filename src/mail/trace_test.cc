// What is told of a message, by queue id and Message-ID, and how it is forgotten.
#include "mail/trace.h"

#include <gmock/gmock.h>

#include "fakes/mail_fixture.h"
#include "store/key.h"

namespace mail {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

class TraceTest : public fakes::MailFixture {
  protected:
    void add(std::string queue_id, std::string message_id, TraceEvent event) {
        ASSERT_TRUE(change([=](store::Transaction& transaction) -> base::Result<> {
            add_trace(transaction, queue_id, message_id, event);
            return {};
        }));
    }

    std::size_t expire(base::WallTime older_than, std::size_t events_max = 1000) {
        std::size_t gone = 0;
        EXPECT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
            TRY(gone, expire_trace(transaction, older_than, events_max));
            return {};
        }));
        return gone;
    }

    std::vector<TracedMessage> find(std::string_view id) {
        return find_trace(*store_.snapshot(), id).value();
    }

    std::vector<std::string> kinds(std::string_view id) {
        std::vector<std::string> all;
        for (const TracedMessage& message : find(id)) {
            for (const TraceEvent& told : message.events) {
                all.push_back(told.kind);
            }
        }
        return all;
    }

    std::size_t records() {
        std::size_t count = 0;
        for (const std::string_view tag : {"T", "t"}) {
            EXPECT_TRUE(store_.snapshot()->scan(
                tag, store::prefix_end(tag), [&](std::string_view, std::string_view) {
                    ++count;
                    return true;
                }));
        }
        return count;
    }

    base::WallTime now_ = clock_.now();
};

TEST_F(TraceTest, IsFoundByQueueIdAndByMessageId) {
    add("q1", "<a@b>", event("accepted", now_));
    add("q1", "", event("stored", now_ + hours(1)));
    add("q10", "other", event("accepted", now_));
    for (const char* id : {"q1", "a@b", "<a@b>"}) {
        SCOPED_TRACE(id);
        const auto found = find(id);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].queue_id, "q1");
        EXPECT_EQ(found[0].message_id, "a@b");
        ASSERT_EQ(found[0].events.size(), 2U);
        EXPECT_EQ(found[0].events[1].kind, "stored");
        EXPECT_EQ(found[0].events[1].time, now_ + hours(1));
        EXPECT_EQ(found[0].events[1].session, "s2");
        EXPECT_EQ(found[0].events[1].text, "by a test");
    }
    EXPECT_THAT(find("q"), IsEmpty());
    EXPECT_THAT(find(""), IsEmpty());
    EXPECT_THAT(find("a@"), IsEmpty());
}

TEST_F(TraceTest, SeveralMessagesMayShareAMessageId) {
    add("q2", "a@b", event("accepted", now_));
    add("q1", "a@b", event("accepted", now_));
    const auto found = find("a@b");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].queue_id, "q1");
    EXPECT_EQ(found[1].queue_id, "q2");
}

TEST_F(TraceTest, AnEndlessMessageIdStaysFindable) {
    const std::string message_id(5000, 'x');
    add("q1", message_id, event("accepted", now_));
    EXPECT_THAT(kinds(message_id), ElementsAre("accepted"));
    EXPECT_LT(find("q1").at(0).message_id.size(), 300U);
}

TEST_F(TraceTest, TheMessageIdMayComeLater) {
    add("q1", "", event("accepted", now_));
    add("q1", "a@b", event("stored", now_));
    EXPECT_THAT(kinds("a@b"), ElementsAre("accepted", "stored"));
}

TEST_F(TraceTest, ForgetsWhatIsOlderAndNothingElse) {
    add("q1", "a@b", event("accepted", now_));
    add("q1", "", event("stored", now_ + hours(1)));
    add("q1", "", event("fetched", now_ + hours(50)));
    add("q2", "c@d", event("accepted", now_ + hours(2)));
    EXPECT_EQ(expire(now_), 0U);
    EXPECT_EQ(expire(now_ + hours(1)), 1U);
    EXPECT_THAT(kinds("a@b"), ElementsAre("stored", "fetched"));
    EXPECT_EQ(expire(now_ + hours(2)), 1U);
    EXPECT_THAT(kinds("a@b"), ElementsAre("fetched"));
    EXPECT_THAT(kinds("q2"), ElementsAre("accepted"));
    EXPECT_EQ(expire(now_ + hours(3)), 1U);
    EXPECT_THAT(kinds("q2"), IsEmpty());
    EXPECT_EQ(expire(now_ + hours(51)), 1U);
    EXPECT_EQ(records(), 0U);
}

TEST_F(TraceTest, ForgetsAFewAtATime) {
    for (int i = 0; i < 10; ++i) {
        add("q1", "a@b", event("fetched", now_ + hours(i)));
        add("q2", "a@b", event("fetched", now_ + hours(i)));
    }
    EXPECT_EQ(expire(now_ + hours(100), 7), 7U);
    EXPECT_EQ(kinds("a@b").size(), 13U);
    EXPECT_EQ(expire(now_ + hours(100), 10), 10U);
    EXPECT_EQ(expire(now_ + hours(100), 10), 3U);
    EXPECT_EQ(records(), 0U);
}

TEST_F(TraceTest, TellsOnceWhatIsDoneAgainAndAgain) {
    const auto add_once = [this](std::string kind, std::string text) {
        ASSERT_TRUE(change([=, this](store::Transaction& transaction) -> base::Result<> {
            add_trace_once(transaction, "q1", {now_, kind, "s", text});
            return {};
        }));
    };
    add_once("fetched", "by one");
    add_once("fetched", "by one");
    add_once("fetched", "by another");
    add_once("fetched", "by another");
    add_once("fetched", "by one");
    add_once("deleted", "by one");
    EXPECT_THAT(kinds("q1"), ElementsAre("fetched", "fetched", "fetched", "deleted"));
}

TEST_F(TraceTest, DamageCostsNobodyAnything) {
    add("q1", "a@b", event("accepted", now_));
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        transaction.put(store::KeyWriter().u8('T').text("q1").key(), "\xff");
        return {};
    }));
    EXPECT_THAT(find("q1"), IsEmpty());
    add("q1", "a@b", event("stored", now_));
    EXPECT_THAT(kinds("q1"), ElementsAre("stored"));
    EXPECT_EQ(expire(now_ + hours(1)), 1U);
    EXPECT_EQ(records(), 0U);
}

}  // namespace
}  // namespace mail
