// Recipients that stay inside: their own destination, and how far their transport has come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/inside.h"
#include "queue/manage.h"
#include "queue/queue.h"
#include "queue/records.h"
#include "store/memory_store.h"

namespace queue {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const account::Address kTeam{"team", "crepes.example"};

class ProgressTest : public testing::Test {
  protected:
    ProgressTest() : blob_(store_.new_blob()->finish().value()) {
        NewMessage message{.blob = blob_,
                           .queue_id = "m1",
                           .sender = "alice@crepes.example",
                           .envelope_id = {},
                           .message_id = {},
                           .recipients = {{.address = kTeam,
                                           .original = {},
                                           .destination = list_destination(kTeam)},
                                          {.address = {"bob", "hamburger.example"},
                                           .original = {},
                                           .destination = std::string(kLocalDestination),
                                           .progress = std::string(kProgressEnd)},
                                          {.address = {"smith", "foo.com"}, .original = {}}},
                           .release = {}};
        change([&](store::Transaction& tx) {
            return enqueue(
                tx,
                message,
                [](const account::Address&, std::string_view) { return std::string("mx:foo.com"); },
                {},
                base::WallTime());
        });
    }

    void change(const store::Change& function) {
        const auto done = store_.change_and_wait(function);
        ASSERT_TRUE(done) << done.error().text;
    }

    std::string progress(std::uint32_t number) {
        return load_progress(*store_.snapshot(), {"m1", number}).value();
    }

    std::vector<std::string> findings() { return check(*store_.snapshot()).value(); }

    store::MemoryStore store_;
    store::NewBlob blob_;
};

TEST_F(ProgressTest, DestinationsInsideAreNotTheRouters) {
    std::vector<std::string> destinations;
    ASSERT_TRUE(list(*store_.snapshot(), {}, [&](const Listed& listed) {
        destinations.push_back(listed.recipient.destination);
        return true;
    }));
    EXPECT_THAT(destinations, ElementsAre("list:team@crepes.example", "local:", "mx:foo.com"));
}

TEST_F(ProgressTest, GoesWithItsRecipient) {
    EXPECT_EQ(progress(0), "");
    EXPECT_EQ(progress(1), "end");
    change([](store::Transaction& tx) { return set_progress(tx, {"m1", 0}, "m@foo.com"); });
    EXPECT_EQ(progress(0), "m@foo.com");
    EXPECT_THAT(findings(), IsEmpty());
    for (const std::uint32_t number : {0U, 1U}) {
        change([number](store::Transaction& tx) { return finish(tx, {"m1", number}); });
        EXPECT_EQ(progress(number), "");
    }
    EXPECT_THAT(findings(), IsEmpty());
    const auto late = store_.change_and_wait([](store::Transaction& tx) {
        return set_progress(tx, {"m1", 0}, "x");
    });
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::kNotFound);
}

TEST_F(ProgressTest, OfNobodyIsDamage) {
    change([](store::Transaction& tx) -> base::Result<> {
        tx.put(progress_key({"gone", 7}), "end");
        return {};
    });
    EXPECT_THAT(findings(), ElementsAre(HasSubstr("recipient 7 of message gone")));
}

// Whatever record is lost or cut short, check() has something to say; progress alone may go.
TEST_F(ProgressTest, CheckNamesEveryRecordThatIsLostOrDamaged) {
    std::vector<std::pair<std::string, std::string>> records;
    ASSERT_TRUE(
        store_.snapshot()->scan("", "\xff", [&](std::string_view key, std::string_view value) {
            if (!key.starts_with(progress_prefix())) {
                records.emplace_back(key, value);
            }
            return true;
        }));
    ASSERT_GT(records.size(), 10U);
    const auto put = [this](const std::string& key, std::string_view value) {
        change([&](store::Transaction& tx) -> base::Result<> {
            tx.put(key, value);
            return {};
        });
    };
    for (const auto& record : records) {
        const std::string& key = record.first;
        change([&key](store::Transaction& tx) -> base::Result<> {
            tx.erase(key);
            return {};
        });
        EXPECT_THAT(findings(), testing::Not(IsEmpty())) << testing::PrintToString(key);
        if (record.second.size() > 1) {
            // The last fields may be newer than the record, so half of it is taken away.
            put(key, std::string_view(record.second).substr(0, record.second.size() / 2));
            EXPECT_THAT(findings(), testing::Not(IsEmpty())) << testing::PrintToString(key);
        }
        put(key, record.second);
        ASSERT_THAT(findings(), IsEmpty()) << testing::PrintToString(key);
    }
}

}  // namespace
}  // namespace queue
