// What transcripts do not show: ports shared by clients of different addresses, limits and rates, patterns.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"
#include "ftp/server/activity.h"
#include "ftp/server/listing_lines.h"
#include "ftp/server/passive_ports.h"

namespace ftp {
namespace {

using namespace std::chrono_literals;

class PassivePortsTest : public testing::Test {
  protected:
    using Claim = std::unique_ptr<PassivePorts::Claim>;

    // What listened for a claim ends on the loop, after the claim.
    void TearDown() override { loop_.run_ready(); }

    Claim claim(PassivePorts& ports, const std::string& client) {
        auto claimed = ports.claim(loop_, "192.0.2.25", client);
        return claimed ? std::move(*claimed) : nullptr;
    }

    std::unique_ptr<net::PipeStream> dial(std::uint16_t port, const std::string& from) {
        auto stream = network_.dial({.address = "192.0.2.25", .port = port, .path = ""},
                                    {.address = from, .port = 50000, .path = ""});
        loop_.run_for(10ms);
        return stream;
    }

    // Who is connected to the claim, or why nobody.
    std::string accepted(PassivePorts::Claim& claimed) {
        auto task = claimed.accept(loop_.clock().steady() + 1s);
        task.start();
        EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }));
        auto stream = task.result();
        return stream ? (*stream)->peer().address
                      : std::string(base::errc_name(stream.error().code));
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    fakes::FakeNetwork network_;
    base::SeededRandom random_{1};
};

TEST_F(PassivePortsTest, OnePortServesClientsOfDifferentAddresses) {
    PassivePorts ports(network_, random_, {.first = 50001, .last = 50001});
    const Claim alice = claim(ports, "192.0.2.1");
    const Claim bob = claim(ports, "192.0.2.2");
    ASSERT_TRUE(alice && bob);
    EXPECT_EQ(alice->port(), 50001);
    EXPECT_EQ(bob->port(), 50001);
    EXPECT_EQ(claim(ports, "192.0.2.1"), nullptr);
    const auto second = dial(50001, "192.0.2.2");
    const auto first = dial(50001, "192.0.2.1");
    EXPECT_EQ(accepted(*alice), "192.0.2.1");
    EXPECT_EQ(accepted(*bob), "192.0.2.2");
}

TEST_F(PassivePortsTest, NobodyTakesWhatIsForAnother) {
    PassivePorts ports(network_, random_, {});
    const Claim alice = claim(ports, "192.0.2.1");
    const auto thief = dial(alice->port(), "192.0.2.99");
    EXPECT_TRUE(thief->ended());
    EXPECT_EQ(accepted(*alice), "timeout");
    const auto first = dial(alice->port(), "192.0.2.1");
    EXPECT_EQ(accepted(*alice), "192.0.2.1");
}

// Never the kernel's choice: among the ports that wait out their TIME_WAIT it looks long for a free one.
TEST_F(PassivePortsTest, WithoutARangeADynamicPortIsDrawn) {
    PassivePorts ports(network_, random_, {});
    base::SeededRandom same(1);
    for (int i = 0; i < 5; ++i) {
        const Claim alice = claim(ports, "192.0.2.1");
        ASSERT_NE(alice, nullptr);
        EXPECT_EQ(alice->port(), 49152 + same.below(65536 - 49152));
        loop_.run_for(1ms);
    }
}

TEST_F(PassivePortsTest, AnybodyMayComeWhereFxpIsAllowed) {
    PassivePorts ports(network_, random_, {});
    const Claim open = claim(ports, "");
    const auto other = dial(open->port(), "192.0.2.99");
    EXPECT_EQ(accepted(*open), "192.0.2.99");
}

TEST_F(PassivePortsTest, ThePortClosesWithTheLastClaim) {
    PassivePorts ports(network_, random_, {.first = 50001, .last = 50002});
    for (int i = 0; i < 100; ++i) {
        EXPECT_NE(claim(ports, "192.0.2.1"), nullptr);
        loop_.run_for(1ms);
    }
    EXPECT_EQ(dial(50001, "192.0.2.1"), nullptr);
    EXPECT_EQ(dial(50002, "192.0.2.1"), nullptr);
}

TEST_F(PassivePortsTest, APortServesOneConnectionAfterAnother) {
    PassivePorts ports(network_, random_, {});
    const Claim alice = claim(ports, "192.0.2.1");
    for (int told = 1; told <= 64; ++told) {
        EXPECT_EQ(alice->renew(), told > 1);
        EXPECT_FALSE(alice->renew());  // it is expected already
        const auto connection = dial(alice->port(), "192.0.2.1");
        EXPECT_FALSE(connection->ended());
        EXPECT_EQ(accepted(*alice), "192.0.2.1");
        EXPECT_FALSE(alice->is_expecting());
    }
    EXPECT_FALSE(alice->renew());
}

// Who tries ports is turned away between two transfers, and costs the session its port.
TEST_F(PassivePortsTest, APortIsNotToldAgainWhenSomebodyWasThere) {
    PassivePorts ports(network_, random_, {});
    for (const char* const thief : {"192.0.2.1", "192.0.2.99"}) {
        const Claim alice = claim(ports, "192.0.2.1");
        const auto connection = dial(alice->port(), "192.0.2.1");
        EXPECT_EQ(accepted(*alice), "192.0.2.1");
        EXPECT_TRUE(dial(alice->port(), thief)->ended());
        EXPECT_FALSE(alice->renew());
    }
}

TEST_F(PassivePortsTest, AFewPortsAreSharedByTurns) {
    PassivePorts ports(network_, random_, {.first = 50001, .last = 50007});
    const Claim alice = claim(ports, "192.0.2.1");
    const auto first = dial(alice->port(), "192.0.2.1");
    EXPECT_EQ(accepted(*alice), "192.0.2.1");
    EXPECT_TRUE(alice->may_renew());
    const Claim bob = claim(ports, "192.0.2.1");
    EXPECT_FALSE(alice->may_renew());
}

// A port is shared by the sessions of one loop, and who has all that another loop can take has none of its own.
TEST_F(PassivePortsTest, NobodyTakesThePortsOfAllLoops) {
    fakes::FakeLoop other(clock_);
    PassivePorts ports(network_, random_, {.first = 50001, .last = 50004}, 2);
    std::vector<Claim> many;
    while (auto one = claim(ports, "192.0.2.1")) {
        many.push_back(std::move(one));
    }
    EXPECT_EQ(many.size(), 3U);
    for (const char* const client : {"192.0.2.2", "192.0.2.3", "192.0.2.1"}) {
        auto served = ports.claim(other, "192.0.2.25", client);
        ASSERT_TRUE(served) << served.error().text;
        many.push_back(std::move(*served));
    }
    EXPECT_FALSE(ports.claim(other, "192.0.2.25", "192.0.2.1"));
    many.clear();
    other.run_ready();
}

TEST_F(PassivePortsTest, ARangeThatIsFullSaysSo) {
    PassivePorts ports(network_, random_, {.first = 50001, .last = 50003});
    const Claim claims[] = {
        claim(ports, "192.0.2.1"), claim(ports, "192.0.2.1"), claim(ports, "192.0.2.1")};
    EXPECT_TRUE(claims[0] && claims[1] && claims[2]);
    const auto none = ports.claim(loop_, "192.0.2.25", "192.0.2.1");
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().text, "every port from 50001 to 50003 is taken");
}

TEST(ActivityTest, SessionsAreLimitedByAddressAndInAll) {
    Activity activity({.total = {.sessions = 3}, .per_address = {.sessions = 2}});
    const auto a = activity.enter("192.0.2.1", {});
    auto b = activity.enter("192.0.2.1", {});
    EXPECT_TRUE(a && b);
    EXPECT_EQ(activity.enter("192.0.2.1", {}), nullptr);
    const auto c = activity.enter("192.0.2.2", {});
    EXPECT_NE(c, nullptr);
    EXPECT_EQ(activity.enter("192.0.2.3", {}), nullptr);
    b.reset();
    EXPECT_NE(activity.enter("192.0.2.1", {}), nullptr);
    EXPECT_EQ(activity.sessions().size(), 2);
}

TEST(ActivityTest, LoginsAndTransfersAreLimitedByAccount) {
    Activity activity(
        {.per_account = {.sessions = 1, .transfers = 1}, .anonymous = {.sessions = 2}});
    const auto a = activity.enter("1", {});
    const auto b = activity.enter("2", {});
    const auto c = activity.enter("3", {});
    EXPECT_TRUE(a->log_in("bob", false));
    EXPECT_FALSE(b->log_in("bob", false));
    EXPECT_TRUE(b->log_in("anonymous", true));
    EXPECT_TRUE(c->log_in("anonymous", true));
    a->log_out();
    EXPECT_TRUE(b->log_in("bob", false));
    EXPECT_TRUE(b->begin_transfer("RETR /a", 5, {}));
    EXPECT_FALSE(b->begin_transfer("RETR /b", 5, {}));
    static_cast<void>(b->charge(1000, {}));
    b->end_transfer({});
    for (const SessionView& view : activity.sessions()) {
        EXPECT_EQ(view.octets, 0);  // who is idle moves nothing
    }
    EXPECT_TRUE(b->begin_transfer("RETR /b", 5, {}));
    b->end_transfer({});
}

TEST(ActivityTest, RatesAreSharedByAllThatTheyHoldFor) {
    Activity activity(
        {.total = {.octets_per_second = 1000}, .per_account = {.octets_per_second = 100}});
    const auto a = activity.enter("1", {});
    const auto b = activity.enter("2", {});
    ASSERT_TRUE(a->log_in("bob", false) && b->log_in("bob", false));
    const base::SteadyTime now{1h};
    EXPECT_EQ(a->slowest_rate(), 100);
    EXPECT_EQ(a->charge(100, now), now + 1s);
    EXPECT_EQ(b->charge(100, now), now + 2s);
    EXPECT_EQ(b->charge(0, now + 10s), now + 10s);
    // Who goes and comes again owes what he owed.
    for (const base::Duration owed : {10s, 20s}) {
        const auto carl = activity.enter("3", {});
        ASSERT_TRUE(carl->log_in("carl", false));
        EXPECT_EQ(carl->charge(1000, now + 10s), now + 10s + owed);
    }
    const auto carl = activity.enter("3", {});
    ASSERT_TRUE(carl->log_in("carl", false));
    EXPECT_EQ(carl->charge(0, now + 40s), now + 40s);
}

TEST(PatternTest, Matches) {
    struct Row {
        const char* pattern;
        const char* name;
        bool matches;
    };

    for (const Row& row : {Row{"*", "", true},
                           Row{"*", "abc", true},
                           Row{"*.c", "a.c", true},
                           Row{"*.c", "a.cc", false},
                           Row{"a?c", "abc", true},
                           Row{"a?c", "ac", false},
                           Row{"[a-c]x", "bx", true},
                           Row{"[!a-c]x", "bx", false},
                           Row{"[]x", "]x", false},
                           Row{"[ab", "[ab", true},
                           Row{"a*b*c", "aXbYbZc", true},
                           Row{"a*b*c", "aXcYb", false},
                           Row{"", "", true},
                           Row{"", "a", false}}) {
        EXPECT_EQ(matches_pattern(row.pattern, row.name), row.matches)
            << row.pattern << " " << row.name;
    }
    EXPECT_FALSE(matches_pattern(std::string(1000, '*') + "b", std::string(100'000, 'a')));
}

}  // namespace
}  // namespace ftp
