// What carries an account's mail, over the store in memory.
#include "app/mail_carrier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/directory.h"
#include "fakes/world.h"

namespace app {
namespace {

using testing::ElementsAre;

TEST(MailCarrierTest, GoesOnWhereMessagesGoMeanwhile) {
    fakes::World world;
    world.add_domain("hamburger.example");
    world.add_user("bob@hamburger.example", "secret");
    for (const char* const octets : {"1\r\n", "2\r\n", "3\r\n", "4\r\n"}) {
        world.add_message("bob@hamburger.example", octets);
    }
    const account::AccountId bob =
        (*account::find_account(*world.store.snapshot(), {"bob", "hamburger.example"}))->id;
    MailCarrier carrier(world.mailboxes, bob);
    ASSERT_EQ(*world.run(carrier.open(world.loop, "INBOX")), 4U);

    const mail::Ref inbox{bob, mail::kInbox};
    const mail::UidSet gone = mail::UidSet(2, 3);
    ASSERT_TRUE(world.run(world.mailboxes.store(
        world.loop, bob, inbox, gone, {mail::StoreMode::kAdd, mail::kDeleted, {}, {}})));
    ASSERT_TRUE(world.run(world.mailboxes.expunge(world.loop, bob, inbox)));
    std::vector<std::string> carried;
    while (true) {
        const auto message = world.run(carrier.next(world.loop));
        ASSERT_TRUE(message) << message.error().text;
        if (!*message) {
            break;
        }
        carried.push_back((*message)->octets);
    }
    EXPECT_THAT(carried, ElementsAre("1\r\n", "4\r\n"));
}

}  // namespace
}  // namespace app
