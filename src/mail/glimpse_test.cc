// Glimpses against the snapshots of the same moment.
#include "mail/glimpse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fakes/mailbox_fixture.h"

namespace mail {
namespace {

constexpr std::size_t kMany = 1500;  // too many to be looked at from both ends

class GlimpseTest : public fakes::MailboxFixture {
  protected:
    Ref inbox_ = ref(1, "INBOX");

    void fill(std::size_t count, std::uint32_t flags) {
        append(inbox_, std::vector<std::string>(count, "one for all"), flags);
    }

    void store(UidSet uids, StoreMode mode, std::uint32_t flags) {
        ASSERT_TRUE(run(mailboxes_.store(
            loop_, 1, inbox_, std::move(uids), FlagChange{mode, flags, {}, std::nullopt})));
    }

    void expunge(Uid first, Uid last) {
        store({first, last}, StoreMode::kAdd, kDeleted);
        ASSERT_TRUE(run(mailboxes_.expunge(loop_, 1, inbox_)));
    }

    std::unique_ptr<Glimpse> glimpse() {
        auto read = Glimpse::read(store_.snapshot(), inbox_);
        EXPECT_TRUE(read);
        return read ? std::move(*read) : nullptr;
    }

    // What is told must be so; gives whether the first unseen one was told.
    bool compare(const Glimpse& glimpse, const Snapshot& snapshot) {
        EXPECT_EQ(glimpse.head().messages, snapshot.size());
        EXPECT_EQ(glimpse.head().highest_modseq, snapshot.highest_modseq());
        for (Uid uid = 1; uid <= snapshot.uid_next(); ++uid) {
            if (const auto count = glimpse.count_from(uid)) {
                EXPECT_EQ(*count, snapshot.size() - snapshot.lower_bound(uid)) << uid;
            }
        }
        const auto first_unseen = glimpse.first_unseen();
        EXPECT_EQ(first_unseen.value_or(snapshot.first_unseen()), snapshot.first_unseen());
        return first_unseen.has_value();
    }
};

TEST_F(GlimpseTest, AnEmptyMailboxAndOneThatIsNotThere) {
    EXPECT_TRUE(compare(*glimpse(), *open(inbox_)));
    const auto none = Glimpse::read(store_.snapshot(), {1, 999});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, base::Errc::kNotFound);
}

TEST_F(GlimpseTest, TheFirstUnseenOneIsFoundNearEitherEnd) {
    fill(kMany, kSeen);
    EXPECT_TRUE(compare(*glimpse(), *open(inbox_))) << "none is";
    store({1490, 1492}, StoreMode::kRemove, kSeen);
    EXPECT_TRUE(compare(*glimpse(), *open(inbox_))) << "at the end";
    store({700, 701}, StoreMode::kRemove, kSeen);
    EXPECT_FALSE(compare(*glimpse(), *open(inbox_))) << "in the middle";
    store({200, 205}, StoreMode::kRemove, kSeen);
    EXPECT_TRUE(compare(*glimpse(), *open(inbox_))) << "in front";
    store({1, kMany}, StoreMode::kRemove, kSeen);
    EXPECT_TRUE(compare(*glimpse(), *open(inbox_))) << "all are";
}

TEST_F(GlimpseTest, MessagesThatHaveGoneAreNotCounted) {
    fill(kMany, kSeen);
    store({1300, 1400}, StoreMode::kRemove, kSeen);
    expunge(2, 150);
    expunge(1310, 1389);
    expunge(1450, kMany);
    EXPECT_TRUE(compare(*glimpse(), *open(inbox_)));
    EXPECT_EQ(glimpse()->count_from(1), open(inbox_)->size());
    EXPECT_EQ(glimpse()->count_from(kMany + 1), 0U);
    EXPECT_NE(glimpse()->count_from(kMany - 400), std::nullopt);
    EXPECT_EQ(glimpse()->count_from(2), std::nullopt) << "too far from the end";
}

TEST_F(GlimpseTest, AllOfItIsOfTheSameMomentWhateverHappensMeanwhile) {
    fill(kMany, kSeen);
    const SnapshotPtr before = open(inbox_);
    Mailboxes cold(store_, clock_, pool_);
    auto first = cold.glimpse(inbox_);
    auto second = cold.glimpse(inbox_);
    ASSERT_TRUE(first && *first && second && *second);
    EXPECT_EQ((*run(cold.open(loop_, std::move(*first))))->uids().to_text(), "1:1500");
    expunge(3, 4);
    const auto later = run(cold.open(loop_, std::move(*second)));
    ASSERT_TRUE(later);
    EXPECT_EQ((*later)->highest_modseq(), before->highest_modseq());
    EXPECT_EQ((*later)->uids().to_text(), "1:1500");
    EXPECT_EQ((*run(cold.open(loop_, inbox_)))->uids().to_text(), "1:2,5:1500");
}

TEST_F(GlimpseTest, WhatIsInMemoryOrSmallIsNotGlimpsed) {
    fill(kMany, kSeen);
    Mailboxes cold(store_, clock_, pool_);
    const auto before = cold.glimpse(inbox_);
    EXPECT_TRUE(before && *before != nullptr);
    ASSERT_TRUE(run(cold.open(loop_, inbox_)));
    const auto warm = cold.glimpse(inbox_);
    EXPECT_TRUE(warm && *warm == nullptr);
    const auto small = cold.glimpse(ref(2, "INBOX"));
    EXPECT_TRUE(small && *small == nullptr);
    EXPECT_EQ(cold.glimpse({1, 999}).error().code, base::Errc::kNotFound);
}

}  // namespace
}  // namespace mail
