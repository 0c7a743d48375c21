// Removing an account piece by piece, and going on after a crash, over the store in memory.
#include "app/removal.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>

#include "account/check.h"
#include "fakes/world.h"

namespace app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class RemovalTest : public testing::Test {
  protected:
    RemovalTest() {
        world_.add_domain("hamburger.example");
        world_.add_user("bob@hamburger.example", "secret");
        world_.add_user("jones@hamburger.example", "secret");
        for (int i = 0; i < 7; ++i) {
            world_.add_message("bob@hamburger.example", "hello\r\n");
        }
        world_.add_message("jones@hamburger.example", "hello\r\n");
    }

    // One step of a removal, as a change of its own.
    bool step(std::size_t messages_max) {
        bool done = false;
        world_.change([&](store::Transaction& change) -> base::Result<> {
            TRY(done, mail::remove_account_mail(change, bob_, messages_max));
            if (done) {
                account::end_removal(change, bob_);
            }
            return {};
        });
        return done;
    }

    void begin() {
        world_.change([this](store::Transaction& change) -> base::Result<> {
            TRY(bob_, account::begin_removal(change, {"bob", "hamburger.example"}));
            return {};
        });
    }

    std::vector<std::string> findings() {
        std::vector<std::string> all = world_.findings();
        auto more = account::check(*world_.store.snapshot()).value();
        std::move(more.begin(), more.end(), std::back_inserter(all));
        return all;
    }

    fakes::World world_;
    account::AccountId bob_ = 0;
};

TEST_F(RemovalTest, GoesPieceByPieceAndIsSoundBetween) {
    begin();
    EXPECT_THAT(account::list_removals(*world_.store.snapshot()).value(), ElementsAre(bob_));
    EXPECT_THAT(findings(), IsEmpty());
    for (const std::size_t left : {4U, 1U}) {
        EXPECT_FALSE(step(3));
        EXPECT_THAT(world_.messages.open_inbox(bob_)->messages, SizeIs(left));
        EXPECT_THAT(findings(), IsEmpty());
    }
    EXPECT_TRUE(step(3));
    EXPECT_THAT(world_.messages.open_inbox(bob_)->messages, IsEmpty());
    EXPECT_THAT(account::list_removals(*world_.store.snapshot()).value(), IsEmpty());
    EXPECT_THAT(findings(), IsEmpty());
    EXPECT_THAT(world_.inbox("jones@hamburger.example"), ElementsAre("hello\r\n"));
}

TEST_F(RemovalTest, TheNameIsFreeAtOnceAndItsNextOwnerKeepsTheirMail) {
    begin();
    world_.add_user("bob@hamburger.example", "another");
    world_.add_message("bob@hamburger.example", "for the next bob\r\n");
    EXPECT_FALSE(step(3));
    while (!step(3)) {
    }
    EXPECT_THAT(world_.inbox("bob@hamburger.example"), ElementsAre("for the next bob\r\n"));
    EXPECT_THAT(findings(), IsEmpty());
}

// A store without a loop: change_and_wait() waits in place.
TEST(FinishRemovalsTest, EndsWhatACrashCutShort) {
    store::MemoryStore store;
    const account::Address bob{"bob", "hamburger.example"};
    ASSERT_TRUE(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
        TRY_VOID(account::add_domain(change, "hamburger.example"));
        account::Account account;
        account.address = bob;
        TRY(const account::AccountId id, account::add_account(change, account));
        TRY(const account::AccountId removed, account::begin_removal(change, bob));
        EXPECT_EQ(id, removed);
        return {};
    }));
    EXPECT_THAT(account::list_removals(*store.snapshot()).value(), SizeIs(1));
    ASSERT_TRUE(finish_removals(store, nullptr));
    EXPECT_THAT(account::list_removals(*store.snapshot()).value(), IsEmpty());
    EXPECT_EQ(remove_account_whole(store, nullptr, bob).error().code, base::Errc::kNotFound);
}

}  // namespace
}  // namespace app
