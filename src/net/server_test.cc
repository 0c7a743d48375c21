// Tests of Server with real sockets on loopback: conversations, PROXY headers, limits, exhaustion, graceful
// stop. They wait for events, never for time.
#include "net/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "net/listen_socket.h"
#include "net/server_fixture.h"

namespace net {
namespace {

using base::Errc;
using testing::HasSubstr;
using testing::StartsWith;

TEST_P(ServerTest, ServesManyAtOnce) {
    start();
    for (int i = 0; i < 50; ++i) {
        connect();
    }
    for (TestClient& client : clients_) {
        client.send("a\r\nb\r\nQUIT\r\n");
    }
    for (TestClient& client : clients_) {
        EXPECT_EQ(client.read_to_end(), "echo a\r\necho b\r\nbye\r\n");
    }
}

// The kernel's hash of their addresses gives them to loops by luck.
TEST_P(ServerTest, LoopsHaveEquallyMany) {
    constexpr std::size_t kEach = 8;
    std::mutex mutex;
    std::map<const base::Loop*, std::size_t> sessions;
    listen_.serve = [&](std::unique_ptr<Stream> stream) {
        const std::scoped_lock lock(mutex);
        ++sessions[&stream->loop()];
        return net::converse(std::move(stream), 20s);
    };
    Server& server = start();
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < kEach * server.threads(); ++i) {
            connect();
        }
        EXPECT_EQ(sessions.size(), server.threads());
        for (const auto& [loop, count] : sessions) {
            EXPECT_EQ(count, kEach);
        }
        sessions.clear();
        clients_.clear();
        while (server.sessions() != 0) {
            std::this_thread::yield();
        }
    }
    server.stop(20s);
}

TEST_P(ServerTest, AServiceMayKeepToSomeLoops) {
    std::mutex mutex;
    std::set<const base::Loop*> loops;
    listen_.loops_max = 1;
    listen_.serve = [&](std::unique_ptr<Stream> stream) {
        const std::scoped_lock lock(mutex);
        loops.insert(&stream->loop());
        return net::converse(std::move(stream), 20s);
    };
    Server& server = start();
    for (int i = 0; i < 16; ++i) {
        connect();
    }
    EXPECT_EQ(loops.size(), 1U);
    clients_.clear();
    server.stop(20s);
}

TEST_P(ServerTest, KnowsBothEnds) {
    start();
    EXPECT_THAT(ask(connect(), "PEER"),
                testing::MatchesRegex("127.0.0.1:[0-9]+ to " + bound_.to_string()));
}

TEST_P(ServerTest, ServesIpv6Alone) {
    listen_.address = "[::1]:0";
    start();
    EXPECT_THAT(ask(connect(), "PEER"), StartsWith("[::1]:"));
    EXPECT_NE(TestClient({"127.0.0.1", bound_.port, ""}).fd().get() >= 0, true);
}

TEST_P(ServerTest, ServesUnixSocketsAndRemovesThem) {
    const std::string socket = path("socket");
    listen_.address = "unix:" + socket;
    listen_.unix_mode = 0600;
    start();
    EXPECT_EQ(ask(connect(), "PEER"), "unix:unix to unix:" + socket);
    EXPECT_EQ(std::filesystem::status(socket).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    const auto second = Server({}).listen(listen_);
    EXPECT_EQ(second.error().code, Errc::kInUse);
    clients_.clear();
    server_->stop(20s);
    EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_P(ServerTest, TakesTheSocketFileOfADeadServerOver) {
    listen_.address = "unix:" + path("socket");
    {
        auto dead = open_listen_sockets({"", 0, path("socket")}, 1, 0600);
        ASSERT_TRUE(dead);
    }
    EXPECT_TRUE(std::filesystem::exists(path("socket")));
    start();
    EXPECT_EQ(ask(connect(), "a"), "echo a");
}

TEST_P(ServerTest, SendsMoreThanSocketsHold) {
    start();
    TestClient& client = connect();
    client.send("BIG 20000000\r\nQUIT\r\n");
    EXPECT_EQ(client.read_to_end(), std::string(20'000'000, 'x') + "bye\r\n");
}

TEST_P(ServerTest, TheLastReplyIsNotLostToUnreadInput) {
    start();
    TestClient& client = connect();
    client.send("QUIT\r\n" + std::string(10'000, 'x'));
    EXPECT_EQ(client.read_to_end(), "bye\r\n");
}

TEST_P(ServerTest, AClientThatPoursLeavesRoomForOthers) {
    options_.threads = 1;
    start();
    TestClient& greedy = connect();
    std::atomic<bool> enough = false;
    std::jthread pour([&] {
        std::string many;
        for (int i = 0; i < 1000; ++i) {
            many += "x\r\n";
        }
        while (!enough && greedy.send(many)) {
        }
    });
    std::jthread drain([&] { static_cast<void>(greedy.read_to_end()); });
    EXPECT_EQ(ask(connect(), "a"), "echo a");
    enough = true;
    pour.join();
    greedy.send("QUIT\r\n");
}

TEST_P(ServerTest, AnIdleClientTimesOut) {
    listen_.serve = [](std::unique_ptr<Stream> stream) {
        return net::converse(std::move(stream), 20ms);
    };
    start();
    EXPECT_EQ(connect().read_to_end(), "timeout\r\n");
}

TEST_P(ServerTest, AResetEndsTheSession) {
    start();
    connect().reset();
    clients_.clear();
    EXPECT_EQ(server_->stop(20s), 0);
}

// PROXY

TEST_P(ServerTest, TakesAddressesFromAProxy) {
    listen_.proxies = {*AddressBlock::parse("127.0.0.0/8")};
    start();
    TestClient client(bound_);
    for (const char c : std::string_view("PROXY TCP4 192.0.2.7 203.0.113.9 12345 25\r\n")) {
        client.send(std::string_view(&c, 1));
    }
    EXPECT_EQ(client.read_line(), "hello");
    EXPECT_EQ(ask(client, "PEER"), "192.0.2.7:12345 to 203.0.113.9:25");
    TestClient pipelined(bound_);
    pipelined.send("PROXY TCP6 2001:db8::1 2001:db8::2 1 25\r\nPEER\r\n");
    EXPECT_EQ(pipelined.read_line(), "hello");
    EXPECT_EQ(pipelined.read_line(), "[2001:db8::1]:1 to [2001:db8::2]:25");
}

TEST_P(ServerTest, TlsComesAfterTheProxyHeader) {
    use_tls();
    listen_.implicit_tls = true;
    listen_.proxies = {*AddressBlock::parse("127.0.0.1")};
    start();
    TestClient client(bound_);
    client.send("PROXY TCP4 192.0.2.7 203.0.113.9 12345 465\r\n");
    ASSERT_EQ(client.start_tls({}), "");
    EXPECT_EQ(client.read_line(), "hello");
    EXPECT_EQ(ask(client, "PEER"), "192.0.2.7:12345 to 203.0.113.9:465");
}

TEST_P(ServerTest, AProxyMustSayWhoItSpeaksFor) {
    listen_.proxies = {*AddressBlock::parse("127.0.0.1")};
    listen_.handshake_max = 50ms;
    start();
    TestClient wrong(bound_);
    wrong.send("EHLO x\r\n");
    EXPECT_THAT(wrong.read_line(), testing::EndsWith(">"));
    TestClient silent(bound_);
    EXPECT_THAT(silent.read_line(), testing::EndsWith(">"));
}

TEST_P(ServerTest, AStrangersProxyHeaderIsInput) {
    listen_.proxies = {*AddressBlock::parse("192.0.2.1")};
    start();
    EXPECT_THAT(ask(connect(), "PROXY UNKNOWN"), "echo PROXY UNKNOWN");
}

// Limits

TEST_P(ServerTest, TurnsAwayBeyondTheTotal) {
    options_.connections_max = 3;
    start();
    for (int i = 0; i < 3; ++i) {
        connect();
    }
    EXPECT_EQ(TestClient(bound_).read_to_end(), "421 too many\r\n");
    // A place comes back when its connection is closed, lingering included.
    TestClient& leaver = clients_.front();
    leaver.send("QUIT\r\n");
    EXPECT_EQ(leaver.read_to_end(), "bye\r\n");
    leaver.reset();
    std::string greeting;
    while (greeting != "hello") {
        greeting = TestClient(bound_).read_line();
        ASSERT_THAT(greeting, testing::AnyOf("hello", "421 too many"));
    }
}

TEST_P(ServerTest, TurnsAwayBeyondAnAddressesShare) {
    options_.connections_per_address_max = 2;
    listen_.proxies = {*AddressBlock::parse("127.0.0.1")};
    start();
    const auto come_from = [&](const std::string& address) {
        TestClient& client = clients_.emplace_back(bound_);
        client.send("PROXY TCP6 " + address + " 2001:db8::2 1 25\r\n");
        return client.read_line();
    };
    EXPECT_EQ(come_from("2001:db8:1::1"), "hello");
    EXPECT_EQ(come_from("2001:db8:1::2"), "hello");
    EXPECT_EQ(come_from("2001:db8:1::3"), "421 too many from you");
    EXPECT_EQ(come_from("2001:db8:2::1"), "hello");
}

TEST_P(ServerTest, TurnsAwayAndRecoversWhenDescriptorsAreOut) {
    start();
    connect();
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    std::deque<UniqueFd> hoard;
    const rlimit low = {.rlim_cur = 128, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    const UniqueFd kept(::open("/dev/null", O_RDONLY | O_CLOEXEC));  // for the client below
    while (true) {
        UniqueFd fd(::dup(kept.get()));
        if (!fd) {
            break;
        }
        hoard.push_back(std::move(fd));
    }
    hoard.pop_back();
    TestClient refused(bound_);  // takes the last descriptor
    EXPECT_EQ(refused.read_to_end(), "421 too many\r\n");
    EXPECT_EQ(ask(clients_.front(), "a"), "echo a");
    hoard.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(ask(connect(), "b"), "echo b");
}

// The end

TEST_P(ServerTest, StopsGracefully) {
    start();
    for (int i = 0; i < 5; ++i) {
        connect();
    }
    EXPECT_EQ(server_->sessions(), 5);
    EXPECT_EQ(server_->stop(20s), 0);
    for (TestClient& client : clients_) {
        EXPECT_EQ(client.read_to_end(), "unavailable\r\n");
    }
    EXPECT_FALSE(TestClient(bound_).fd());
}

TEST_P(ServerTest, AHandshakeDoesNotHoldUpTheEnd) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    TestClient silent(bound_);
    while (server_->sessions() == 0) {
        std::this_thread::yield();
    }
    EXPECT_EQ(server_->stop(20s), 0);
    EXPECT_THAT(silent.read_line(), testing::EndsWith(">"));
}

TEST_P(ServerTest, CutsOffWhoeverDoesNotEnd) {
    start();
    TestClient& client = connect();
    client.send("BIG 200000000\r\n");  // and never reads it
    char first = 0;
    ASSERT_EQ(::recv(client.fd().get(), &first, 1, 0), 1);  // it has begun
    EXPECT_EQ(server_->stop(20ms), 1);
    EXPECT_EQ(server_->sessions(), 0);
}

TEST_P(ServerTest, SaysWhatToDoWhenItCannotListen) {
    start();
    const std::tuple<std::string, Errc, const char*> rows[] = {
        {bound_.to_string(), Errc::kInUse, "Address already in use; stop the program that uses it"},
        {"192.0.2.1:0", Errc::kInvalid, "no such address"},
        {"localhost:25", Errc::kSyntax, "is not an address and port"},
        {"unix:/nonexistent/socket", Errc::kInvalid, "No such file or directory"},
        {"systemd:smtp", Errc::kNotFound, "FileDescriptorName=smtp"},
    };
    for (const auto& [address, code, text] : rows) {
        ListenOptions options = listen_;
        options.address = address;
        Server other(options_);
        const auto bound = other.listen(options);
        ASSERT_FALSE(bound) << address;
        EXPECT_EQ(bound.error().code, code);
        EXPECT_THAT(bound.error().text, HasSubstr(text));
    }
}

TEST_P(ServerTest, SpreadsConnectionsOverItsLoops) {
    std::mutex mutex;
    std::set<base::Loop*> loops;
    listen_.serve = [&](std::unique_ptr<Stream> stream) {
        {
            const std::scoped_lock lock(mutex);
            loops.insert(&stream->loop());
        }
        return net::converse(std::move(stream), 20s);
    };
    start();
    for (int i = 0; i < 64; ++i) {
        connect();
    }
    EXPECT_EQ(loops.size(), GetParam());
    server_->stop(20s);
}

TEST_P(ServerTest, CountsConnections) {
    base::Metrics metrics;
    options_.metrics = &metrics;
    options_.connections_max = 1;
    start();
    connect();
    EXPECT_EQ(TestClient(bound_).read_to_end(), "421 too many\r\n");
    EXPECT_THAT(
        metrics.prometheus_text(),
        testing::AllOf(HasSubstr("staffetta_connections_open{service=\"test\"} 1\n"),
                       HasSubstr("staffetta_accepted_total{service=\"test\"} 1\n"),
                       HasSubstr("staffetta_connections_refused_total{service=\"test\"} 1")));
    server_->stop(20s);
    EXPECT_THAT(metrics.prometheus_text(),
                HasSubstr("staffetta_connections_open{service=\"test\"} 0\n"));
}

INSTANTIATE_TEST_SUITE_P(Threads, ServerTest, testing::Values(1U, 2U));

}  // namespace
}  // namespace net
