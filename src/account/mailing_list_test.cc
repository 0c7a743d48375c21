// Tests of mailing lists over the store in memory: their names, members, and who may post.
#include "account/mailing_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/check.h"
#include "account/directory.h"
#include "store/memory_store.h"

namespace account {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Address at(std::string_view text) {
    auto address = parse_address(text);
    EXPECT_TRUE(address) << text;
    return std::move(address).value_or(Address());
}

class MailingListTest : public testing::Test {
  protected:
    MailingListTest() {
        EXPECT_EQ(change([](store::Transaction& tx) { return add_domain(tx, "crepes.example"); }),
                  "");
        add_user("alice@crepes.example");
        add_user("root@crepes.example", true);
        EXPECT_EQ(make("team@crepes.example"), "");
    }

    ~MailingListTest() override { EXPECT_THAT(check(*store_.snapshot()).value(), IsEmpty()); }

    // The error's text; empty: it was done.
    std::string change(const store::Change& function) {
        const auto done = store_.change_and_wait(function);
        return done ? "" : done.error().text;
    }

    std::string add_user(std::string_view address, bool administrator = false) {
        return change([&](store::Transaction& tx) -> base::Result<> {
            Account account;
            account.address = at(address);
            account.administrator = administrator;
            TRY_VOID(add_account(tx, account));
            return {};
        });
    }

    std::string make(std::string_view address) {
        return change([&](store::Transaction& tx) {
            return add_list(tx, {.address = at(address), .description = {}, .unsubscribe_url = {}});
        });
    }

    std::string join(std::string_view who, Membership membership = Membership::kMember) {
        return change([&](store::Transaction& tx) {
            return join_list(tx, at("Team@crepes.example"), membership, at(who));
        });
    }

    std::vector<std::string> members(std::optional<Address> after = std::nullopt) {
        std::vector<std::string> found;
        EXPECT_TRUE(visit_members(*store_.snapshot(),
                                  at("team@crepes.example"),
                                  Membership::kMember,
                                  after,
                                  [&](const Address& member) {
                                      found.push_back(member.to_string());
                                      return true;
                                  }));
        return found;
    }

    // Where mail for an address goes: "1 x@remote.example list:team@crepes.example", or the error.
    std::string who(std::string_view address) {
        const auto resolution = resolve(*store_.snapshot(), at(address));
        if (!resolution) {
            return std::string(base::errc_name(resolution.error().code));
        }
        std::string text;
        for (const LocalRecipient& local : resolution->local) {
            text += local.address.to_string() + " ";
        }
        for (const Address& remote : resolution->remote) {
            text += remote.to_string() + " ";
        }
        for (const Address& list : resolution->lists) {
            text += "list:" + list.to_string() + " ";
        }
        return text;
    }

    store::MemoryStore store_;
};

TEST_F(MailingListTest, MembersJoinAndLeaveOneByOne) {
    EXPECT_EQ(join("bob@hamburger.example"), "");
    EXPECT_EQ(join("Alice@crepes.example"), "");
    EXPECT_EQ(join("al@hamburger.example"), "");
    EXPECT_THAT(
        members(),
        ElementsAre("Alice@crepes.example", "al@hamburger.example", "bob@hamburger.example"));
    EXPECT_THAT(members(at("AL@hamburger.example")), ElementsAre("bob@hamburger.example"));
    EXPECT_THAT(join("BOB@Hamburger.example"), HasSubstr("joined already"));
    EXPECT_EQ(
        change([](store::Transaction& tx) {
            return leave_list(
                tx, at("team@crepes.example"), Membership::kMember, at("Bob@hamburger.example"));
        }),
        "");
    EXPECT_THAT(members(), ElementsAre("Alice@crepes.example", "al@hamburger.example"));
    EXPECT_THAT(
        change([](store::Transaction& tx) {
            return leave_list(
                tx, at("team@crepes.example"), Membership::kOwner, at("al@hamburger.example"));
        }),
        HasSubstr("never joined"));
}

TEST_F(MailingListTest, RefusesMembersThatAreNobody) {
    EXPECT_THAT(join("ghost@crepes.example"), HasSubstr("there is nobody"));
    EXPECT_THAT(join("team-owner@crepes.example"), HasSubstr("its own member"));
    EXPECT_THAT(join("TEAM@crepes.example"), HasSubstr("its own member"));
    EXPECT_EQ(make("all@crepes.example"), "");
    EXPECT_EQ(join("all@crepes.example"), "");
}

TEST_F(MailingListTest, AListHasFourNames) {
    EXPECT_EQ(who("Team+x@crepes.example"), "list:team@crepes.example ");
    // Without owners the administrator gets what is theirs.
    EXPECT_EQ(who("team-owner@crepes.example"), "root@crepes.example ");
    EXPECT_EQ(join("alice@crepes.example", Membership::kOwner), "");
    EXPECT_EQ(join("bob@hamburger.example", Membership::kOwner), "");
    for (const auto* const name : {"team-owner", "team-request", "TEAM-Bounces"}) {
        EXPECT_EQ(who(std::string(name) + "@crepes.example"),
                  "alice@crepes.example bob@hamburger.example ");
    }
    EXPECT_EQ(who("team-x@crepes.example"), "not-found");
}

TEST_F(MailingListTest, NamesAreTakenOnce) {
    EXPECT_THAT(add_user("team-bounces@crepes.example"), HasSubstr("a name of the list"));
    EXPECT_THAT(change([](store::Transaction& tx) {
                    return set_alias(tx, "team-request@crepes.example", {at("x@y.example")});
                }),
                HasSubstr("a name of the list"));
    EXPECT_THAT(make("TEAM@crepes.example"), HasSubstr("exists already"));
    EXPECT_THAT(make("team-owner@crepes.example"), HasSubstr("exists already"));
    EXPECT_THAT(make("alice@crepes.example"), HasSubstr("exists already"));
    EXPECT_EQ(add_user("club-owner@crepes.example"), "");
    EXPECT_THAT(make("club@crepes.example"), HasSubstr("club-owner@crepes.example exists"));
    EXPECT_THAT(make("club@elsewhere.example"), HasSubstr("there is no domain"));
    EXPECT_THAT(make("\"a b\"@crepes.example"), HasSubstr("letters, digits"));
    EXPECT_THAT(change([](store::Transaction& tx) { return remove_domain(tx, "crepes.example"); }),
                HasSubstr("still has"));
}

TEST_F(MailingListTest, AliasesLeadToLists) {
    EXPECT_EQ(change([](store::Transaction& tx) {
                  return set_alias(tx,
                                   "everybody@crepes.example",
                                   {at("team@crepes.example"), at("alice@crepes.example")});
              }),
              "");
    EXPECT_EQ(who("everybody@crepes.example"), "alice@crepes.example list:team@crepes.example ");
}

TEST_F(MailingListTest, RemovingAListForgetsItsMembers) {
    EXPECT_EQ(join("bob@hamburger.example"), "");
    EXPECT_EQ(join("alice@crepes.example", Membership::kOwner), "");
    const auto remove = [](store::Transaction& tx) {
        return remove_list(tx, at("team@crepes.example"));
    };
    EXPECT_EQ(change(remove), "");
    EXPECT_THAT(change(remove), HasSubstr("there is no list"));
    EXPECT_EQ(who("team@crepes.example"), "not-found");
    EXPECT_EQ(make("team@crepes.example"), "");
    EXPECT_THAT(members(), IsEmpty());
}

TEST_F(MailingListTest, ChecksWhatItIsTold) {
    const auto set = [this](std::string description, std::string url) {
        return change([&](store::Transaction& tx) {
            return update_list(tx,
                               {.address = at("team@crepes.example"),
                                .description = description,
                                .posting = Posting::kAnybody,
                                .unsubscribe_url = url});
        });
    };
    EXPECT_EQ(set("The team", "https://crepes.example/leave?list=team"), "");
    const auto list = find_list(*store_.snapshot(), at("TEAM@crepes.example")).value();
    ASSERT_TRUE(list);
    EXPECT_EQ(list->description, "The team");
    EXPECT_EQ(list->posting, Posting::kAnybody);
    EXPECT_EQ(list->unsubscribe_url, "https://crepes.example/leave?list=team");
    EXPECT_THAT(set("a\r\nBcc: x", ""), HasSubstr("description"));
    EXPECT_THAT(set("", "http://crepes.example/"), HasSubstr("https"));
    EXPECT_THAT(set("", "https://crepes.example/> <x"), HasSubstr("https"));
}

TEST_F(MailingListTest, SaysWhoMayPost) {
    EXPECT_EQ(join("bob@hamburger.example"), "");
    EXPECT_EQ(join("alice@crepes.example", Membership::kOwner), "");

    struct Row {
        Posting posting;
        const char* sender;
        bool may;
    };

    for (const Row& row : {Row{Posting::kMembers, "BOB@hamburger.example", true},
                           Row{Posting::kMembers, "alice@crepes.example", true},
                           Row{Posting::kMembers, "eve@hamburger.example", false},
                           Row{Posting::kOwners, "bob@hamburger.example", false},
                           Row{Posting::kOwners, "alice@crepes.example", true},
                           Row{Posting::kAnybody, "eve@hamburger.example", true}}) {
        MailingList list;
        list.address = at("team@crepes.example");
        list.posting = row.posting;
        EXPECT_EQ(may_post(*store_.snapshot(), list, at(row.sender)).value(), row.may)
            << posting_name(row.posting) << " " << row.sender;
        EXPECT_EQ(posting_named(posting_name(row.posting)), row.posting);
    }
    EXPECT_EQ(posting_named("everybody"), std::nullopt);
}

}  // namespace
}  // namespace account
