#include "mail/place_cache.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "fakes/mailbox_fixture.h"
#include "mail/records.h"

namespace mail {
namespace {

// Through Mailboxes: what find() gives after each change is what the store has.
class PlaceCacheTest : public fakes::MailboxFixture {
  protected:
    base::Result<Ref> place(std::string_view path, account::AccountId user = 1) {
        TRY(const MailboxInfo info, mailboxes_.find(user, path, Around::kLeftOut));
        EXPECT_TRUE(info.selectable);
        return info.ref;
    }

    void create(std::string path) {
        EXPECT_TRUE(run(mailboxes_.create(loop_, 1, std::move(path))));
    }

    void rename(std::string from, std::string to) {
        EXPECT_TRUE(run(mailboxes_.rename(loop_, 1, std::move(from), std::move(to))));
    }
};

TEST_F(PlaceCacheTest, FindsWhatWasFoundBefore) {
    create("a/b");
    const Ref first = place("a/b").value();
    append(first, {"1"});
    const MailboxInfo again = mailboxes_.find(1, "a/b", Around::kLeftOut).value();
    EXPECT_EQ(again.ref, first);
    EXPECT_EQ(again.messages, 0U);  // not asked for, and so not looked up
    EXPECT_EQ(mailboxes_.find(1, "a/b").value().messages, 1U);
    EXPECT_FALSE(place("a/B"));
}

TEST_F(PlaceCacheTest, RenamesOfWhatIsAboveAreSeen) {
    create("a/b");
    const Ref before = place("a/b").value();
    rename("a", "c");
    EXPECT_FALSE(place("a/b"));
    EXPECT_EQ(place("c/b").value(), before);
    create("a/b");
    EXPECT_NE(place("a/b").value(), before);
}

TEST_F(PlaceCacheTest, WhatIsRemovedIsGone) {
    create("a/b");
    ASSERT_TRUE(place("a"));
    // "a" stays as a level above "a/b".
    ASSERT_TRUE(run(mailboxes_.remove(loop_, 1, "a")));
    const auto level = mailboxes_.find(1, "a", Around::kLeftOut);
    ASSERT_TRUE(level);
    EXPECT_FALSE(level->selectable);
    create("a");
    EXPECT_TRUE(place("a"));
}

TEST_F(PlaceCacheTest, OthersTreesAreTheirOwn) {
    create("a");
    ASSERT_TRUE(place("a"));
    EXPECT_FALSE(place("a", 2));
}

TEST(PlaceCache, WhatWasReadBeforeAChangeIsNotKept) {
    PlaceCache cache;
    const PlaceCache::Epoch before = cache.epoch();
    const std::string key = name_key(7, 0, "a");
    const store::Write write{key, "x"};
    cache.on_commit(std::span(&write, 1));
    cache.keep(before, 7, "a", {.ref = {7, 3}});
    EXPECT_FALSE(cache.find(7, "a"));
    cache.keep(cache.epoch(), 7, "a", {.ref = {7, 3}});
    EXPECT_TRUE(cache.find(7, "a"));
}

TEST(PlaceCache, ForgetsTheAccountThatChanges) {
    PlaceCache cache;
    for (const account::AccountId owner : {6U, 7U, 8U}) {
        cache.keep(cache.epoch(), owner, "a", {.ref = {owner, 3}});
    }
    const std::string key = name_key(7, 0, "b");
    const store::Write write{key, std::nullopt};
    cache.on_commit(std::span(&write, 1));
    EXPECT_TRUE(cache.find(6, "a"));
    EXPECT_FALSE(cache.find(7, "a"));
    EXPECT_TRUE(cache.find(8, "a"));
}

TEST(PlaceCache, IsBounded) {
    PlaceCache cache;
    for (std::size_t i = 0; i <= PlaceCache::kPlacesMax; ++i) {
        cache.keep(cache.epoch(), 1, std::to_string(i), {.ref = {1, i}});
    }
    EXPECT_FALSE(cache.find(1, "0"));
    EXPECT_TRUE(cache.find(1, std::to_string(PlaceCache::kPlacesMax)));
}

}  // namespace
}  // namespace mail
