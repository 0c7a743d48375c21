// Messages in mailboxes through Mailboxes: append, store, expunge, and the snapshots that follow.
#include "mail/mailboxes.h"

#include <gmock/gmock.h>

#include "fakes/mailbox_fixture.h"
#include "mail/records.h"

namespace mail {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::IsEmpty;

using MailboxesTest = fakes::MailboxFixture;

TEST_F(MailboxesTest, EveryAccountHasInboxAndTheOnesWithRoles) {
    std::vector<std::string> paths;
    const auto list = mailboxes_.list(1).value();
    for (const MailboxInfo& info : list) {
        paths.push_back(info.path);
        EXPECT_TRUE(info.subscribed);
        EXPECT_TRUE(info.selectable);
        EXPECT_EQ(info.rights, kAllRights);
    }
    EXPECT_THAT(paths, ElementsAre("INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"));
    EXPECT_EQ(mailboxes_.find(1, "Sent")->role, Role::kSent);
    EXPECT_EQ(mailboxes_.find(1, "inBox")->ref.mailbox, kInbox);
    EXPECT_EQ(mailboxes_.find(1, "Nowhere").error().code, Errc::kNotFound);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxesTest, AppendsAllOrNothing) {
    const Ref sent = ref(1, "Sent");
    const Appended appended = append(sent, {"one\r\n", "two\r\n"}, kSeen, {"$Forwarded"});
    EXPECT_EQ(appended.uids.to_text(), "1:2");
    const SnapshotPtr snapshot = open(sent);
    ASSERT_EQ(snapshot->size(), 2U);
    EXPECT_EQ(snapshot->at(0).flags, kSeen);
    EXPECT_THAT(snapshot->keyword_names(snapshot->at(1).keywords), ElementsAre("$Forwarded"));
    EXPECT_EQ(snapshot->head().unseen, 0U);
    EXPECT_EQ(body(1, snapshot->at(1).email), "two\r\n");
    store_.fail_next_commits(1, Errc::kNoSpace);
    const auto failed = run(mailboxes_.append(loop_, 1, sent, new_messages({"three\r\n"})));
    EXPECT_EQ(failed.error().code, Errc::kNoSpace);
    EXPECT_EQ(open(sent)->size(), 2U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxesTest, FlagsChangeWithinTheirModes) {
    struct Row {
        StoreMode mode;
        std::uint32_t flags;
        std::vector<std::string> keywords;
        std::uint32_t after;
        std::vector<std::string_view> names;
    };

    const Ref inbox = ref(1, "INBOX");
    append(inbox, {"x\r\n"}, kSeen, {"a"});
    const Row rows[] = {
        {StoreMode::kAdd, kFlagged, {"b"}, kSeen | kFlagged, {"a", "b"}},
        {StoreMode::kRemove, kSeen, {"A", "never"}, kFlagged, {"b"}},
        {StoreMode::kReplace, kDeleted, {}, kDeleted, {}},
        {StoreMode::kReplace, 0, {"B", "c"}, 0, {"b", "c"}},
    };
    for (const Row& row : rows) {
        ASSERT_TRUE(run(mailboxes_.store(
            loop_, 1, inbox, {1, 9}, {row.mode, row.flags, row.keywords, std::nullopt})));
        const SnapshotPtr snapshot = open(inbox);
        EXPECT_EQ(snapshot->at(0).flags, row.after);
        EXPECT_EQ(snapshot->keyword_names(snapshot->at(0).keywords), row.names);
        EXPECT_THAT(findings(), IsEmpty());
    }
}

TEST_F(MailboxesTest, UnchangedSinceRefusesWhatChanged) {
    const Ref inbox = ref(1, "INBOX");
    append(inbox, {"x\r\n", "y\r\n", "z\r\n"});
    const Modseq before = open(inbox)->highest_modseq();
    const auto first =
        run(mailboxes_.store(loop_, 1, inbox, {2, 2}, {StoreMode::kAdd, kSeen, {}, {}}));
    EXPECT_EQ(first->modseq, before + 1);
    const auto second =
        run(mailboxes_.store(loop_, 1, inbox, {1, 3}, {StoreMode::kAdd, kFlagged, {}, before}));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->modified.to_text(), "2");
    const SnapshotPtr snapshot = open(inbox);
    EXPECT_EQ(snapshot->at(0).flags, kFlagged);
    EXPECT_EQ(snapshot->at(1).flags, kSeen);
    // What is so already changes nothing, not even its modseq.
    const auto third =
        run(mailboxes_.store(loop_, 1, inbox, {1, 1}, {StoreMode::kAdd, kFlagged, {}, {}}));
    EXPECT_EQ(third->modseq, 0U);
}

TEST_F(MailboxesTest, ExpungesDeletedMessagesAndRemembersThem) {
    const Ref inbox = ref(1, "INBOX");
    append(inbox, {"1\r\n", "2\r\n", "3\r\n", "4\r\n"});
    const Modseq before = open(inbox)->highest_modseq();
    ASSERT_TRUE(
        run(mailboxes_.store(loop_, 1, inbox, {1, 3}, {StoreMode::kAdd, kDeleted, {}, {}})));
    EXPECT_EQ(open(inbox)->head().deleted, 3U);
    const auto some = run(mailboxes_.expunge(loop_, 1, inbox, UidSet(2, 4)));
    EXPECT_EQ(some->uids.to_text(), "2:3");
    const auto rest = run(mailboxes_.expunge(loop_, 1, inbox));
    EXPECT_EQ(rest->uids.to_text(), "1");
    EXPECT_EQ(run(mailboxes_.expunge(loop_, 1, inbox))->modseq, 0U);
    EXPECT_EQ(open(inbox)->uids().to_text(), "4");
    const auto all = mailboxes_.vanished_since(inbox, before);
    EXPECT_TRUE(all->complete);
    EXPECT_EQ(all->uids.to_text(), "1:3");
    EXPECT_EQ(mailboxes_.vanished_since(inbox, some->modseq)->uids.to_text(), "1");
    EXPECT_EQ(store_.check(count_references)->blobs, 1U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxesTest, ManyRemovalsLeaveTheirEmailsToTheCollector) {
    const Ref inbox = ref(1, "INBOX");
    append(inbox, std::vector<std::string>(1500, "x\r\n"), kDeleted);
    const auto expunged = run(mailboxes_.expunge(loop_, 1, inbox));
    EXPECT_EQ(expunged->uids.size(), 1500U);
    EXPECT_EQ(load_counters(*store_.snapshot(), 1)->octets, 0U);
    EXPECT_EQ(store_.check(count_references)->blobs, 1U);
    EXPECT_THAT(findings(), IsEmpty());
    std::size_t changes = 0;
    for (bool done = false; !done; ++changes) {
        ASSERT_TRUE(change([&done](store::Transaction& transaction) -> base::Result<> {
            TRY(done, collect_emails(transaction));
            return {};
        }));
        EXPECT_THAT(findings(), IsEmpty());
    }
    EXPECT_EQ(changes, 3U);
    EXPECT_EQ(store_.check(count_references)->blobs, 0U);
}

TEST_F(MailboxesTest, QuotaBoundsWhatIsAppended) {
    set_quota(1, 8);
    const Ref inbox = ref(1, "INBOX");
    append(inbox, {"12345"});
    const auto over = run(mailboxes_.append(loop_, 1, inbox, new_messages({"12", "34"})));
    EXPECT_EQ(over.error().code, Errc::kOverQuota);
    EXPECT_EQ(open(inbox)->size(), 1U);
    append(inbox, {"678"});
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxesTest, QuotaBoundsTheNumberOfMessages) {
    set_quota(1, 0, 3);
    const Ref inbox = ref(1, "INBOX");
    append(inbox, {"1", "2"});
    const auto over = run(mailboxes_.append(loop_, 1, inbox, new_messages({"3", "4"})));
    EXPECT_EQ(over.error().code, Errc::kOverQuota);
    const Ref other = ref(1, "Archive");
    EXPECT_EQ(run(mailboxes_.copy(loop_, 1, {inbox, {1, 2}, other})).error().code,
              Errc::kOverQuota);
    EXPECT_TRUE(run(mailboxes_.copy(loop_, 1, {inbox, {1, 1}, other})));
    EXPECT_TRUE(run(mailboxes_.move(loop_, 1, {inbox, {1, 2}, other})));
    EXPECT_TRUE(run(mailboxes_.replace(loop_, 1, {other, 1}, other, new_messages({"5"})[0])));
    EXPECT_EQ(mailboxes_.quota(1)->messages.limit, 3U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxesTest, KeywordsThatNobodyUsesMakeRoom) {
    const Ref inbox = ref(1, "INBOX");
    append(inbox, {"x\r\n"});
    std::vector<std::string> names;
    for (int i = 0; i < 64; ++i) {
        names.push_back("k" + std::to_string(i));
    }
    const auto set = [&](StoreMode mode, std::vector<std::string> keywords) {
        return run(mailboxes_.store(loop_, 1, inbox, {1, 1}, {mode, 0, std::move(keywords), {}}));
    };
    ASSERT_TRUE(set(StoreMode::kAdd, names));
    EXPECT_EQ(set(StoreMode::kAdd, {"more"}).error().code, Errc::kTooLong);
    ASSERT_TRUE(set(StoreMode::kRemove, {"k7"}));
    ASSERT_TRUE(set(StoreMode::kAdd, {"more"}));
    const SnapshotPtr snapshot = open(inbox);
    EXPECT_EQ(snapshot->keyword_bit("MORE"), 7U);
    EXPECT_EQ(snapshot->keyword_names(snapshot->at(0).keywords).size(), 64U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxesTest, SnapshotsFollowEveryCommitWhoeverMadeIt) {
    ASSERT_TRUE(deliver("1\r\n", {recipient(1)}, "q1"));
    const Ref inbox = ref(1, "INBOX");
    const SnapshotPtr before = open(inbox);
    ASSERT_TRUE(deliver("2\r\n", {recipient(1)}, "q2"));
    ASSERT_TRUE(run(messages_.remove(loop_, 1, kInbox, {1}, event("deleted"))));
    const SnapshotPtr after = open(inbox);
    EXPECT_EQ(before->uids().to_text(), "1");
    EXPECT_EQ(after->uids().to_text(), "2");
    EXPECT_EQ(after->uid_next(), 3U);
    std::vector<Uid> vanished;
    std::size_t appended = 99;
    compare(*before,
            *after,
            {[&](Uid uid) { vanished.push_back(uid); },
             [](std::size_t, const Entry&) { FAIL(); },
             [&](std::size_t first) { appended = first; },
             {}});
    EXPECT_THAT(vanished, ElementsAre(1U));
    EXPECT_EQ(appended, 0U);
}

TEST_F(MailboxesTest, WatchersHearOfCommitsOnceALoopTurn) {
    const Ref inbox = ref(1, "INBOX");
    std::vector<std::uint32_t> heard;
    auto watching = mailboxes_.hub().watch(
        loop_, 1, kInbox, [&heard](const Event& event) { heard.push_back(event.kinds); });
    std::vector<Ref> account_heard;
    auto account_wide = mailboxes_.hub().watch(
        loop_, 1, std::nullopt, [&](const Event& event) { account_heard.push_back(event.ref); });
    ASSERT_TRUE(deliver("1\r\n", {recipient(1), recipient(2)}));
    EXPECT_THAT(heard, ElementsAre(std::uint32_t{kMessagesChanged}));
    append(ref(1, "Sent"), {"x\r\n"});
    EXPECT_EQ(heard.size(), 1U);
    EXPECT_THAT(account_heard, ElementsAre(inbox, ref(1, "Sent")));
    watching.reset();
    ASSERT_TRUE(deliver("2\r\n", {recipient(1)}));
    EXPECT_EQ(heard.size(), 1U);
    EXPECT_EQ(account_heard.size(), 3U);
}

TEST_F(MailboxesTest, ObjectIdsReadBackForTheirOwnerAlone) {
    EXPECT_EQ(email_object_id(3, 17), "E3-17");
    EXPECT_EQ(parse_email_object_id(3, "E3-17"), 17U);
    for (const char* text :
         {"E3-", "E3-017", "E3-17x", "E4-17", "T3-17", "E3-99999999999999999999"}) {
        EXPECT_EQ(parse_email_object_id(3, text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_thread_object_id(3, thread_object_id(3, 5)), 5U);
}

}  // namespace
}  // namespace mail
