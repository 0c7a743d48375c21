#include "mail/recents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "fakes/mailbox_fixture.h"
#include "mail/records.h"

namespace mail {
namespace {

using testing::IsEmpty;

class RecentsTest : public fakes::MailboxFixture {
  protected:
    // As after a restart: nothing but what the store has.
    Uid first_by_store() {
        const auto first = load_first_recent(*store_.snapshot(), inbox_);
        EXPECT_TRUE(first);
        return first.value_or(0);
    }

    std::uint64_t count() { return mailboxes_.count_recent(*mailboxes_.find(1, "INBOX")).value(); }

    const Ref inbox_ = ref(1, "INBOX");
};

TEST_F(RecentsTest, TellsEachMessageOnce) {
    append(inbox_, {"1", "2"});
    EXPECT_EQ(mailboxes_.first_recent(inbox_, 3), 1U);
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 3), 1U);
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 3), 3U);
    append(inbox_, {"3"});
    EXPECT_EQ(mailboxes_.first_recent(inbox_, 4), 3U);
    // Who looks at an older moment gets nothing back.
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 2), 2U);
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 4), 3U);
}

TEST_F(RecentsTest, RemembersWhatWasToldOverARestart) {
    append(inbox_, {"1", "2"});
    EXPECT_EQ(first_by_store(), 1U);
    // The second is told while the first is being written.
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 2), 1U);
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 3), 2U);
    loop_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(first_by_store(), 3U);
    const Recents restarted(store_);
    EXPECT_EQ(restarted.first(inbox_, 5), 3U);
    EXPECT_THAT(findings(), IsEmpty());
}

// DELETE of a mailbox that has others below it leaves its level, and CREATE makes it a mailbox again (RFC 9051 6.3.5).
TEST_F(RecentsTest, AMailboxThatIsMadeAnewBeginsAnew) {
    ASSERT_TRUE(run(mailboxes_.create(loop_, 1, "a/b")));
    append(ref(1, "a"), {"1", "2"});
    EXPECT_EQ(mailboxes_.take_recent(ref(1, "a"), 3), 1U);
    loop_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(mailboxes_.first_recent(ref(1, "a"), 3), 3U);
    const Ref before = ref(1, "a");
    ASSERT_TRUE(run(mailboxes_.remove(loop_, 1, "a")));
    ASSERT_TRUE(run(mailboxes_.create(loop_, 1, "a")));
    ASSERT_EQ(ref(1, "a"), before);
    append(before, {"3"});
    EXPECT_EQ(mailboxes_.take_recent(before, 2), 1U);
}

TEST_F(RecentsTest, WhatAStoreRefusesIsWrittenWithTheNext) {
    append(inbox_, {"1", "2"});
    store_.fail_next_commits(1, base::Errc::kNoSpace);
    ASSERT_TRUE(mailboxes_.take_recent(inbox_, 2));
    loop_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(first_by_store(), 1U);
    EXPECT_EQ(mailboxes_.take_recent(inbox_, 3), 2U);
    loop_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(first_by_store(), 3U);
}

TEST_F(RecentsTest, CountsMessagesAndNotUids) {
    append(inbox_, {"1", "2", "3", "4"});
    EXPECT_EQ(count(), 4U);
    ASSERT_TRUE(mailboxes_.take_recent(inbox_, 2));
    EXPECT_EQ(count(), 3U);
    ASSERT_TRUE(
        run(mailboxes_.store(loop_, 1, inbox_, {3, 3}, {StoreMode::kAdd, kDeleted, {}, {}})));
    ASSERT_TRUE(run(mailboxes_.expunge(loop_, 1, inbox_, UidSet::all())));
    EXPECT_EQ(count(), 2U);
}

TEST_F(RecentsTest, NothingIsLeftOfAMailboxThatGoes) {
    ASSERT_TRUE(run(mailboxes_.create(loop_, 1, "Lists")));
    const Ref lists = ref(1, "Lists");
    append(lists, {"1"});
    ASSERT_TRUE(mailboxes_.take_recent(lists, 2));
    loop_.run_for(std::chrono::seconds(1));
    ASSERT_TRUE(store_.snapshot()->get(mailbox_key(KeyTag::kRecent, lists)).value());
    ASSERT_TRUE(run(mailboxes_.remove(loop_, 1, "Lists")));
    // A session that still had it selected.
    ASSERT_TRUE(mailboxes_.take_recent(lists, 3));
    loop_.run_for(std::chrono::seconds(1));
    EXPECT_FALSE(store_.snapshot()->get(mailbox_key(KeyTag::kRecent, lists)).value());
}

}  // namespace
}  // namespace mail
