// Tests of the fakes that stand for the network and the DNS, held to what the real ones do.
#include "fakes/fake_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_loop.h"
#include "fakes/fake_resolver.h"
#include "net/pipe.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

template <class T>
std::string error_name(const base::Result<T>& result) {
    return result ? "ok" : std::string(base::errc_name(result.error().code));
}

class FakeNetworkTest : public testing::Test {
  protected:
    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        EXPECT_TRUE(loop_.run_until([&task] { return task.done(); }));
        return task.result();
    }

    [[nodiscard]] base::SteadyTime in(base::Duration span) { return clock_.steady() + span; }

    auto connect(const Endpoint& peer) {
        return finish(network_.connect(loop_, {.peer = peer, .local = {}, .deadline = in(30s)}));
    }

    fakes::FakeClock clock_;
    fakes::FakeLoop loop_{clock_};
    fakes::FakeNetwork network_;
    const Endpoint mx_{.address = "198.51.100.25", .port = 25, .path = ""};
};

TEST_F(FakeNetworkTest, AnswersAsItsHostsDo) {
    using enum fakes::RemoteHost::Answer;
    EXPECT_EQ(error_name(connect(mx_)), "refused");
    const std::pair<fakes::RemoteHost::Answer, const char*> rows[] = {
        {kRefuse, "refused"}, {kUnreachable, "unreachable"}, {kSilent, "timeout"}, {kAccept, "ok"}};
    for (const auto& [answer, outcome] : rows) {
        network_.host(mx_).answer = answer;
        EXPECT_EQ(error_name(connect(mx_)), outcome);
    }
    network_.host(mx_).delay = 31s;
    const base::SteadyTime before = clock_.steady();
    EXPECT_EQ(error_name(connect(mx_)), "timeout");
    EXPECT_EQ(clock_.steady() - before, 30s);
    EXPECT_EQ(network_.attempts().size(), 6);
}

TEST_F(FakeNetworkTest, CarriesOctetsAndTls) {
    network_.host(mx_).pipe.tls.distrust = "self-signed certificate";
    const auto stream = connect(mx_).value();
    const auto remote = std::move(network_.host(mx_).arrived.front());
    EXPECT_EQ(remote->local(), mx_);
    remote->push("220 hello");
    EXPECT_EQ(finish(stream->receive(in(1s))), "220 hello");
    const auto handshake =
        stream->start_tls_client({.context = {}, .server_name = "mx", .verify = false}, in(1s));
    handshake.start();
    loop_.run_ready();
    EXPECT_FALSE(handshake.done());
    remote->grant_tls();
    loop_.run_ready();
    ASSERT_TRUE(handshake.done());
    EXPECT_EQ(error_name(handshake.result()), "ok");
    EXPECT_EQ(stream->tls()->server_name, "mx");
    EXPECT_EQ(error_name(finish(stream->start_tls_client(
                  {.context = {}, .server_name = "mx", .verify = true}, in(1s)))),
              "denied");
    EXPECT_TRUE(remote->ended());
}

TEST_F(FakeNetworkTest, AcceptsWhomATestDials) {
    const auto acceptor =
        network_.accept_on(loop_, {.address = "192.0.2.25", .port = 0, .path = ""}).value();
    EXPECT_EQ(error_name(network_.accept_on(loop_, acceptor->local())), "in-use");
    const auto client = network_.dial(acceptor->local());
    ASSERT_TRUE(client);
    const auto stream = finish(acceptor->accept(in(1s))).value();
    client->push("data");
    EXPECT_EQ(finish(stream->receive(in(1s))), "data");
    EXPECT_EQ(error_name(finish(stream->shut_down_write(in(1s)))), "ok");
    EXPECT_TRUE(client->ended());
    EXPECT_EQ(error_name(finish(acceptor->accept(in(1s)))), "timeout");
    acceptor->close();
    EXPECT_EQ(network_.dial(acceptor->local()), nullptr);
}

TEST(FakeResolverTest, AnswersFromItsZone) {
    fakes::FakeClock clock;
    fakes::FakeLoop loop(clock);
    fakes::FakeResolver resolver;
    resolver.add(
        "crepes.example MX 10 Mail.crepes.example.   # the course's\n"
        "crepes.example MX 20 backup.example\n"
        "mail.crepes.example A 192.0.2.1\n"
        "www.crepes.example CNAME mail.crepes.example\n"
        "nomail.example MX 0 .\n"
        "slow.example DELAY 7s\n"
        "slow.example A 192.0.2.7\n"
        "away.example TIMEOUT\nforged.example BOGUS\nsigned.example SECURE\n"
        "signed.example TXT hello world\n"
        "a.example CNAME b.example\nb.example CNAME a.example\n");
    const auto ask = [&](const std::string& name, RecordType type) {
        const auto task = resolver.lookup(loop, name, type);
        task.start();
        EXPECT_TRUE(loop.run_until([&task] { return task.done(); }));
        return task.result();
    };
    const Answer mx = ask("CREPES.example.", RecordType::kMx);
    EXPECT_EQ(mx.status, Answer::kFound);
    EXPECT_THAT(mx.mx,
                ElementsAre(MxRecord{10, "mail.crepes.example"}, MxRecord{20, "backup.example"}));
    EXPECT_EQ(ask("www.crepes.example", RecordType::kA).canonical, "mail.crepes.example");
    EXPECT_THAT(ask("www.crepes.example", RecordType::kA).records, ElementsAre("192.0.2.1"));
    EXPECT_THAT(ask("nomail.example", RecordType::kMx).mx, ElementsAre(MxRecord{0, ""}));
    EXPECT_EQ(ask("crepes.example", RecordType::kA).status, Answer::kNoData);
    EXPECT_EQ(ask("example", RecordType::kA).status, Answer::kNoData);
    EXPECT_EQ(ask("elsewhere.example", RecordType::kA).status, Answer::kNoDomain);
    const base::SteadyTime before = clock.steady();
    EXPECT_TRUE(ask("slow.example", RecordType::kA).found());
    EXPECT_EQ(clock.steady() - before, 7s);
    EXPECT_EQ(ask("away.example", RecordType::kA).status, Answer::kTimeout);
    EXPECT_EQ(ask("forged.example", RecordType::kA).status, Answer::kFailed);
    EXPECT_TRUE(ask("signed.example", RecordType::kTxt).secure);
    EXPECT_EQ(ask("a.example", RecordType::kA).status, Answer::kFailed);
    EXPECT_EQ(resolver.questions().front(), "MX crepes.example");
}

TEST(ResolverTest, TurnsAddressesAround) {
    EXPECT_EQ(reverse_name("192.0.2.1"), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_name("2001:db8::567:89ab"),
              "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    EXPECT_EQ(reverse_name("mail.example"), "");
}

}  // namespace
}  // namespace net
