// Tests of logins by user name and password, of application passwords, of APOP, of what is remembered and
// of what a guesser can learn.
#include "account/authenticator.h"

#include <gtest/gtest.h>

#include "account/authenticator_impl.h"
#include "fakes/login_fixture.h"
#include "fakes/waiting_loop.h"

namespace account {
namespace {

using namespace std::chrono_literals;

using AuthenticatorTest = fakes::LoginFixture;

// Lets whatever the loop has been handed run.
base::Task<bool> take_turn(base::Loop& loop) {
    base::Handover<bool> handover(loop);
    handover.giver()(true);
    co_return co_await handover;
}

TEST_F(AuthenticatorTest, KnowsTheRightPasswordHoweverTheUserIsSpelled) {
    EXPECT_EQ(password("bob@hamburger.example", "pencil"), "bob USER");
    EXPECT_EQ(password("BOB@Hamburger.Example", "pencil"), "bob USER");
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
    EXPECT_EQ(password("alice", "ketchup"), "alice USER");
}

TEST_F(AuthenticatorTest, RefusesInTheSameWords) {
    disable(alice_);
    context_.loopback = true;  // many failures
    const std::pair<std::string, std::string> rows[] = {{"bob", "Pencil"},
                                                        {"bob", "pencil "},
                                                        {"bob", ""},
                                                        {"", ""},
                                                        {"bob", "ketchup"},
                                                        {"jones", "pencil"},
                                                        {"alice", "ketchup"},
                                                        {"bob@crepes.example", "pencil"},
                                                        {"bob+list@hamburger.example", "pencil"},
                                                        {"@hamburger.example", "pencil"},
                                                        {"bob@", "pencil"},
                                                        {std::string(10'000, 'b'), "pencil"},
                                                        {"bob", std::string(10'000, 'p')},
                                                        {"bob@hamburger.example/phone", "pencil"},
                                                        {"bob@hamburger.example/", "pencil2"},
                                                        {std::string("bob\0", 4), "pencil"},
                                                        {"bob", std::string("pencil\0", 7)}};
    std::string words;
    for (const auto& [user, text] : rows) {
        const auto identity = run(authenticator_->check_password(loop_, context_, user, text));
        ASSERT_FALSE(identity) << user << " " << text;
        EXPECT_EQ(identity.error().code, base::Errc::kDenied);
        words = words.empty() ? identity.error().text : words;
        EXPECT_EQ(identity.error().text, words);
    }
}

TEST_F(AuthenticatorTest, WithoutADefaultDomainOnlyWholeAddressesLogIn) {
    options_.default_domain = "";
    restart();
    EXPECT_EQ(password("bob", "pencil"), "denied");
    EXPECT_EQ(password("bob@hamburger.example", "pencil"), "bob USER");
}

// With no room for any hash, whoever would have to wait for one hears of it: a wrong password and an
// unknown user alike, and only a remembered password does not.
TEST_F(AuthenticatorTest, EveryRefusalPaysForOneHash) {
    disable(alice_);
    (void)add_application(bob_, "phone");
    options_.hashes_waiting_max = 0;
    restart();
    for (const char* user : {"bob",
                             "jones",
                             "alice",
                             "bob@elsewhere.example",
                             "no address",
                             "bob@hamburger.example/phone",
                             "jones@hamburger.example/phone"}) {
        EXPECT_EQ(password(user, "wrong"), "unavailable") << user;
    }
    EXPECT_EQ(password("alice", "ketchup"), "unavailable");
}

TEST_F(AuthenticatorTest, RemembersForSomeMinutesUntilTheSecretChanges) {
    std::atomic<std::size_t>& waiting = *authenticator_->impl().hashes_waiting;
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
    waiting = options_.hashes_waiting_max;  // no more hashes
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
    EXPECT_EQ(password("bob", "pencil2"), "unavailable");
    EXPECT_EQ(password("alice", "ketchup"), "unavailable");
    clock_.advance(options_.remember);
    EXPECT_EQ(password("bob", "pencil"), "unavailable");

    waiting = 0;
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
    set_password(bob_, "pencil");  // the same again is another secret
    waiting = options_.hashes_waiting_max;
    EXPECT_EQ(password("bob", "pencil"), "unavailable");
    waiting = 0;
    set_password(bob_, "eraser");
    EXPECT_EQ(password("bob", "pencil"), "denied");
    EXPECT_EQ(password("bob", "eraser"), "bob USER");
    disable(bob_);
    EXPECT_EQ(password("bob", "eraser"), "denied");
}

TEST_F(AuthenticatorTest, GuessersWaitAndAreBlockedWhereTheyAre) {
    const base::SteadyTime start = clock_.steady();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(password("bob", "guess" + std::to_string(i)), "denied");
    }
    EXPECT_EQ(clock_.steady() - start, 3s);  // 0, 0, 0, 1 and 2 seconds
    int guesses = 5;
    while (guesses < 100 && password("bob", "guess" + std::to_string(guesses)) == "denied") {
        ++guesses;
    }
    EXPECT_LT(guesses, 25);
    EXPECT_EQ(password("bob", "pencil"), "unavailable");
    context_.peer_address = "192.0.2.2";
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
    context_.peer_address = "192.0.2.1";
    clock_.advance(15min);
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
}

TEST_F(AuthenticatorTest, ABlockCatchesThoseWhoWaitAlready) {
    options_.throttle.failures_block = 4;
    restart();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(password("bob", "guess" + std::to_string(i)), "denied");
    }
    const auto wrong = authenticator_->check_password(loop_, context_, "bob", "wrong");
    const auto right = authenticator_->check_password(loop_, context_, "bob", "pencil");
    wrong.start();
    right.start();
    EXPECT_FALSE(wrong.done());
    loop_.run_for(1min);
    EXPECT_EQ(outcome(wrong.result()), "denied");
    EXPECT_EQ(outcome(right.result()), "unavailable");
}

// A mail program with an old password tries on and on.
TEST_F(AuthenticatorTest, TheSameWrongPasswordIsOneGuess) {
    const base::SteadyTime start = clock_.steady();
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(password("bob", "old password"), "denied");
    }
    EXPECT_EQ(clock_.steady(), start);
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
}

TEST_F(AuthenticatorTest, EmptyAndOverlongPasswordsLogNobodyIn) {
    const std::string longest(kPasswordOctetsMax, 'p');
    set_password(bob_, longest);
    EXPECT_EQ(password("bob", longest), "bob USER");
    EXPECT_EQ(password("bob", longest + "p"), "denied");
    set_password(bob_, "");
    EXPECT_EQ(password("bob", ""), "denied");
}

TEST_F(AuthenticatorTest, AWaitThatIsAbandonedLeavesNothingBehind) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(password("bob", "guess" + std::to_string(i)), "denied");
    }
    {
        const auto task = authenticator_->check_password(loop_, context_, "bob", "pencil");
        task.start();
        EXPECT_FALSE(task.done());
        EXPECT_FALSE(loop_.idle());
    }
    EXPECT_TRUE(loop_.idle());
}

TEST_F(AuthenticatorTest, ApplicationPasswordsServeTheirServicesUntilRevoked) {
    const base::WallTime created = clock_.now();
    const std::string phone = add_application(bob_, "phone", {"imap", "smtp"});
    const std::string any = add_application(bob_, "any");
    EXPECT_EQ(phone.size(), 23U);
    EXPECT_NE(phone, any);
    EXPECT_EQ(password("bob", phone), "bob USER phone");
    EXPECT_EQ(password("bob", any), "bob USER any");
    EXPECT_EQ(password("bob@hamburger.example/phone", phone), "bob USER phone");
    EXPECT_EQ(password("bob@hamburger.example/any", phone), "denied");
    EXPECT_EQ(password("alice", phone), "denied");
    context_.service = "pop3";
    EXPECT_EQ(password("bob", phone), "denied");
    EXPECT_EQ(password("bob", any), "bob USER any");
    EXPECT_EQ(password("bob", "pencil"), "bob USER");
    apply([this](store::Transaction& change) -> base::Result<> {
        TRY_VOID(remove_application_password(change, bob_, "any"));
        return remove_password(change, bob_);
    });
    EXPECT_EQ(password("bob", any), "denied");
    EXPECT_EQ(password("bob", "pencil"), "denied");
    context_.service = "smtp";
    EXPECT_EQ(password("bob", phone), "bob USER phone");
    EXPECT_EQ(list_application_passwords(*store_.snapshot(), bob_).value().at(0).created, created);
}

TEST_F(AuthenticatorTest, AtMost32ApplicationPasswords) {
    const auto made = make_application_password(random_, options_);
    for (int i = 0; i < 33; ++i) {
        const auto done = store_.change_and_wait([&](store::Transaction& change) {
            return add_application_password(
                change, bob_, {"app" + std::to_string(i), {}, clock_.now()}, made);
        });
        EXPECT_EQ(done.has_value(), i < 32) << i;
    }
}

// RFC 1939 7's example: the stamp, the secret "tanstaaf" and the digest.
TEST_F(AuthenticatorTest, ApopTakesTheLegacySecretAlone) {
    const std::string digest = "c4c9334bac560ecc979e58001b3e22fb";
    context_.apop_stamp = "<1896.697170952@dbc.mtview.ca.us>";
    const auto apop = [&](std::string user, std::string hex) {
        return outcome(
            run(authenticator_->check_apop(loop_, context_, std::move(user), std::move(hex))));
    };
    EXPECT_FALSE(authenticator_->legacy_in_use());
    EXPECT_EQ(apop("bob", digest), "denied");
    apply([this](auto& change) { return set_legacy_secret(change, bob_, "tanstaaf"); });
    EXPECT_TRUE(authenticator_->legacy_in_use());
    EXPECT_EQ(apop("bob", digest), "bob APOP");
    EXPECT_EQ(apop("alice", digest), "denied");
    EXPECT_EQ(apop("jones", digest), "denied");
    EXPECT_EQ(apop("bob", digest.substr(1)), "denied");
    EXPECT_EQ(password("bob", "tanstaaf"), "denied");
    context_.apop_stamp = "<1897.697170952@dbc.mtview.ca.us>";
    EXPECT_EQ(apop("bob", digest), "denied");
    apply([this](auto& change) { return remove_legacy_secret(change, bob_); });
    EXPECT_FALSE(authenticator_->legacy_in_use());
}

TEST_F(AuthenticatorTest, PasswordsInClearNeedTlsOrLoopbackWithTheSetting) {
    const auto allowed = [this](bool tls, bool loopback, bool setting) {
        options_.allow_plaintext = setting;
        restart();
        LoginContext context;
        context.tls = tls;
        context.loopback = loopback;
        return authenticator_->plaintext_allowed(context);
    };
    EXPECT_TRUE(allowed(true, false, false));
    EXPECT_TRUE(allowed(false, true, true));
    EXPECT_FALSE(allowed(false, true, false));
    EXPECT_FALSE(allowed(false, false, true));
    EXPECT_FALSE(allowed(false, false, false));
}

TEST_F(AuthenticatorTest, PasswordsAreComparedPrepared) {
    set_password(bob_, "p\xc3\xa4ss");
    EXPECT_EQ(password("bob", "pa\xcc\x88ss"), "bob USER");
    EXPECT_EQ(password("bob", "pass"), "denied");
    set_password(bob_, "\xff\xfe");  // no UTF-8 at all
    EXPECT_EQ(password("bob", "\xff\xfe"), "bob USER");
}

TEST_F(AuthenticatorTest, AStoreThatCannotBeReadIsNoRefusal) {
    apply([this](store::Transaction& change) -> base::Result<> {
        std::string key = "P";
        key += std::string(7, '\0') + static_cast<char>(bob_) + "p";
        TRY(const auto record, change.get(key));
        EXPECT_TRUE(record);
        change.put(key, "\x01x");
        return {};
    });
    EXPECT_EQ(password("bob", "pencil"), "corrupt");
}

// Threads: the same over a real pool, and more at once than it takes.
TEST_F(AuthenticatorTest, WorksOnAPoolOfThreads) {
    fakes::WaitingLoop loop;
    base::Pool pool(2, 8);
    options_.hashes_waiting_max = 8;
    const base::SystemClock clock;
    Authenticator authenticator(store_, clock, random_, pool, options_);
    std::vector<base::Task<base::Result<Identity>>> tasks;
    for (int i = 0; i < 8; ++i) {
        tasks.push_back(
            authenticator.check_password(loop, context_, "bob", i % 2 == 0 ? "pencil" : "wrong"));
        tasks.back().start();
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        while (!tasks[i].done()) {
            EXPECT_TRUE(loop.run(take_turn(loop)));
        }
        EXPECT_EQ(outcome(tasks[i].result()), i % 2 == 0 ? "bob USER" : "denied");
    }
}

}  // namespace
}  // namespace account
