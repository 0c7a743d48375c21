// Tests of the throttle on a fake clock: delays grow, blocks end, and nobody locks out anybody else.
#include "account/throttle.h"

#include <gtest/gtest.h>

#include "fakes/fake_loop.h"

namespace account {
namespace {

using namespace std::chrono_literals;

class ThrottleTest : public testing::Test {
  protected:
    // Attempts once and fails; the wait in seconds, or -1 when it is refused.
    double fail(std::string_view address, std::string_view user = "bob", std::uint64_t guess = 0) {
        auto attempt = throttle_.begin({std::string(address), loopback_, std::string(user)});
        if (!attempt) {
            EXPECT_EQ(attempt.error().code, base::Errc::kUnavailable);
            return -1;
        }
        const base::Duration wait = attempt->when() - clock_.steady();
        clock_.advance(wait);
        attempt->failed(guess);
        return std::chrono::duration<double>(wait).count();
    }

    double succeed(std::string_view address, std::string_view user = "bob") {
        auto attempt = throttle_.begin({std::string(address), loopback_, std::string(user)});
        if (!attempt) {
            return -1;
        }
        const base::Duration wait = attempt->when() - clock_.steady();
        attempt->succeeded();
        return std::chrono::duration<double>(wait).count();
    }

    void fail_until_blocked(std::string_view address, std::string_view user = "bob") {
        for (int i = 0; i < 40; ++i) {
            if (fail(address, user) < 0) {
                return;
            }
        }
        ADD_FAILURE() << "never blocked";
    }

    fakes::FakeClock clock_;
    Throttle throttle_{clock_, {}};
    bool loopback_ = false;
};

TEST_F(ThrottleTest, DelaysGrowThenTheSourceIsBlockedForATime) {
    std::vector<double> waits;
    for (int i = 0; i < 8; ++i) {
        waits.push_back(fail("192.0.2.1"));
    }
    EXPECT_EQ(waits, (std::vector<double>{0, 0, 0, 1, 2, 4, 8, 15}));
    fail_until_blocked("192.0.2.1");
    EXPECT_EQ(fail("192.0.2.1"), -1);
    clock_.advance(14min);
    EXPECT_EQ(fail("192.0.2.1"), -1);
    clock_.advance(1min);
    EXPECT_EQ(fail("192.0.2.1"), 15);
}

TEST_F(ThrottleTest, OtherAddressesAreLeftAlone) {
    fail_until_blocked("192.0.2.1");
    EXPECT_EQ(succeed("192.0.2.2"), 0);
    EXPECT_EQ(fail("2001:db8::1"), 0);
}

TEST_F(ThrottleTest, SourcesAreAddressesAndNetworks) {
    fail_until_blocked("2001:db8:1:2::1");
    EXPECT_EQ(fail("2001:db8:1:2:ffff::9"), -1);  // of the same /64
    EXPECT_EQ(fail("2001:db8:1:3::1"), 0);
    fail_until_blocked("192.0.2.1");
    EXPECT_EQ(fail("::ffff:192.0.2.1"), -1);
    EXPECT_EQ(throttle_source("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(throttle_source("fe80::1%eth0"), throttle_source("fe80::2"));
}

TEST_F(ThrottleTest, FailuresAreForgivenOneByOne) {
    for (int i = 0; i < 5; ++i) {
        (void)fail("192.0.2.1");
    }
    clock_.advance(6min);  // three are left, and this one makes four
    EXPECT_EQ(fail("192.0.2.1"), 1);
    clock_.advance(1h);
    EXPECT_EQ(fail("192.0.2.1"), 0);
}

TEST_F(ThrottleTest, TheSameWrongGuessCountsOnce) {
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(fail("192.0.2.1", "bob", 77), 0);
    }
    for (int i = 0; i < 3; ++i) {
        (void)fail("192.0.2.1", "bob", 100 + static_cast<std::uint64_t>(i));
    }
    EXPECT_GT(fail("192.0.2.1", "bob", 200), 0);
}

// A guesser behind the same NAT blocks the address, but not those who logged in from it before; nor
// may they guess others' passwords, nor their own without end.
TEST_F(ThrottleTest, WhoLoggedInBeforeKeepsComingIn) {
    EXPECT_EQ(succeed("192.0.2.1", "alice"), 0);
    fail_until_blocked("192.0.2.1", "bob");
    EXPECT_EQ(succeed("192.0.2.1", "alice"), 0);
    EXPECT_EQ(succeed("192.0.2.1", "green"), -1);
    fail_until_blocked("192.0.2.1", "alice");
    EXPECT_EQ(succeed("192.0.2.2", "alice"), 0);
    clock_.advance(24h * 8);
    fail_until_blocked("192.0.2.1", "bob");
    EXPECT_EQ(succeed("192.0.2.1", "alice"), -1);
}

// A success must not buy the next guesses.
TEST_F(ThrottleTest, OnesOwnSuccessDoesNotForgive) {
    for (int i = 0; i < 4; ++i) {
        (void)fail("192.0.2.1", "bob");
    }
    EXPECT_EQ(succeed("192.0.2.1", "jones"), 2);
    clock_.advance(2s);
    EXPECT_EQ(fail("192.0.2.1", "bob"), 2);
}

TEST_F(ThrottleTest, AttemptsAtOnceStandInLine) {
    for (int i = 0; i < 4; ++i) {
        (void)fail("192.0.2.1");
    }
    std::vector<Throttle::Attempt> line;
    for (int i = 1; i <= 15; ++i) {
        auto attempt = throttle_.begin({"192.0.2.1", false, "bob"});
        ASSERT_TRUE(attempt);
        EXPECT_EQ(attempt->when() - clock_.steady(), 2s * i);
        line.push_back(std::move(*attempt));
    }
    EXPECT_FALSE(throttle_.begin({"192.0.2.1", false, "bob"}));
}

TEST_F(ThrottleTest, AtMostSomeAttemptsAtOnce) {
    std::vector<Throttle::Attempt> open;
    while (auto attempt = throttle_.begin({"192.0.2.1", false, "bob"})) {
        open.push_back(std::move(*attempt));
    }
    EXPECT_EQ(open.size(), ThrottleOptions().attempts_at_once);
    EXPECT_TRUE(throttle_.begin({"192.0.2.2", false, "bob"}));
    open.clear();  // given up, none judged
    EXPECT_EQ(fail("192.0.2.1"), 0);
}

TEST_F(ThrottleTest, WaitingAttemptsSeeTheBlock) {
    auto waiting = throttle_.begin({"192.0.2.1", false, "bob"});
    ASSERT_TRUE(waiting);
    EXPECT_FALSE(waiting->blocked());
    fail_until_blocked("192.0.2.1");
    EXPECT_TRUE(waiting->blocked());
}

TEST_F(ThrottleTest, LoopbackIsSlowedDownAndNeverBlocked) {
    loopback_ = true;
    for (int i = 0; i < 100; ++i) {
        const double wait = fail("127.0.0.1");
        EXPECT_GE(wait, 0);
        EXPECT_LE(wait, 1);
    }
    loopback_ = false;
    for (int i = 0; i < 100; ++i) {
        EXPECT_GE(fail(""), 0);  // a unix socket
    }
}

TEST_F(ThrottleTest, TheTableIsBounded) {
    ThrottleOptions options;
    options.sources_max = 100;
    Throttle throttle(clock_, options);
    for (int i = 0; i < 1000; ++i) {
        auto attempt = throttle.begin({"192.0.2." + std::to_string(i), false, "bob"});
        ASSERT_TRUE(attempt);
        attempt->failed(0);
    }
    EXPECT_EQ(throttle.sources(), 100U);
}

TEST_F(ThrottleTest, SourcesWithoutFailuresTakeNoRoom) {
    { auto attempt = throttle_.begin({"192.0.2.1", false, "bob"}); }
    EXPECT_EQ(throttle_.sources(), 0U);
    (void)succeed("192.0.2.1");
    EXPECT_EQ(throttle_.sources(), 1U);  // the user who is known there now
}

}  // namespace
}  // namespace account
