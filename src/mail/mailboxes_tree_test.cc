// The tree through Mailboxes: names, levels, INBOX, sharing, annotations, and messages that move in it.
#include <gmock/gmock.h>

#include <utility>

#include "fakes/mailbox_fixture.h"
#include "mail/mailboxes.h"
#include "mail/message_store.h"
#include "mail/records.h"

namespace mail {
namespace {

using base::Errc;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class MailboxTreeTest : public fakes::MailboxFixture {
  protected:
    std::vector<std::string> paths(account::AccountId user) {
        std::vector<std::string> all;
        const auto list = mailboxes_.list(user).value();
        for (const MailboxInfo& info : list) {
            all.push_back(info.path);
        }
        return all;
    }

    Errc create_fails(std::string path) {
        const auto created = run(mailboxes_.create(loop_, 1, std::move(path)));
        EXPECT_FALSE(created);
        return created ? Errc::kIo : created.error().code;
    }

    MailboxInfo create(account::AccountId user, std::string path, Role role = Role::kNone) {
        auto created = run(mailboxes_.create(loop_, user, path, role));
        EXPECT_TRUE(created) << path;
        return created ? *created : MailboxInfo();
    }

    base::Result<> rename(std::string from, std::string to) {
        return run(mailboxes_.rename(loop_, 1, std::move(from), std::move(to)));
    }

    base::Result<> remove(std::string path) {
        return run(mailboxes_.remove(loop_, 1, std::move(path)));
    }

    void grant(Ref ref, std::string who, std::string_view letters) {
        EXPECT_TRUE(run(mailboxes_.set_acl(loop_,
                                           ref.owner,
                                           ref,
                                           std::move(who),
                                           {RightsMode::kReplace, parse_rights(letters).value()})));
    }
};

TEST_F(MailboxTreeTest, NamesAreBoundedAndNormal) {
    struct Row {
        std::string path;
        Errc error;
    };

    const Row rows[] = {
        {"", Errc::kInvalid},
        {"a//b", Errc::kInvalid},
        {"/a", Errc::kInvalid},
        {"a*", Errc::kInvalid},
        {"50%", Errc::kInvalid},
        {"a\x01", Errc::kInvalid},
        {"a\xc2\x85", Errc::kInvalid},
        {"a\xe2\x80\xa8", Errc::kInvalid},
        {"\xff", Errc::kInvalid},
        {std::string(256, 'a'), Errc::kTooLong},
        {"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", Errc::kTooLong},
        {"inbox", Errc::kExists},
        {"Sent/", Errc::kExists},
        {"Other Users/nobody@crepes.example/x", Errc::kNotFound},
        {"Other Users/user2@hamburger.example/x", Errc::kDenied},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(create_fails(row.path), row.error) << row.path;
    }
    // e and a combining acute accent are one mailbox with the letter that has it.
    EXPECT_EQ(create(1, "caf\x65\xcc\x81/").path, "caf\xc3\xa9");
    EXPECT_EQ(create_fails("caf\xc3\xa9"), Errc::kExists);
    EXPECT_EQ(create(1, "inbox/News").path, "INBOX/News");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, LevelsAboveAreMadeAndStayWhenTheirMailboxGoes) {
    create(1, "Lists/c++/core");
    EXPECT_TRUE(mailboxes_.find(1, "Lists")->has_children);
    append(ref(1, "Lists"), {"x\r\n"});
    const std::string before = mailboxes_.find(1, "Lists")->object_id;
    ASSERT_TRUE(remove("Lists"));
    EXPECT_FALSE(mailboxes_.find(1, "Lists")->selectable);
    EXPECT_EQ(store_.check(count_references)->blobs, 0U);
    EXPECT_EQ(remove("Lists").error().code, Errc::kInUse);
    EXPECT_NE(create(1, "Lists").object_id, before);
    EXPECT_EQ(open(ref(1, "Lists"))->size(), 0U);
    ASSERT_TRUE(remove("Lists/c++/core"));
    ASSERT_TRUE(remove("Lists/c++"));
    ASSERT_TRUE(remove("Lists"));
    EXPECT_EQ(remove("INBOX").error().code, Errc::kInvalid);
    EXPECT_THAT(paths(1), Not(Contains("Lists")));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, RenamesWithAllBelow) {
    create(1, "a/b/c");
    append(ref(1, "a/b"), {"x\r\n"});
    const MailboxInfo before = *mailboxes_.find(1, "a/b");
    ASSERT_TRUE(rename("a/b", "new/top"));
    const MailboxInfo after = *mailboxes_.find(1, "new/top");
    EXPECT_EQ(after.ref, before.ref);
    EXPECT_EQ(after.object_id, before.object_id);
    EXPECT_EQ(after.uid_validity, before.uid_validity);
    EXPECT_TRUE(mailboxes_.find(1, "new/top/c"));
    EXPECT_FALSE(mailboxes_.find(1, "a/b"));
    EXPECT_EQ(rename("new", "new/top/x").error().code, Errc::kInvalid);
    EXPECT_EQ(rename("new", "Sent").error().code, Errc::kExists);
    EXPECT_EQ(rename("nothing", "x").error().code, Errc::kNotFound);
    EXPECT_EQ(rename("new", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15").error().code, Errc::kTooLong);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, RenamedInboxKeepsItsPlaceAndChildren) {
    create(1, "INBOX/child");
    append(ref(1, "INBOX"), {"1\r\n", "2\r\n"}, kFlagged, {"k"});
    const MailboxInfo before = *mailboxes_.find(1, "INBOX");
    ASSERT_TRUE(rename("inbox", "Old/mail"));
    EXPECT_EQ(mailboxes_.find(1, "INBOX")->uid_validity, before.uid_validity);
    EXPECT_EQ(open(ref(1, "INBOX"))->size(), 0U);
    EXPECT_TRUE(mailboxes_.find(1, "INBOX/child"));
    const SnapshotPtr moved = open(ref(1, "Old/mail"));
    ASSERT_EQ(moved->size(), 2U);
    EXPECT_EQ(moved->at(0).flags, kFlagged);
    EXPECT_THAT(moved->keyword_names(moved->at(0).keywords), ElementsAre("k"));
    EXPECT_EQ(mailboxes_.vanished_since(ref(1, "INBOX"), before.highest_modseq)->uids.to_text(),
              "1:2");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, RolesAreHeldOnce) {
    EXPECT_EQ(run(mailboxes_.create(loop_, 1, "Mine", Role::kTrash)).error().code, Errc::kInUse);
    ASSERT_TRUE(remove("Trash"));
    EXPECT_EQ(create(1, "Mine", Role::kTrash).role, Role::kTrash);
}

TEST_F(MailboxTreeTest, CopiesAndMovesOfWhatHasGoneCanBePrevented) {
    const Ref inbox = ref(1, "INBOX");
    const Ref archive = ref(1, "Archive");
    append(inbox, {"1\r\n", "2\r\n", "3\r\n"});
    ASSERT_TRUE(run(mailboxes_.move(loop_, 1, {inbox, {2, 2}, archive})));
    const Modseq before = open(inbox)->highest_modseq();
    const auto copied =
        run(mailboxes_.copy(loop_, 1, {inbox, {1, 3}, archive, Missing::kPreventsAll}));
    EXPECT_EQ(copied.error().code, Errc::kInvalid);
    const auto moved =
        run(mailboxes_.move(loop_, 1, {inbox, {1, 3}, archive, Missing::kPreventsAll}));
    EXPECT_EQ(moved.error().code, Errc::kInvalid);
    EXPECT_EQ(open(inbox)->uids().to_text(), "1,3");
    EXPECT_EQ(open(inbox)->highest_modseq(), before);
    EXPECT_EQ(open(archive)->uids().to_text(), "1");
    EXPECT_THAT(findings(), IsEmpty());
    ASSERT_TRUE(run(mailboxes_.move(loop_, 1, {inbox, {3, 3}, archive, Missing::kPreventsAll})));
    EXPECT_EQ(open(archive)->uids().to_text(), "1:2");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, SubscriptionsAreNamesOfTheirOwn) {
    ASSERT_TRUE(run(mailboxes_.subscribe(loop_, 1, "Not there", true)));
    ASSERT_TRUE(run(mailboxes_.subscribe(loop_, 1, "Junk", false)));
    EXPECT_THAT(mailboxes_.subscriptions(1).value(),
                ElementsAre("Archive", "Drafts", "INBOX", "Not there", "Sent", "Trash"));
    EXPECT_FALSE(mailboxes_.find(1, "Junk")->subscribed);
}

TEST_F(MailboxTreeTest, CopiesShareTheEmailAndMovesKeepIt) {
    const Ref inbox = ref(1, "INBOX");
    const Ref archive = ref(1, "Archive");
    append(inbox, {"1\r\n", "2\r\n", "3\r\n"}, kSeen, {"k"});
    const auto copied = run(mailboxes_.copy(loop_, 1, {inbox, {1, 2}, archive}));
    EXPECT_EQ(copied->from.to_text(), "1:2");
    EXPECT_EQ(copied->to.to_text(), "1:2");
    EXPECT_EQ(copied->uid_validity, open(archive)->uid_validity());
    EXPECT_EQ(open(archive)->at(0).email, open(inbox)->at(0).email);
    EXPECT_EQ(store_.check(count_references)->blobs, 3U);
    EXPECT_THAT(findings(), IsEmpty());
    const auto moved = run(mailboxes_.move(loop_, 1, {inbox, {2, 9}, archive}));
    EXPECT_EQ(moved->to.to_text(), "3:4");
    EXPECT_EQ(open(inbox)->uids().to_text(), "1");
    const SnapshotPtr after = open(archive);
    EXPECT_THAT(after->keyword_names(after->at(3).keywords), ElementsAre("k"));
    EXPECT_EQ(load_counters(*store_.snapshot(), 1)->messages, 5U);
    EXPECT_THAT(findings(), IsEmpty());
    ASSERT_TRUE(run(mailboxes_.move(loop_, 1, {archive, UidSet::all(), archive})));
    EXPECT_EQ(open(archive)->uids().to_text(), "5:8");
    ASSERT_TRUE(remove("Archive"));
    EXPECT_EQ(store_.check(count_references)->blobs, 1U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, ReplacesOneMessageByAnother) {
    const Ref drafts = ref(1, "Drafts");
    append(drafts, {"one\r\n"}, kDraft);
    auto replace = [&](Uid uid) {
        return run(mailboxes_.replace(
            loop_, 1, {drafts, uid}, drafts, std::move(new_messages({"two\r\n"}).front())));
    };
    EXPECT_EQ(replace(1)->uids.to_text(), "2");
    EXPECT_EQ(replace(1).error().code, Errc::kNotFound);
    EXPECT_EQ(body(1, open(drafts)->at(0).email), "two\r\n");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, SharedMailboxesShowTheirOwnerAndObeyRights) {
    const std::string shared = "Other Users/user1@hamburger.example/Sales";
    const Ref sales = create(1, "Sales").ref;
    append(sales, {"x\r\n"});
    EXPECT_EQ(mailboxes_.find(2, shared).error().code, Errc::kNotFound);
    grant(sales, "user2@hamburger.example", "lrs");
    grant(sales, "anyone", "l");
    grant(sales, "-user3@hamburger.example", "l");
    EXPECT_THAT(paths(2), Contains(shared));
    EXPECT_THAT(paths(3), Not(Contains(shared)));
    EXPECT_EQ(to_text(mailboxes_.find(2, shared)->rights), "lrs");
    EXPECT_EQ(to_text(mailboxes_.my_rights(2, sales).value()), "lrs");
    const FlagChange both{StoreMode::kAdd, kSeen | kFlagged, {"k"}, {}};
    ASSERT_TRUE(run(mailboxes_.store(loop_, 2, sales, {1, 1}, both)));
    EXPECT_EQ(open(sales)->at(0).flags, kSeen);
    EXPECT_EQ(run(mailboxes_.store(loop_, 3, sales, {1, 1}, both)).error().code, Errc::kDenied);
    EXPECT_EQ(run(mailboxes_.append(loop_, 2, sales, new_messages({"y"}))).error().code,
              Errc::kDenied);
    EXPECT_EQ(run(mailboxes_.move(loop_, 2, {sales, {1, 1}, ref(2, "INBOX")})).error().code,
              Errc::kDenied);
    ASSERT_TRUE(run(mailboxes_.copy(loop_, 2, {sales, {1, 1}, ref(2, "INBOX")})));
    EXPECT_EQ(body(2, open(ref(2, "INBOX"))->at(0).email), "x\r\n");
    EXPECT_EQ(store_.check(count_references)->blobs, 1U);
    grant(sales, "user2@hamburger.example", "lrte");
    ASSERT_TRUE(run(mailboxes_.move(loop_, 2, {sales, {1, 1}, ref(2, "INBOX")})));
    EXPECT_EQ(open(sales)->size(), 0U);
    EXPECT_EQ(mailboxes_.acl(2, sales).error().code, Errc::kDenied);
    EXPECT_EQ(mailboxes_.acl(1, sales)->size(), 4U);
    EXPECT_THAT(findings(), IsEmpty());
    ASSERT_TRUE(remove("Sales"));
    EXPECT_THAT(paths(2), Not(Contains(shared)));
    EXPECT_THAT(findings(), IsEmpty());
}

// However many there are beside it.
TEST_F(MailboxTreeTest, OfOthersTreesOnlyWhatIsSharedIsRead) {
    const std::string top = "Other Users/user1@hamburger.example/";
    const Ref deep = create(1, "Sales/2026/March").ref;
    const Ref beside = create(1, "Private").ref;
    grant(deep, "user2@hamburger.example", "lr");
    grant(ref(1, "INBOX"), "anyone", "l");
    append(deep, {"x\r\n"});
    ASSERT_TRUE(change([&](store::Transaction& transaction) -> base::Result<> {
        transaction.put(mailbox_key(KeyTag::kMailbox, beside), "damaged");
        return {};
    }));
    EXPECT_FALSE(mailboxes_.list(1));
    const auto seen = mailboxes_.list(2);
    ASSERT_TRUE(seen);
    const auto shown = std::ranges::find(*seen, deep, &MailboxInfo::ref);
    ASSERT_NE(shown, seen->end());
    EXPECT_EQ(shown->path, top + "Sales/2026/March");
    EXPECT_EQ(shown->messages, 1U);
    EXPECT_TRUE(shown->selectable);
    EXPECT_THAT(paths(2), Contains(top + "INBOX"));
    EXPECT_THAT(paths(2), Not(Contains(top + "Sales/2026")));
}

// RFC 5464 4.1: everybody's, and they count.
TEST_F(MailboxTreeTest, AnnotationsAreCopiedWithInbox) {
    const Ref inbox = ref(1, "INBOX");
    grant(inbox, "user2@hamburger.example", "lr");
    const auto annotate = [&](account::AccountId user, std::string name, std::string value) {
        return run(mailboxes_.annotate(
            loop_, user, inbox, {{std::move(name), std::optional(std::move(value))}}));
    };
    ASSERT_TRUE(annotate(1, "/private/comment", "mine"));
    ASSERT_TRUE(annotate(1, "/shared/comment", "ours"));
    ASSERT_TRUE(annotate(2, "/private/comment", "yours"));
    const auto used = [&](account::AccountId user) {
        return mailboxes_.quota(user)->annotation_octets.used;
    };
    const std::uint64_t mine = used(1);
    const std::uint64_t yours = used(2);
    ASSERT_TRUE(rename("INBOX", "Old"));
    EXPECT_EQ(used(1), 2 * mine);
    EXPECT_EQ(used(2), 2 * yours);
    grant(ref(1, "Old"), "user2@hamburger.example", "lr");
    for (const std::string_view path : {"INBOX", "Old"}) {
        const auto own = mailboxes_.annotations(1, ref(1, path)).value();
        ASSERT_EQ(own.size(), 2U) << path;
        EXPECT_EQ(own[0].value + own[1].value, "mineours");
        EXPECT_EQ(mailboxes_.annotations(2, ref(1, path)).value().at(0).value, "yours");
    }
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(annotate(1, "/private/" + std::to_string(i), std::string(60'000, 'x')));
    }
    append(inbox, {"1\r\n"});
    EXPECT_EQ(rename("INBOX", "Older").error().code, Errc::kOverQuota);
    EXPECT_FALSE(mailboxes_.find(1, "Older"));
    EXPECT_EQ(open(inbox)->size(), 1U);
    EXPECT_THAT(findings(), IsEmpty());
}

// DELETE leaves the level that has children, and CREATE makes another mailbox there.
TEST_F(MailboxTreeTest, WhoMeansAMailboxDoesNotChangeAnother) {
    const MailboxInfo old = create(1, "Sales");
    create(1, "Sales/March");
    append(old.ref, {"1\r\n", "2\r\n"});
    const Opened meant(old.ref, open(old.ref)->uid_validity());
    ASSERT_TRUE(remove("Sales"));
    const Ref made = create(1, "Sales").ref;
    ASSERT_EQ(made, old.ref);
    append(made, {"3\r\n"});
    const Ref inbox = ref(1, "INBOX");
    const FlagChange deleted{StoreMode::kAdd, kDeleted, {}, std::nullopt};
    EXPECT_EQ(run(mailboxes_.store(loop_, 1, meant, {1, 1}, deleted)).error().code,
              Errc::kNotFound);
    EXPECT_EQ(run(mailboxes_.copy(loop_, 1, {meant, {1, 1}, inbox})).error().code, Errc::kNotFound);
    EXPECT_EQ(run(mailboxes_.move(loop_, 1, {meant, {1, 1}, inbox})).error().code, Errc::kNotFound);
    ASSERT_TRUE(run(mailboxes_.store(loop_, 1, made, {1, 1}, deleted)));
    EXPECT_EQ(run(mailboxes_.expunge(loop_, 1, meant)).error().code, Errc::kNotFound);
    EXPECT_EQ(open(made)->size(), 1U);
    EXPECT_EQ(open(inbox)->size(), 0U);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, WhatHasGoneIsNotWrittenTo) {
    const Ref sales = create(1, "Sales").ref;
    ASSERT_TRUE(remove("Sales"));
    EXPECT_EQ(run(mailboxes_.annotate(loop_, 1, sales, {{"/private/comment", "x"}})).error().code,
              Errc::kNotFound);
    constexpr account::AccountId kGone = 77;
    EXPECT_EQ(run(mailboxes_.create(loop_, kGone, "Sales")).error().code, Errc::kNotFound);
    EXPECT_EQ(run(mailboxes_.subscribe(loop_, kGone, "Sales", true)).error().code, Errc::kNotFound);
    EXPECT_EQ(run(mailboxes_.prepare(loop_, kGone)).error().code, Errc::kNotFound);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(MailboxTreeTest, AnnotationsArePrivateOrShared) {
    const Ref inbox = ref(1, "INBOX");
    grant(inbox, "user2@hamburger.example", "lr");
    const auto annotate =
        [&](account::AccountId user, std::string name, std::optional<std::string> v) {
            return run(mailboxes_.annotate(loop_, user, inbox, {{std::move(name), std::move(v)}}));
        };
    ASSERT_TRUE(annotate(1, "/Private/Comment", "mine"));
    ASSERT_TRUE(annotate(1, "/shared/comment", "ours"));
    ASSERT_TRUE(annotate(2, "/private/comment", "yours"));
    EXPECT_EQ(annotate(2, "/shared/comment", "x").error().code, Errc::kDenied);
    EXPECT_EQ(annotate(1, "/other/x", "x").error().code, Errc::kInvalid);
    EXPECT_EQ(annotate(1, "/private//x", "x").error().code, Errc::kInvalid);
    EXPECT_EQ(annotate(1, "/private/x", std::string(70'000, 'x')).error().code, Errc::kTooLong);
    for (int i = 0; i < 20; ++i) {
        const std::string name = "/private/" + std::to_string(i);
        const auto done = annotate(1, name, std::string(65'000, 'x'));
        EXPECT_EQ(done.has_value(), i < 16) << i;
        EXPECT_EQ(done ? Errc::kOverQuota : done.error().code, Errc::kOverQuota) << i;
    }
    for (int i = 0; i < 16; ++i) {
        ASSERT_TRUE(annotate(1, "/private/" + std::to_string(i), std::nullopt));
    }
    const auto seen = mailboxes_.annotations(2, inbox).value();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].name + "=" + seen[0].value, "/private/comment=yours");
    EXPECT_EQ(seen[1].value, "ours");
    EXPECT_GT(mailboxes_.quota(1)->annotation_octets.used, 0U);
    for (const account::AccountId user : {1U, 2U}) {
        ASSERT_TRUE(annotate(user, "/private/comment", std::nullopt));
    }
    ASSERT_TRUE(annotate(1, "/shared/comment", std::nullopt));
    EXPECT_EQ(mailboxes_.quota(1)->annotation_octets.used, 0U);
}

// Of others' mailboxes too, so that no guest uses up what the owner may write.
TEST_F(MailboxTreeTest, PrivateAnnotationsCountForWhoWroteThem) {
    const Ref inbox = ref(1, "INBOX");
    const Ref sales = create(1, "Sales").ref;
    const auto used = [&](account::AccountId user) {
        return mailboxes_.quota(user)->annotation_octets.used;
    };
    const auto annotate = [&](account::AccountId user, Ref where, std::string name) {
        std::vector<Mailboxes::AnnotationChange> changes{
            {std::move(name), std::string(60'000, 'x')}};
        return run(mailboxes_.annotate(loop_, user, where, std::move(changes)));
    };
    for (const Ref where : {inbox, sales}) {
        grant(where, "user2@hamburger.example", "lr");
        for (int i = 0; i < 8; ++i) {
            ASSERT_TRUE(annotate(2, where, "/private/" + std::to_string(i)));
        }
    }
    ASSERT_TRUE(annotate(2, inbox, "/private/last"));
    EXPECT_EQ(annotate(2, sales, "/private/more").error().code, Errc::kOverQuota);
    EXPECT_EQ(used(1), 0U);
    ASSERT_TRUE(annotate(1, sales, "/private/mine"));
    ASSERT_TRUE(annotate(1, sales, "/shared/ours"));
    const std::uint64_t full = used(2);

    // What would be too much is not copied, and keeps nobody from anything.
    ASSERT_TRUE(rename("INBOX", "Old"));
    EXPECT_EQ(used(2), full);
    ASSERT_TRUE(remove("Old"));
    ASSERT_TRUE(remove("Sales"));
    EXPECT_EQ(used(1), 0U);
    EXPECT_GT(used(2), full / 2);
    EXPECT_LT(used(2), full * 2 / 3);
}

TEST_F(MailboxTreeTest, PrivateAnnotationsGoWithTheRightToSeeThem) {
    const Ref inbox = ref(1, "INBOX");
    const auto used = [&](account::AccountId user) {
        return mailboxes_.quota(user)->annotation_octets.used;
    };
    const auto annotate = [&](account::AccountId user, std::string name) {
        return run(mailboxes_.annotate(loop_, user, inbox, {{std::move(name), "text"}}));
    };
    grant(inbox, "anyone", "lr");
    grant(inbox, "user2@hamburger.example", "lr");
    for (const account::AccountId user : {1U, 2U, 3U}) {
        ASSERT_TRUE(annotate(user, "/private/comment"));
    }
    ASSERT_TRUE(annotate(1, "/shared/comment"));
    const std::uint64_t owners = used(1);
    grant(inbox, "anyone", "");
    EXPECT_EQ(used(3), 0U);
    EXPECT_GT(used(2), 0U);
    EXPECT_EQ(mailboxes_.annotations(2, inbox)->size(), 2U);
    grant(inbox, "user2@hamburger.example", "");
    EXPECT_EQ(used(2), 0U);
    EXPECT_EQ(used(1), owners);
    EXPECT_EQ(mailboxes_.annotations(1, inbox)->size(), 2U);
    EXPECT_THAT(findings(), IsEmpty());
}

// As stores have it that were written when the owner paid for everybody's.
TEST_F(MailboxTreeTest, SumsOfAnnotationsAreMended) {
    const Ref inbox = ref(1, "INBOX");
    grant(inbox, "user2@hamburger.example", "lr");
    ASSERT_TRUE(run(mailboxes_.annotate(loop_, 1, inbox, {{"/shared/comment", "ours"}})));
    ASSERT_TRUE(run(mailboxes_.annotate(loop_, 2, inbox, {{"/private/comment", "mine"}})));
    const auto used = [&](account::AccountId user) {
        return mailboxes_.quota(user)->annotation_octets.used;
    };
    const std::uint64_t owners = used(1);
    const std::uint64_t guests = used(2);
    ASSERT_TRUE(change([](store::Transaction& transaction) -> base::Result<> {
        TRY(AccountCounters owner, load_counters(transaction, 1));
        TRY(AccountCounters guest, load_counters(transaction, 2));
        owner.annotation_octets += std::exchange(guest.annotation_octets, 0);
        transaction.put(counters_key(1), encode(owner));
        transaction.put(counters_key(2), encode(guest));
        return {};
    }));
    EXPECT_EQ(findings().size(), 2U);
    std::vector<std::string> mended;
    const auto mend = [&mended](store::Transaction& transaction) -> base::Result<> {
        TRY(mended, mend_sums(transaction));
        return {};
    };
    ASSERT_TRUE(change(mend));
    EXPECT_EQ(mended.size(), 2U);
    EXPECT_EQ(used(1), owners);
    EXPECT_EQ(used(2), guests);
    ASSERT_TRUE(change(mend));
    EXPECT_TRUE(mended.empty());
}

TEST_F(MailboxTreeTest, QuotaTellsWhatIsUsed) {
    set_quota(1, 100);
    append(ref(1, "INBOX"), {"12345"});
    const Quota quota = mailboxes_.quota(1).value();
    EXPECT_EQ(quota.root, "user1@hamburger.example");
    EXPECT_EQ(quota.storage_octets.used, 5U);
    EXPECT_EQ(quota.storage_octets.limit, 100U);
    EXPECT_EQ(quota.messages.used, 1U);
    EXPECT_EQ(quota.mailboxes.used, 6U);
}

TEST_F(MailboxTreeTest, AnAccountGoesWithAllItHas) {
    create(1, "a/b");
    append(ref(1, "a/b"), std::vector<std::string>(300, "x\r\n"), kDeleted);
    ASSERT_TRUE(run(mailboxes_.copy(loop_, 1, {ref(1, "a/b"), {1, 9}, ref(1, "INBOX")})));
    ASSERT_TRUE(run(mailboxes_.expunge(loop_, 1, ref(1, "a/b"))));
    grant(ref(1, "a"), "user2@hamburger.example", "lr");
    grant(ref(2, "Sent"), "user1@hamburger.example", "lr");
    ASSERT_TRUE(run(mailboxes_.annotate(loop_, 2, ref(1, "a"), {{"/private/comment", "x"}})));
    ASSERT_TRUE(deliver("Message-ID: <1@x>\r\n\r\n", {recipient(1)}));
    bool done = false;
    for (int steps = 0; !done && steps < 100; ++steps) {
        ASSERT_TRUE(change([&done, steps](store::Transaction& transaction) -> base::Result<> {
            if (steps == 0) {
                TRY_VOID(account::begin_removal(transaction, {"user1", "hamburger.example"}));
            }
            TRY(done, remove_account_mail(transaction, 1, 50));
            if (done) {
                account::end_removal(transaction, 1);
            }
            return {};
        }));
        EXPECT_THAT(findings(), IsEmpty());
    }
    EXPECT_TRUE(done);
    EXPECT_EQ(store_.check(count_references)->blobs, 0U);
    EXPECT_EQ(mailboxes_.acl(2, ref(2, "Sent"))->size(), 1U);
    EXPECT_EQ(mailboxes_.quota(2)->annotation_octets.used, 0U);
}

}  // namespace
}  // namespace mail
