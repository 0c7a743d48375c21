// Tests of how failures are counted with the members of mailing lists.
#include "account/list_bounces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/directory.h"
#include "account/list_records.h"
#include "store/memory_store.h"

namespace account {
namespace {

using namespace std::chrono_literals;

Address at(std::string_view text) {
    return parse_address(text).value();
}

const MailingList kList{.address = {"team", "crepes.example"}, .failures_max = 3};
constexpr base::WallTime kNow{std::chrono::hours(24 * 365 * 56)};

TEST(ListBounces, CountADayOnceAndSuspendInTheEnd) {
    Member bob{.address = at("bob@hamburger.example")};
    bob = after_failure(kList, bob, kNow);
    EXPECT_EQ(bob.failures, 1U);
    EXPECT_EQ(after_failure(kList, bob, kNow + 23h), bob);
    bob = after_failure(kList, bob, kNow + 24h);
    EXPECT_EQ(bob.failures, 2U);
    EXPECT_FALSE(bob.suspended);
    bob = after_failure(kList, bob, kNow + 48h);
    EXPECT_TRUE(bob.suspended);
    EXPECT_EQ(after_failure(kList, bob, kNow + 96h), bob);
}

TEST(ListBounces, ForgetAfterAMonth) {
    Member bob{.address = at("bob@hamburger.example")};
    bob = after_failure(kList, bob, kNow);
    bob = after_failure(kList, bob, kNow + 24h * 20);
    EXPECT_EQ(bob.failures, 2U);
    bob = after_failure(kList, bob, kNow + 24h * 51);
    EXPECT_EQ(bob.failures, 1U);
}

TEST(ListBounces, SuspendNobodyOfAListThatDoesNotCount) {
    MailingList list = kList;
    list.failures_max = 0;
    const Member bob = after_failure(list, {.address = at("bob@hamburger.example")}, kNow);
    EXPECT_FALSE(bob.suspended);
}

TEST(ListBounces, ReadRecordsFromBeforeTheyCounted) {
    const ListKey key{
        .is_list = false, .list = kList.address, .member = {"bob", "hamburger.example"}};
    const Member plain{.address = at("Bob@hamburger.example")};
    EXPECT_EQ(encode_member(plain), std::string("\x01\x03", 2) + "Bob");
    EXPECT_EQ(decode_member(key, encode_member(plain)).value(), plain);
    const Member counted{.address = at("Bob@hamburger.example"),
                         .failures = 300,
                         .last_failure = kNow,
                         .suspended = true};
    EXPECT_EQ(decode_member(key, encode_member(counted)).value(), counted);
    // A list's record, cut off behind what the first ones had.
    std::string list = encode_list(kList);
    list.pop_back();
    EXPECT_EQ(decode_list("crepes.example", list)->failures_max, MailingList().failures_max);
}

class ListBouncesStoreTest : public testing::Test {
  protected:
    ListBouncesStoreTest() {
        EXPECT_TRUE(store_.change_and_wait([](store::Transaction& change) -> base::Result<> {
            TRY_VOID(add_domain(change, "crepes.example"));
            TRY_VOID(add_list(change, kList));
            return join_list(
                change, kList.address, Membership::kMember, at("bob@hamburger.example"));
        }));
    }

    store::MemoryStore store_;
};

TEST_F(ListBouncesStoreTest, FindTheListBehindItsBounces) {
    const auto find = [this](std::string_view address) {
        return find_bounced_list(*store_.snapshot(), at(address)).value();
    };
    EXPECT_EQ(find("TEAM-bounces@crepes.example"), kList.address);
    EXPECT_EQ(find("team@crepes.example"), std::nullopt);
    EXPECT_EQ(find("team-owner@crepes.example"), std::nullopt);
    EXPECT_EQ(find("other-bounces@crepes.example"), std::nullopt);
    EXPECT_TRUE(store_.change_and_wait([](store::Transaction& change) {
        MailingList list = kList;
        list.failures_max = 0;
        return update_list(change, list);
    }));
    EXPECT_EQ(find("team-bounces@crepes.example"), std::nullopt);
}

TEST_F(ListBouncesStoreTest, ResumeForgets) {
    const auto bob = [this] {
        return find_member(*store_.snapshot(), kList.address, at("BOB@hamburger.example")).value();
    };
    EXPECT_TRUE(store_.change_and_wait([](store::Transaction& change) {
        return update_member(change,
                             kList.address,
                             {.address = at("bob@hamburger.example"),
                              .failures = 3,
                              .last_failure = kNow,
                              .suspended = true});
    }));
    EXPECT_TRUE(bob()->suspended);
    const auto resume = [this](std::string_view who) {
        return store_.change_and_wait([who](store::Transaction& change) {
            return resume_member(change, kList.address, at(who));
        });
    };
    EXPECT_TRUE(resume("bob@hamburger.example"));
    EXPECT_EQ(bob(), Member{.address = at("bob@hamburger.example")});
    EXPECT_EQ(resume("eve@hamburger.example").error().code, base::Errc::kNotFound);
}

}  // namespace
}  // namespace account
