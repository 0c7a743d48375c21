#include "smtp/client/race.h"

#include <gtest/gtest.h>

#include "fakes/fake_loop.h"
#include "fakes/fake_network.h"

namespace smtp {
namespace {

using namespace std::chrono_literals;
using Answer = fakes::RemoteHost::Answer;

net::Endpoint at(const char* address) {
    return {.address = address, .port = 25, .path = {}};
}

class RaceTest : public ::testing::Test {
  protected:
    base::Result<std::unique_ptr<net::Stream>> race(RaceOptions options) {
        std::optional<base::Result<std::unique_ptr<net::Stream>>> result;
        base::spawn(keep(connect_first(network_, loop_, std::move(options)), result),
                    [](const std::exception_ptr& thrown) { EXPECT_FALSE(thrown); });
        EXPECT_TRUE(loop_.run_until([&] { return result.has_value(); }));
        return std::move(*result);
    }

    void up(const char* address) { network_.host(at(address)).answer = Answer::kAccept; }

    template <class T>
    static base::Task<> keep(base::Task<T> task, std::optional<T>& value) {
        value.emplace(co_await task);
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    fakes::FakeNetwork network_;
};

TEST_F(RaceTest, TakesTheFirstThatAnswers) {
    up("192.0.2.1");
    auto stream = race({.peers = {at("192.0.2.1"), at("192.0.2.2")}, .local = {}});
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->peer().address, "192.0.2.1");
    EXPECT_EQ(network_.attempts().size(), 1U);
}

TEST_F(RaceTest, GoesOnAtOnceWhereTheFirstRefuses) {
    network_.host(at("2001:db8::1")).answer = Answer::kRefuse;
    up("192.0.2.1");
    const base::SteadyTime begin = clock_.steady();
    auto stream = race({.peers = {at("2001:db8::1"), at("192.0.2.1")}, .local = {}});
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->peer().address, "192.0.2.1");
    EXPECT_LT(clock_.steady() - begin, 100ms);
}

TEST_F(RaceTest, DoesNotWaitForSilence) {
    network_.host(at("2001:db8::1")).answer = Answer::kSilent;
    up("192.0.2.1");
    const base::SteadyTime begin = clock_.steady();
    auto stream = race({.peers = {at("2001:db8::1"), at("192.0.2.1")}, .local = {}});
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->peer().address, "192.0.2.1");
    EXPECT_LT(clock_.steady() - begin, 1s);
    loop_.run_for(1min);  // the silent attempt ends, and nobody is there any more
}

TEST_F(RaceTest, ClosesTheLoser) {
    fakes::RemoteHost& slow = network_.host(at("2001:db8::1"));
    slow.delay = 1s;
    up("192.0.2.1");
    auto stream = race({.peers = {at("2001:db8::1"), at("192.0.2.1")}, .local = {}});
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->peer().address, "192.0.2.1");
    loop_.run_for(1min);
    EXPECT_EQ(slow.connections, 1U);
    ASSERT_EQ(slow.arrived.size(), 1U);
    std::optional<base::Result<std::string_view>> read;
    base::spawn(keep(slow.arrived.front()->receive(base::SteadyTime::max()), read),
                [](const std::exception_ptr&) {});
    EXPECT_TRUE(loop_.run_until([&] { return read.has_value(); }));
    EXPECT_FALSE(*read);
}

TEST_F(RaceTest, TellsWhyNobodyAnswers) {
    network_.host(at("192.0.2.1")).answer = Answer::kSilent;
    const auto stream =
        race({.peers = {at("192.0.2.1")}, .local = {}, .patience = std::chrono::seconds(30)});
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, base::Errc::kTimeout);
}

TEST_F(RaceTest, KeepsToTheSourcesFamily) {
    up("192.0.2.1");
    up("2001:db8::1");
    auto stream = race({.peers = {at("2001:db8::1"), at("192.0.2.1")},
                        .local = net::Endpoint{.address = "192.0.2.9", .port = 0, .path = {}}});
    ASSERT_TRUE(stream);
    EXPECT_EQ((*stream)->peer().address, "192.0.2.1");
    const auto none = race({.peers = {at("2001:db8::1")},
                            .local = net::Endpoint{.address = "192.0.2.9", .port = 0, .path = {}}});
    EXPECT_FALSE(none);
}

}  // namespace
}  // namespace smtp
