// Tests of the directory over the store in memory: domains, accounts, aliases, where mail goes.
#include "account/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "account/check.h"
#include "account/secrets.h"
#include "base/random.h"
#include "store/memory_store.h"

namespace account {
namespace {

using base::Errc;
using testing::ElementsAre;
using testing::IsEmpty;

Address at(std::string_view text) {
    auto address = parse_address(text);
    EXPECT_TRUE(address) << text;
    return std::move(address).value_or(Address());
}

class DirectoryTest : public testing::Test {
  protected:
    DirectoryTest() {
        apply([](store::Transaction& change) { return add_domain(change, "Hamburger.example"); });
        bob_ = add("bob@hamburger.example", "Bob Burger");
        fred_ = add("Smith@hamburger.example", "Fred Smith");
    }

    ~DirectoryTest() override { EXPECT_THAT(check(*store_.snapshot()).value(), IsEmpty()); }

    Errc change(const store::Change& function) {
        const auto done = store_.change_and_wait(function);
        return done ? Errc::kEof : done.error().code;  // kEof: it was done
    }

    void apply(const store::Change& function) {
        const auto done = store_.change_and_wait(function);
        ASSERT_TRUE(done) << done.error().text;
    }

    AccountId add(std::string_view address, std::string_view name, bool administrator = false) {
        AccountId id = 0;
        apply([&](store::Transaction& transaction) -> base::Result<> {
            Account account;
            account.address = at(address);
            account.full_name = name;
            account.administrator = administrator;
            TRY(id, add_account(transaction, account));
            return {};
        });
        return id;
    }

    void alias(std::string_view address, const std::vector<std::string>& members) {
        apply([&](store::Transaction& transaction) { return set(transaction, address, members); });
    }

    static base::Result<> set(store::Transaction& transaction,
                              std::string_view address,
                              const std::vector<std::string>& members) {
        std::vector<Address> addresses;
        for (const std::string& member : members) {
            addresses.push_back(at(member));
        }
        return set_alias(transaction, address, addresses);
    }

    // "2/list green@elsewhere.example": who gets it, or the error.
    std::string who(std::string_view text) { return who(at(text)); }

    std::string who(const Address& address) {
        const auto resolution = resolve(*store_.snapshot(), address);
        if (!resolution) {
            return std::string(base::errc_name(resolution.error().code));
        }
        std::string text;
        for (const LocalRecipient& local : resolution->local) {
            text += (text.empty() ? "" : " ") + std::to_string(local.account);
            text += local.detail.empty() ? "" : "/" + local.detail;
        }
        for (const Address& remote : resolution->remote) {
            text += (text.empty() ? "" : " ") + remote.to_string();
        }
        return text;
    }

    store::MemoryStore store_;
    AccountId bob_ = 0;
    AccountId fred_ = 0;
};

TEST_F(DirectoryTest, KnowsItsDomainsHoweverSpelled) {
    apply([](store::Transaction& change) {
        return add_domain(change,
                          "B\xc3\xbc"
                          "cher.example");
    });
    const auto reader = store_.snapshot();
    EXPECT_TRUE(is_local_domain(*reader, "HAMBURGER.example.").value());
    EXPECT_TRUE(is_local_domain(*reader, "xn--bcher-kva.example").value());
    EXPECT_TRUE(is_local_domain(*reader,
                                "b\xc3\xbc"
                                "cher.EXAMPLE")
                    .value());
    EXPECT_FALSE(is_local_domain(*reader, "ham.hamburger.example").value());
    EXPECT_FALSE(is_local_domain(*reader, "no domain").value());
    EXPECT_THAT(list_domains(*reader).value(),
                ElementsAre("hamburger.example", "xn--bcher-kva.example"));
}

TEST_F(DirectoryTest, RefusesDoubleAndUnknownNames) {
    const auto add_it = [](std::string_view text) {
        return [text](store::Transaction& change) -> base::Result<> {
            Account account;
            account.address = at(text);
            TRY_VOID(add_account(change, account));
            return {};
        };
    };
    EXPECT_EQ(change([](auto& t) { return add_domain(t, "hamburger.EXAMPLE"); }), Errc::kExists);
    EXPECT_EQ(change([](auto& t) { return add_domain(t, "[192.0.2.1]"); }), Errc::kSyntax);
    EXPECT_EQ(change(add_it("BOB@hamburger.example")), Errc::kExists);
    EXPECT_EQ(change(add_it("bob@elsewhere.example")), Errc::kNotFound);
    EXPECT_EQ(change(add_it(std::string(65, 'a') + "@hamburger.example")), Errc::kSyntax);
    EXPECT_EQ(change([](auto& t) { return remove_domain(t, "hamburger.example"); }), Errc::kInUse);
    EXPECT_EQ(change([](auto& t) { return remove_domain(t, "x.example"); }), Errc::kNotFound);
    EXPECT_EQ(change([](auto& t) { return remove_account(t, at("jones@hamburger.example")); }),
              Errc::kNotFound);
    EXPECT_EQ(change([](auto& t) { return set(t, "bob@hamburger.example", {"a@b.c"}); }),
              Errc::kExists);
    EXPECT_EQ(change([](auto& t) { return set(t, "x@elsewhere.example", {"a@b.c"}); }),
              Errc::kNotFound);
    EXPECT_EQ(change([](auto& t) { return set(t, "x@hamburger.example", {}); }), Errc::kInvalid);
    EXPECT_EQ(
        change([](auto& t) { return set(t, "x@hamburger.example", {"bobb@hamburger.example"}); }),
        Errc::kNotFound);
    EXPECT_EQ(
        change([](auto& t) { return set(t, "x@hamburger.example", {"X@hamburger.example"}); }),
        Errc::kInvalid);
    EXPECT_EQ(change([](auto& t) { return remove_alias(t, "x@hamburger.example"); }),
              Errc::kNotFound);
}

TEST_F(DirectoryTest, IdsAreNeverUsedAgain) {
    apply([](store::Transaction& change) {
        return remove_account(change, at("smith@hamburger.example"));
    });
    EXPECT_EQ(who("smith@hamburger.example"), "not-found");
    EXPECT_GT(add("smith@hamburger.example", ""), fred_);
}

TEST_F(DirectoryTest, UpdatesMoveEveryIndex) {
    apply([this](store::Transaction& change) -> base::Result<> {
        TRY(auto account, find_account(change, fred_));
        account->address = at("frederick@hamburger.example");
        account->full_name = "Frederick Smith";
        account->administrator = true;
        account->quota_octets = 1'000'000'000'000;
        account->quota_messages = 500;
        return update_account(change, *account);
    });
    const auto reader = store_.snapshot();
    EXPECT_EQ(who("smith@hamburger.example"), "not-found");
    EXPECT_EQ(who("frederick@hamburger.example"), "2");
    EXPECT_EQ(who("postmaster@hamburger.example"), "2");
    EXPECT_THAT(verify(*reader, "fred smith").value(), IsEmpty());
    EXPECT_EQ(verify(*reader, "frederick smith").value().at(0).quota_octets, 1'000'000'000'000U);
    EXPECT_EQ(verify(*reader, "frederick smith").value().at(0).quota_messages, 500U);
    EXPECT_EQ(list_accounts(*reader, "hamburger.example").value().size(), 2U);
    EXPECT_EQ(change([this](store::Transaction& t) -> base::Result<> {
                  TRY(auto account, find_account(t, fred_));
                  account->address = at("bob@hamburger.example");
                  return update_account(t, *account);
              }),
              Errc::kExists);
}

TEST_F(DirectoryTest, ResolvesUsersDetailsAndStrangers) {
    EXPECT_EQ(who("BOB@Hamburger.Example"), "1");
    EXPECT_EQ(who("bob+list@hamburger.example"), "1/list");
    EXPECT_EQ(who("bob+a+b@hamburger.example"), "1/a+b");
    EXPECT_EQ(who("+list@hamburger.example"), "not-found");
    EXPECT_EQ(who("jones@hamburger.example"), "not-found");
    EXPECT_EQ(who("bob@elsewhere.example"), "unsupported");
    EXPECT_EQ(who("\"\"@hamburger.example"), "not-found");
}

TEST_F(DirectoryTest, RefusesMailForTheDisabled) {
    apply([this](store::Transaction& change) -> base::Result<> {
        TRY(auto account, find_account(change, bob_));
        account->disabled = true;
        return update_account(change, *account);
    });
    EXPECT_EQ(who("bob@hamburger.example"), "denied");
    alias("all@hamburger.example", {"bob@hamburger.example", "smith@hamburger.example"});
    EXPECT_EQ(who("all@hamburger.example"), "2");
    EXPECT_THAT(verify(*store_.snapshot(), "bob").value(), IsEmpty());
}

// course-dialogues.md S7: each member once.
TEST_F(DirectoryTest, AliasesReachEachMemberOnce) {
    alias("staff@hamburger.example",
          {"bob@hamburger.example", "bob+work@hamburger.example", "green@elsewhere.example"});
    alias("everybody@hamburger.example",
          {"staff@hamburger.example", "smith@hamburger.example", "GREEN@elsewhere.example"});
    EXPECT_EQ(who("staff@hamburger.example"), "1 green@elsewhere.example");
    EXPECT_EQ(who("staff+x@hamburger.example"), "1 green@elsewhere.example");
    EXPECT_EQ(who("everybody@hamburger.example"), "2 1 GREEN@elsewhere.example");
    alias("bob+special@hamburger.example", {"smith@hamburger.example"});
    EXPECT_EQ(who("bob+special@hamburger.example"), "2");
}

TEST_F(DirectoryTest, RefusesAliasesThatLeadBackToThemselves) {
    alias("a@hamburger.example", {"bob@hamburger.example"});
    alias("b@hamburger.example", {"a@hamburger.example", "smith@hamburger.example"});
    for (const auto* const member :
         {"A@hamburger.example", "b@hamburger.example", "b+x@hamburger.example"}) {
        EXPECT_EQ(change([&](auto& t) {
                      return set(t, "a@hamburger.example", {"bob@hamburger.example", member});
                  }),
                  Errc::kInvalid)
            << member;
    }
    EXPECT_EQ(who("a@hamburger.example"), "1");
}

// The account in between goes, and the catch-all closes the circle.
TEST_F(DirectoryTest, ALoopThatComesAboutLaterReachesNobody) {
    add("carl@hamburger.example", "");
    alias("a@hamburger.example", {"carl@hamburger.example"});
    alias("@hamburger.example", {"a@hamburger.example"});
    apply([](store::Transaction& t) { return remove_account(t, at("carl@hamburger.example")); });
    EXPECT_EQ(who("a@hamburger.example"), "not-found");
    alias("@hamburger.example", {"bob@hamburger.example"});
    EXPECT_EQ(who("a@hamburger.example"), "1");
}

TEST_F(DirectoryTest, BoundsNestingAndSize) {
    alias("a0@hamburger.example", {"bob@hamburger.example"});
    for (int i = 1; i <= 16; ++i) {
        const std::string member = "a" + std::to_string(i - 1) + "@hamburger.example";
        alias("a" + std::to_string(i) + "@hamburger.example", {member});
    }
    EXPECT_EQ(who("a15@hamburger.example"), "1");
    EXPECT_EQ(who("a16@hamburger.example"), "too-long");
    std::vector<Address> many(10'001, at("x@elsewhere.example"));
    EXPECT_EQ(change([&many](store::Transaction& t) {
                  return set_alias(t, "many@hamburger.example", many);
              }),
              Errc::kInvalid);
}

// RFC 5321 4.5.1.
TEST_F(DirectoryTest, PostmasterIsTheAdministrator) {
    EXPECT_EQ(who(Address{"postmaster", ""}), "not-found");
    add("root@hamburger.example", "", true);
    EXPECT_EQ(who(Address{"PostMaster", ""}), "3");
    EXPECT_EQ(who("Postmaster@hamburger.example"), "3");
    EXPECT_EQ(who(Address{"bob", ""}), "not-found");
    alias("postmaster@hamburger.example", {"bob@hamburger.example"});
    EXPECT_EQ(who("postmaster@hamburger.example"), "1");
    EXPECT_EQ(who(Address{"postmaster", ""}), "3");
    apply([](store::Transaction& change) -> base::Result<> {
        TRY(auto root, find_account(change, at("root@hamburger.example")));
        root->administrator = false;
        return update_account(change, *root);
    });
    EXPECT_EQ(who(Address{"postmaster", ""}), "not-found");
}

TEST_F(DirectoryTest, CatchAllTakesWhatIsLeft) {
    alias("@hamburger.example", {"bob@hamburger.example", "c@elsewhere.example"});
    EXPECT_EQ(who("whoever@hamburger.example"), "1 c@elsewhere.example");
    EXPECT_EQ(who("smith@hamburger.example"), "2");
    EXPECT_EQ(who("smith+x@hamburger.example"), "2/x");
    alias("All@hamburger.example", {"bob@hamburger.example"});
    const auto aliases = list_aliases(*store_.snapshot(), "Hamburger.example").value();
    ASSERT_EQ(aliases.size(), 2U);
    EXPECT_EQ(aliases[0].address, (Address{"", "hamburger.example"}));
    EXPECT_EQ(aliases[0].members.size(), 2U);
    EXPECT_EQ(aliases[0].name(), "@hamburger.example");
    EXPECT_EQ(aliases[1].name(), "all@hamburger.example");
    EXPECT_EQ(aliases[1].members, std::vector<Address>{at("bob@hamburger.example")});
    apply([](store::Transaction& change) { return remove_alias(change, "@hamburger.example"); });
    EXPECT_EQ(who("whoever@hamburger.example"), "not-found");
}

TEST_F(DirectoryTest, OwnsItsAddressesAndAliases) {
    alias("sales@hamburger.example", {"bob@hamburger.example"});
    const auto reader = store_.snapshot();
    const Account bob = find_account(*reader, bob_).value().value();
    const auto owns = [&](std::string_view sender) {
        return owns_address(*reader, bob, at(sender)).value();
    };
    EXPECT_TRUE(owns("bob@hamburger.example"));
    EXPECT_TRUE(owns("Bob+any@hamburger.example"));
    EXPECT_TRUE(owns("sales@hamburger.example"));
    EXPECT_FALSE(owns("smith@hamburger.example"));
    EXPECT_FALSE(owns("nobody@hamburger.example"));
    EXPECT_FALSE(owns("bob@elsewhere.example"));
}

// course-dialogues.md S4.
TEST_F(DirectoryTest, VerifiesAndExpands) {
    alias("example-people@hamburger.example", {"bob@hamburger.example", "joe@elsewhere.example"});
    const auto reader = store_.snapshot();
    for (const char* text : {"Smith", "smith", "FRED SMITH", "smith@hamburger.example"}) {
        const auto accounts = verify(*reader, text).value();
        ASSERT_EQ(accounts.size(), 1U) << text;
        EXPECT_EQ(accounts[0].full_name, "Fred Smith");
        EXPECT_EQ(accounts[0].address.to_string(), "Smith@hamburger.example");
    }
    EXPECT_THAT(verify(*reader, "Fred").value(), IsEmpty());
    for (const char* text : {"Example-People", "example-people@hamburger.example"}) {
        EXPECT_THAT(expand(*reader, text).value(),
                    ElementsAre(at("bob@hamburger.example"), at("joe@elsewhere.example")));
    }
    EXPECT_EQ(expand(*reader, "nobody").error().code, Errc::kNotFound);
    EXPECT_EQ(expand(*reader, "").error().code, Errc::kNotFound);
}

TEST_F(DirectoryTest, SecretsGoWithTheAccount) {
    base::SeededRandom random(1);
    AuthenticatorOptions options;
    options.argon2_memory_kib = 64;
    options.scram_iterations = 4096;
    const auto secrets = make_secrets("pencil", random, options);
    const auto made = make_application_password(random, options);
    apply([&](store::Transaction& change) -> base::Result<> {
        TRY_VOID(set_secrets(change, bob_, *secrets));
        TRY_VOID(set_legacy_secret(change, bob_, "tanstaaf"));
        TRY_VOID(set_legacy_secret(change, bob_, "tanstaaftanstaaf"));
        return add_application_password(change, bob_, {"phone", {"imap"}, {}}, made);
    });
    EXPECT_EQ(change([&](store::Transaction& t) { return set_secrets(t, 99, *secrets); }),
              Errc::kNotFound);
    EXPECT_EQ(change([&](store::Transaction& t) {
                  return add_application_password(t, bob_, {"phone", {}, {}}, made);
              }),
              Errc::kExists);
    EXPECT_EQ(change([&](store::Transaction& t) {
                  return add_application_password(t, bob_, {"", {}, {}}, made);
              }),
              Errc::kInvalid);
    EXPECT_EQ(list_application_passwords(*store_.snapshot(), bob_).value().at(0).services.at(0),
              "imap");
    apply([](store::Transaction& change) {
        return remove_account(change, at("bob@hamburger.example"));
    });
    EXPECT_THAT(list_application_passwords(*store_.snapshot(), bob_).value(), IsEmpty());
}

// check() finds each kind of damage; the store in the fixture's destructor is sound.
TEST(DirectoryCheckTest, NamesWhatIsBroken) {
    store::MemoryStore store;
    AccountId id = 0;
    ASSERT_TRUE(store.change_and_wait([&id](store::Transaction& change) -> base::Result<> {
        TRY_VOID(add_domain(change, "x.example"));
        Account account;
        account.address = at("bob@x.example");
        account.full_name = "Bob Burger";
        account.administrator = true;
        TRY(id, add_account(change, account));
        return set_alias(change, "all@x.example", {account.address});
    }));
    std::vector<std::pair<std::string, std::string>> records;
    ASSERT_TRUE(
        store.snapshot()->scan("", "\xff", [&](std::string_view key, std::string_view value) {
            records.emplace_back(key, value);
            return true;
        }));
    ASSERT_EQ(records.size(), 8U);
    for (const auto& [key, value] : records) {
        const std::string gone = key;
        const std::string had = value;
        ASSERT_TRUE(store.change_and_wait([&gone](store::Transaction& change) -> base::Result<> {
            change.erase(gone);
            return {};
        }));
        const bool alias = gone.front() == 'L';  // nothing refers to an alias
        EXPECT_EQ(check(*store.snapshot()).value().empty(), alias) << testing::PrintToString(gone);
        ASSERT_TRUE(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
            change.put(gone, had.substr(0, had.size() - 1));
            return {};
        }));
        EXPECT_FALSE(check(*store.snapshot()).value().empty()) << testing::PrintToString(gone);
        ASSERT_TRUE(store.change_and_wait([&](store::Transaction& change) -> base::Result<> {
            change.put(gone, had);
            return {};
        }));
    }
    EXPECT_THAT(check(*store.snapshot()).value(), IsEmpty());
}

}  // namespace
}  // namespace account
