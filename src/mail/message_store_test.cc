// Delivery, the maildrop's view and removal, over the store in memory.
#include "mail/message_store.h"

#include <gmock/gmock.h>

#include "account/usage.h"
#include "fakes/mail_fixture.h"
#include "mail/acl.h"
#include "mail/emails.h"
#include "mail/page_record.h"
#include "mail/records.h"

namespace mail {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::IsEmpty;

using MessageStoreTest = fakes::MailFixture;

std::vector<Uid> uids(const MailboxView& view) {
    std::vector<Uid> all;
    for (const MessageInfo& message : view.messages) {
        all.push_back(message.uid);
    }
    return all;
}

TEST_F(MessageStoreTest, DeliversOneBlobToManyInOneChange) {
    const std::uint64_t commits = store_.statistics().commits;
    const auto outcomes = deliver("Subject: x\r\n\r\nhello\r\n", {recipient(1), recipient(2)});
    ASSERT_TRUE(outcomes);
    ASSERT_EQ(outcomes->size(), 2U);
    EXPECT_TRUE((*outcomes)[0].delivered);
    EXPECT_EQ((*outcomes)[1].account, 2U);
    EXPECT_EQ(store_.statistics().commits, commits + 1);
    for (const account::AccountId account : {1U, 2U}) {
        const auto view = messages_.open_inbox(account).value();
        ASSERT_THAT(uids(view), ElementsAre(1U));
        EXPECT_EQ(view.messages[0].octets, 21U);
        EXPECT_EQ(messages_.queue_id(view.messages[0]).value(), "q1");
        EXPECT_FALSE(view.messages[0].seen);
        EXPECT_EQ(read(view.messages[0]), "Subject: x\r\n\r\nhello\r\n");
    }
    EXPECT_EQ(store_.check(count_references)->blobs, 1U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, AnAccountNamedTwiceGetsItOnce) {
    const auto outcomes = deliver("x\r\n", {recipient(1), recipient(1)});
    ASSERT_TRUE(outcomes);
    EXPECT_EQ(outcomes->size(), 2U);
    EXPECT_TRUE((*outcomes)[1].delivered);
    EXPECT_THAT(uids(messages_.open_inbox(1).value()), ElementsAre(1U));
}

TEST_F(MessageStoreTest, UidsAscendAndAreNeverUsedAgain) {
    for (const char* id : {"q1", "q2", "q3"}) {
        ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, id));
    }
    const auto before = messages_.open_inbox(1).value();
    EXPECT_THAT(uids(before), ElementsAre(1U, 2U, 3U));
    ASSERT_TRUE(run(messages_.remove(loop_, 1, before.mailbox, {2, 3}, event("deleted"))));
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, "q4"));
    const auto after = messages_.open_inbox(1).value();
    EXPECT_THAT(uids(after), ElementsAre(1U, 4U));
    EXPECT_EQ(after.uid_validity, before.uid_validity);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, WhoIsOverQuotaIsLeftOut) {
    const auto outcomes =
        deliver("0123456789", {recipient(1, 9), recipient(2, 10), recipient(3, 0)});
    ASSERT_TRUE(outcomes);
    EXPECT_FALSE((*outcomes)[0].delivered);
    EXPECT_TRUE((*outcomes)[1].delivered);
    EXPECT_TRUE((*outcomes)[2].delivered);
    EXPECT_THAT(messages_.open_inbox(1)->messages, IsEmpty());
    EXPECT_FALSE(messages_.fits(recipient(2, 10), 1).value());
    EXPECT_TRUE(messages_.fits(recipient(2, 11), 1).value());
    EXPECT_TRUE(messages_.fits(recipient(2, 0), 1U << 30U).value());
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, AQuotaCountsMessagesToo) {
    account::LocalRecipient one = recipient(1);
    one.quota_messages = 1;
    EXPECT_TRUE(messages_.fits(one, 1U << 30U).value());
    EXPECT_TRUE((*deliver("1", {one}))[0].delivered);
    EXPECT_FALSE(messages_.fits(one, 1).value());
    EXPECT_FALSE((*deliver("2", {one}))[0].delivered);
    one.forget_quotas();
    EXPECT_TRUE((*deliver("3", {one}))[0].delivered);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, WithEveryoneOverQuotaNothingIsStoredButTheReason) {
    const auto outcomes = deliver("0123456789", {recipient(1, 9)});
    ASSERT_TRUE(outcomes);
    EXPECT_FALSE((*outcomes)[0].delivered);
    EXPECT_EQ(store_.check(count_references)->blobs, 0U);
    const auto traced = find_trace(*store_.snapshot(), "q1").value();
    ASSERT_EQ(traced.size(), 1U);
    EXPECT_EQ(traced[0].events.at(0).kind, "refused");
    EXPECT_EQ(traced[0].events.at(1).text, "user1@hamburger.example is over quota");
}

TEST_F(MessageStoreTest, FilesTakeTheirPartOfAQuota) {
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        account::set_outside_octets(transaction, 1, 5);
        return {};
    }));
    EXPECT_FALSE(messages_.fits(recipient(1, 14), 10).value());
    EXPECT_TRUE(messages_.fits(recipient(1, 15), 10).value());
    EXPECT_FALSE((*deliver("0123456789", {recipient(1, 14)}))[0].delivered);
    EXPECT_TRUE((*deliver("0123456789", {recipient(1, 15)}))[0].delivered);
    EXPECT_FALSE(messages_.fits(recipient(1, 3), 0).value());
}

TEST_F(MessageStoreTest, AFullDiskStoresNothingForAnybody) {
    Delivery message = delivery("x\r\n", {recipient(1), recipient(2)}, "q1");
    store_.fail_next_commits(1, Errc::kNoSpace);
    const auto outcomes = run(messages_.deliver(loop_, std::move(message)));
    ASSERT_FALSE(outcomes);
    EXPECT_EQ(outcomes.error().code, Errc::kNoSpace);
    EXPECT_THAT(messages_.open_inbox(1)->messages, IsEmpty());
    EXPECT_THAT(find_trace(*store_.snapshot(), "q1").value(), IsEmpty());
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, ViewIsASnapshot) {
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, "q1"));
    const auto view = messages_.open_inbox(1).value();
    ASSERT_TRUE(deliver("y\r\n", {recipient(1)}, "q2"));
    EXPECT_THAT(uids(view), ElementsAre(1U));
    EXPECT_THAT(uids(messages_.open_inbox(1).value()), ElementsAre(1U, 2U));
}

TEST_F(MessageStoreTest, RemovesTogetherOrNotAtAll) {
    for (const char* id : {"q1", "q2", "q3"}) {
        ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, id));
    }
    store_.fail_next_commits(1, Errc::kIo);
    const auto failed = run(messages_.remove(loop_, 1, kInbox, {1, 3}, event("deleted")));
    ASSERT_FALSE(failed);
    EXPECT_THAT(uids(messages_.open_inbox(1).value()), ElementsAre(1U, 2U, 3U));
    // UID 9 never was: no error.
    ASSERT_TRUE(run(messages_.remove(loop_, 1, kInbox, {1, 3, 9}, event("deleted"))));
    EXPECT_THAT(uids(messages_.open_inbox(1).value()), ElementsAre(2U));
    ASSERT_TRUE(run(messages_.remove(loop_, 1, kInbox, {1, 3}, event("deleted"))));
    EXPECT_EQ(load_counters(*store_.snapshot(), 1)->octets, 3U);
    const auto traced = find_trace(*store_.snapshot(), "q1").value();
    ASSERT_EQ(traced.size(), 1U);
    ASSERT_EQ(traced[0].events.size(), 3U);
    EXPECT_EQ(traced[0].events[2].kind, "deleted");
    EXPECT_THAT(findings(), IsEmpty());
}

// Whoever is logged in while the account is removed makes no mail of nobody.
TEST_F(MessageStoreTest, NothingIsWrittenForAnAccountThatIsNoMore) {
    EXPECT_EQ(run(messages_.remove(loop_, 7, kInbox, {1}, event("deleted"))).error().code,
              base::Errc::kNotFound);
    EXPECT_FALSE(store_.snapshot()->get(counters_key(7)).value().has_value());
}

TEST_F(MessageStoreTest, FetchedMessagesAreSeenAndTraced) {
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, "q1"));
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, "q2"));
    messages_.note_fetched(1, kInbox, {{2, 2, false}, {9, 9, false}}, event("fetched"));
    loop_.run_for(std::chrono::seconds(1));
    const auto view = messages_.open_inbox(1).value();
    EXPECT_FALSE(view.messages[0].seen);
    EXPECT_TRUE(view.messages[1].seen);
    messages_.note_fetched(view.messages[0], event("fetched"));
    loop_.run_for(std::chrono::seconds(1));
    EXPECT_EQ(find_trace(*store_.snapshot(), "q1")->at(0).events.at(2).kind, "fetched");
    EXPECT_EQ(find_trace(*store_.snapshot(), "q2")->at(0).events.at(2).kind, "fetched");
    EXPECT_EQ(load_state(*store_.snapshot(), {1, kInbox}).value()->unseen, 1U);
    EXPECT_EQ(load_state(*store_.snapshot(), {1, kInbox}).value()->highest_modseq, 3U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, AnAccountsMailGoesWithIt) {
    ASSERT_TRUE(deliver("shared\r\n", {recipient(1), recipient(2)}, "q1"));
    ASSERT_TRUE(deliver("own\r\n", {recipient(1)}, "q2"));
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        TRY(const bool done, remove_account_mail(transaction, 1, 3));
        EXPECT_TRUE(done);
        return {};
    }));
    EXPECT_THAT(messages_.open_inbox(1)->messages, IsEmpty());
    EXPECT_EQ(read(messages_.open_inbox(2)->messages.at(0)), "shared\r\n");
    EXPECT_EQ(store_.check(count_references)->blobs, 1U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, AnAccountRemovedMeanwhileGetsNothing) {
    const auto outcomes = deliver("x\r\n", {recipient(7), recipient(1)});
    ASSERT_TRUE(outcomes);
    EXPECT_FALSE((*outcomes)[0].delivered);
    EXPECT_TRUE((*outcomes)[1].delivered);
    EXPECT_EQ(find_trace(*store_.snapshot(), "q1")->at(0).events.at(1).text,
              "user7@hamburger.example was removed meanwhile");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, UidValidityGrowsThoughTheClockGoesBack) {
    AccountCounters counters;
    counters.uid_validity = 4'000'000'000U;
    ASSERT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
        transaction.put(counters_key(1), encode(counters));
        return {};
    }));
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}));
    EXPECT_EQ(messages_.open_inbox(1)->uid_validity, 4'000'000'001U);
}

TEST_F(MessageStoreTest, ANewAccountsUidValidityIsBehindThatOfRemovedOnes) {
    AccountCounters counters;
    counters.uid_validity = 4'000'000'000U;
    ASSERT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
        transaction.put(counters_key(1), encode(counters));
        TRY(const bool done, remove_account_mail(transaction, 1, 10));
        EXPECT_TRUE(done);
        return {};
    }));
    ASSERT_TRUE(deliver("x\r\n", {recipient(2)}));
    EXPECT_EQ(messages_.open_inbox(2)->uid_validity, 4'000'000'001U);
    EXPECT_THAT(findings(), IsEmpty());
}

// Behind a restore: what was given out since the copy is not given out again.
TEST_F(MessageStoreTest, RenewedIdsAreNobodysBefore) {
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}));
    const auto before = messages_.open_inbox(1).value();
    const auto counters = load_counters(*store_.snapshot(), 1).value();
    ASSERT_TRUE(change(
        [&](store::Transaction& transaction) { return renew_ids(transaction, 1, clock_.now()); }));
    const auto after = messages_.open_inbox(1).value();
    EXPECT_GT(after.uid_validity, counters.uid_validity);
    ASSERT_THAT(uids(after), ElementsAre(1U));
    EXPECT_EQ(after.messages[0].email, before.messages[0].email);
    const Ref inbox{1, kInbox};
    EXPECT_GT(load_state(*store_.snapshot(), inbox).value()->highest_modseq,
              counters.modseq + 1'000'000);
    ASSERT_TRUE(deliver("y\r\n", {recipient(1)}));
    EXPECT_GT(messages_.open_inbox(1)->messages[1].email, before.messages[0].email + 1'000'000);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MessageStoreTest, UidsThatAreUsedUpRefuseTheMessage) {
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}));
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        TRY(auto inbox, load_state(transaction, {1, kInbox}));
        inbox->uid_next = 0xffffffffU;
        transaction.put(mailbox_key(KeyTag::kState, {1, kInbox}), encode(*inbox));
        return {};
    }));
    EXPECT_FALSE(deliver("x\r\n", {recipient(1)}, "q2"));
    EXPECT_THAT(uids(messages_.open_inbox(1).value()), ElementsAre(1U));
}

// Each row breaks one invariant; check() names it.
TEST_F(MessageStoreTest, ARunOpensMessagesOutOfOneMoment) {
    for (const char* id : {"q1", "q2", "q3"}) {
        ASSERT_TRUE(deliver(std::string(id) + "\r\n", {recipient(1)}, id));
    }
    const auto view = messages_.open_inbox(1).value();
    const std::vector<EmailId> following{view.messages[1].email, view.messages[2].email};
    MessageRun run_before = messages_.begin_run();
    ASSERT_TRUE(run_before.open(view.messages[0], following));
    EXPECT_TRUE(run_before.has(view.messages[2]));
    ASSERT_TRUE(run(messages_.remove(loop_, 1, view.mailbox, {2}, event("deleted"))));
    EXPECT_EQ((*run_before.open(view.messages[1], {}))->size(), 4U);
    MessageRun run_after = messages_.begin_run();
    ASSERT_TRUE(run_after.open(view.messages[0], following));
    EXPECT_EQ(run_after.open(view.messages[1], {}).error().code, Errc::kNotFound);
    EXPECT_TRUE(run_after.open(view.messages[2], {}));
}

TEST_F(MessageStoreTest, ADamagedMessageIsItsOwnMisfortune) {
    for (const char* id : {"q1", "q2", "q3"}) {
        ASSERT_TRUE(deliver("x\r\n", {recipient(1)}, id));
    }
    const auto view = messages_.open_inbox(1).value();
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        transaction.put(email_key(1, 2), "?");
        return {};
    }));
    MessageRun messages = messages_.begin_run();
    EXPECT_TRUE(messages.open(view.messages[0],
                              std::vector{view.messages[1].email, view.messages[2].email}));
    EXPECT_EQ(messages.open(view.messages[1], std::vector{view.messages[2].email}).error().code,
              Errc::kCorrupt);
    EXPECT_TRUE(messages.open(view.messages[2], {}));
}

TEST_F(MessageStoreTest, RecordsFromBeforePlacesWereKeptAreRead) {
    ASSERT_TRUE(deliver("hello\r\n", {recipient(1)}));
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        TRY(auto record, transaction.get(email_key(1, 1)));
        EXPECT_EQ(record->back(), '\0');  // no place, in a store in memory
        record->pop_back();
        transaction.put(email_key(1, 1), *record);
        return {};
    }));
    EXPECT_EQ(read(messages_.open_inbox(1)->messages.at(0)), "hello\r\n");
    EXPECT_THAT(findings(), IsEmpty());
}

struct Damage {
    const char* finding;
    base::Result<> (*inflict)(store::Transaction&);
};

base::Result<> change_inbox(store::Transaction& transaction, void (*edit)(MailboxState&)) {
    TRY(auto inbox, load_state(transaction, {1, kInbox}));
    edit(*inbox);
    transaction.put(mailbox_key(KeyTag::kState, {1, kInbox}), encode(*inbox));
    return {};
}

base::Result<> change_counters(store::Transaction& transaction, void (*edit)(AccountCounters&)) {
    TRY(auto counters, load_counters(transaction, 1));
    edit(counters);
    transaction.put(counters_key(1), encode(counters));
    return {};
}

base::Result<> change_entry(store::Transaction& transaction, void (*edit)(Entry&)) {
    const std::string key = page_key({1, kInbox}, 0);
    TRY(const auto record, transaction.get(key));
    TRY(const PagePtr page, decode_page(0, *record));
    PageDraft changed = draft_of(*page);
    edit(changed.entries.front());
    transaction.put(key, encode(changed));
    return {};
}

base::Result<> change_email(store::Transaction& transaction, void (*edit)(EmailRecord&)) {
    TRY(const auto record, transaction.get(email_key(1, 1)));
    TRY(EmailRecord email, decode_email(*record));
    edit(email);
    transaction.put(email_key(1, 1), encode(email));
    return {};
}

template <auto kEdit, auto kWith>
base::Result<> inflict(store::Transaction& transaction) {
    return kEdit(transaction, kWith);
}

template <KeyTag kTag>
base::Result<> erase_of_inbox(store::Transaction& transaction) {
    transaction.erase(mailbox_key(kTag, {1, kInbox}));
    return {};
}

template <KeyTag kTag>
base::Result<> damage_of_inbox(store::Transaction& transaction) {
    transaction.put(mailbox_key(kTag, {1, kInbox}), "?");
    return {};
}

const Damage kDamages[] = {
    {"there is mail of account 1, which does not exist",
     [](store::Transaction& t) {
         return account::remove_account(t, {"user1", "hamburger.example"});
     }},
    {"its record says 1 messages, 1 unseen, 0 deleted, 4 octets",
     inflict<change_inbox, [](MailboxState& inbox) { ++inbox.octets; }>},
    {"its record says 1 messages, 1 unseen, 1 deleted",
     inflict<change_inbox, [](MailboxState& inbox) { ++inbox.deleted; }>},
    {"its next was to be 1",
     inflict<change_inbox, [](MailboxState& inbox) { inbox.uid_next = 1; }>},
    {"its highest was to be 0",
     inflict<change_inbox, [](MailboxState& inbox) { inbox.highest_modseq = 0; }>},
    {"that its account never gave out",
     inflict<change_inbox, [](MailboxState& inbox) { inbox.highest_modseq = 9; }>},
    {"its counters say 2 and 3",
     inflict<change_counters, [](AccountCounters& counters) { ++counters.messages; }>},
    {"has a message id that it never gave out",
     inflict<change_counters, [](AccountCounters& counters) { counters.next_email = 1; }>},
    {"account 1 pays for 0 octets of annotations; its counters say 1",
     inflict<change_counters, [](AccountCounters& counters) { ++counters.annotation_octets; }>},
    {"account 1 has 6 mailboxes; its counters say 7",
     inflict<change_counters, [](AccountCounters& counters) { ++counters.mailboxes; }>},
    {"the account has no mail counters",
     [](store::Transaction& t) -> base::Result<> {
         t.erase(counters_key(1));
         return {};
     }},
    {"in mailbox 1, which does not exist", erase_of_inbox<KeyTag::kState>},
    {"mailbox 1 of account 1 has told of messages that never came",
     [](store::Transaction& t) -> base::Result<> {
         t.put(mailbox_key(KeyTag::kRecent, {1, kInbox}), encode_number(3));
         return {};
     }},
    {"mailbox 1 of account 1 has no place in the tree", erase_of_inbox<KeyTag::kMailbox>},
    {"mailbox 1 (INBOX) of account 1 cannot be found by its name",
     [](store::Transaction& t) -> base::Result<> {
         t.erase(name_key(1, 0, "INBOX"));
         return {};
     }},
    {"a name leads to no mailbox of that name",
     [](store::Transaction& t) -> base::Result<> {
         t.put(name_key(1, 0, "Other"), encode_number(kInbox));
         return {};
     }},
    {"a page of messages is damaged",
     [](store::Transaction& t) -> base::Result<> {
         t.put(page_key({1, kInbox}, 0), "?");
         return {};
     }},
    {"with keywords that have no name",
     inflict<change_entry, [](Entry& entry) { entry.keywords = 1; }>},
    {"email 1 of account 1 has 3 octets, its entries say 8",
     inflict<change_entry, [](Entry& entry) { entry.octets = 8; }>},
    {"email 2 of account 1 lies in 1 places, 0 are counted",
     inflict<change_entry, [](Entry& entry) { entry.email = 2; }>},
    {"email 1 of account 1 lies in 0 places, 1 are counted",
     inflict<change_entry, [](Entry& entry) { entry.email = 2; }>},
    {"its record says 8", inflict<change_email, [](EmailRecord& email) { email.octets = 8; }>},
    {"email 1 of account 1: its summary is damaged",
     inflict<change_email, [](EmailRecord& email) { email.summary = "?"; }>},
    {"email 1 of account 1: its record is damaged",
     [](store::Transaction& t) -> base::Result<> {
         t.put(email_key(1, 1), "?");
         return {};
     }},
    {"account 1: its mail counters are damaged",
     [](store::Transaction& t) -> base::Result<> {
         t.put(counters_key(1), "?");
         return {};
     }},
    {"account 1: the sums of a mailbox are damaged", damage_of_inbox<KeyTag::kState>},
    {"a mailbox' record is damaged", damage_of_inbox<KeyTag::kMailbox>},
    {"mailbox 1 of account 1 lies below one that does not exist",
     [](store::Transaction& t) -> base::Result<> {
         TRY(auto inbox, load_mailbox(t, {1, kInbox}));
         inbox->parent = 99;
         t.put(mailbox_key(KeyTag::kMailbox, {1, kInbox}), encode(*inbox));
         t.put(name_key(1, inbox->parent, inbox->name), encode_number(kInbox));
         return {};
     }},
    {"account 1 has 2 annotations and rights of mailbox 99, which does not exist",
     [](store::Transaction& t) -> base::Result<> {
         const Ref gone{1, 99};
         t.put(mailbox_key(KeyTag::kAnnotation, gone) + "of somebody", "a comment");
         return put_grant(t, gone, {kAnyone, false, kRightRead});
     }},
    {"there is mail of account 99, which does not exist",
     [](store::Transaction& t) -> base::Result<> {
         t.put(mailbox_key(KeyTag::kAnnotation, {99, 0}) + "of nobody", "a comment");
         return {};
     }},
    {"mailbox 1 of account 1: its history is damaged",
     [](store::Transaction& t) -> base::Result<> {
         t.put(vanished_key({1, kInbox}, 1), "?");
         return {};
     }},
    {"email 1 of account 1 has two sizes",
     [](store::Transaction& t) -> base::Result<> {
         const std::string key = page_key({1, kInbox}, 0);
         TRY(const auto record, t.get(key));
         TRY(const PagePtr page, decode_page(0, *record));
         PageDraft changed = draft_of(*page);
         Entry again = changed.entries.front();
         ++again.uid;
         ++again.octets;
         changed.entries.push_back(again);
         t.put(key, encode(changed));
         return {};
     }},
    {"its text is missing",
     inflict<change_email, [](EmailRecord& email) { email.blob.sha256[0] ^= 1U; }>},
};

class CheckTest : public fakes::MailFixture, public testing::WithParamInterface<Damage> {};

TEST_P(CheckTest, NamesWhatIsBroken) {
    ASSERT_TRUE(deliver("x\r\n", {recipient(1)}));
    ASSERT_THAT(findings(), IsEmpty());
    ASSERT_TRUE(change(GetParam().inflict));
    EXPECT_THAT(check(*store_.snapshot()).value(),
                testing::Contains(testing::HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(Damages, CheckTest, testing::ValuesIn(kDamages));

}  // namespace
}  // namespace mail
