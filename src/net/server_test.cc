// Tests of Server with real sockets on loopback: conversations, TLS, PROXY headers, limits, exhaustion,
// graceful stop. They wait for events, never for time.
#include "net/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <latch>
#include <set>
#include <thread>

#include "base/ascii.h"
#include "base/base64.h"
#include "net/line_stream.h"
#include "net/listen_socket.h"
#include "net/test_client.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using testing::HasSubstr;
using testing::StartsWith;

std::string describe(const TlsInfo* tls) {
    return tls == nullptr ? "clear\r\n"
                          : fmt::format("{} {} {} [{}] [{}] {} {} {}\r\n",
                                        tls->version,
                                        tls->cipher,
                                        tls->bits,
                                        tls->server_name,
                                        fmt::join(tls->client_names, ","),
                                        tls->unique.size(),
                                        tls->end_point.size(),
                                        base::base64_encode(tls->exporter));
}

// A small protocol with all that matters here: PEER, TLS, BIG n, STARTTLS, DROP, QUIT; else an echo.
base::Task<base::Result<>> answer(LineStream& lines, std::string command) {
    const base::SteadyTime deadline = lines.stream().loop().clock().steady() + 20s;
    if (command == "PEER") {
        lines.put(lines.stream().peer().to_string() + " to " + lines.stream().local().to_string() +
                  "\r\n");
    } else if (command == "TLS") {
        lines.put(describe(lines.stream().tls()));
    } else if (command.starts_with("BIG ")) {
        const std::string octets(base::parse_u64(command.substr(4), 1'000'000'000).value_or(0),
                                 'x');
        co_return co_await lines.stream().write(octets, deadline);
    } else if (command == "STARTTLS") {
        lines.put("go ahead\r\n");
        co_return co_await lines.start_tls(deadline);
    } else {
        lines.put("echo " + command + "\r\n");
    }
    co_return base::Result<>();
}

base::Task<> converse(std::unique_ptr<Stream> stream, base::Duration idle_max) {
    LineStream lines(*stream);
    lines.put("hello\r\n");
    while (true) {
        const auto line = co_await lines.read_line(512, stream->loop().clock().steady() + idle_max);
        if (!line || line->text == "QUIT") {
            lines.put(line ? "bye\r\n" : fmt::format("{}\r\n", base::errc_name(line.error().code)));
            static_cast<void>(co_await lines.flush(stream->loop().clock().steady() + 1s));
            stream->close();
            co_return;
        }
        if (line->text == "DROP") {
            co_return;
        }
        if (const auto done = co_await answer(lines, std::string(line->text)); !done) {
            co_return;
        }
    }
}

class ServerTest : public testing::TestWithParam<unsigned> {
  protected:
    ServerTest()
        : directory_(testing::TempDir() + "net_server_test." + std::to_string(::getpid())) {
        std::filesystem::create_directories(directory_);
        options_.threads = GetParam();
        listen_.address = "127.0.0.1:0";
        listen_.service = "test";
        listen_.serve = [](std::unique_ptr<Stream> stream) {
            return net::converse(std::move(stream), 20s);
        };
        listen_.refusal = [](Refusal why) {
            return why == Refusal::kTooMany ? "421 too many\r\n" : "421 too many from you\r\n";
        };
    }

    ~ServerTest() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_ + "/" + name;
    }

    CertificateFiles certificate(const std::vector<std::string>& names) {
        CertificateFiles files{.certificate = path(names.front() + ".pem"),
                               .key = path(names.front() + ".key")};
        EXPECT_TRUE(make_self_signed(names, files.certificate, files.key));
        return files;
    }

    void use_tls(TlsSettings settings = {}) {
        if (settings.certificates.empty()) {
            settings.certificates = {certificate({"mail.hamburger.example"})};
        }
        auto context = TlsContext::load(std::move(settings));
        ASSERT_TRUE(context) << context.error().text;
        listen_.tls = *context;
    }

    Server& start() {
        server_.emplace(options_);
        const auto bound = server_->listen(listen_);
        EXPECT_TRUE(bound) << bound.error().text;
        bound_ = bound.value_or(Endpoint());
        server_->start();
        return *server_;
    }

    // Connected and greeted.
    TestClient& connect() {
        TestClient& client = clients_.emplace_back(bound_);
        EXPECT_EQ(client.read_line(), "hello");
        return client;
    }

    static std::string ask(TestClient& client, const std::string& command) {
        client.send(command + "\r\n");
        return client.read_line();
    }

    std::string directory_;
    ServerOptions options_;
    ListenOptions listen_;
    Endpoint bound_;
    std::optional<Server> server_;
    std::deque<TestClient> clients_;
};

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

// TLS

TEST_P(ServerTest, StartsTlsInPlace) {
    use_tls();
    start();
    TestClient& client = connect();
    EXPECT_EQ(ask(client, "TLS"), "clear");
    EXPECT_EQ(ask(client, "STARTTLS"), "go ahead");
    ASSERT_EQ(client.start_tls({.server_name = "mail.hamburger.example"}), "");
    EXPECT_EQ(ask(client, "TLS"),
              "TLSv1.3 TLS_AES_256_GCM_SHA384 256 [mail.hamburger.example] [] 0 32 " +
                  base::base64_encode(client.exporter()));
    client.send("BIG 3000000\r\nQUIT\r\n");
    EXPECT_EQ(client.read_to_end(), std::string(3'000'000, 'x') + "bye\r\n");
}

TEST_P(ServerTest, SpeaksTls12WithChannelBindings) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    TestClient client(bound_);
    ASSERT_EQ(client.start_tls({.version = TLS1_2_VERSION}), "");
    EXPECT_EQ(client.read_line(), "hello");
    EXPECT_EQ(ask(client, "TLS"),
              "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 256 [] [] 12 32 " +
                  base::base64_encode(client.exporter()));
}

TEST_P(ServerTest, RefusesOlderTls) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        EXPECT_NE(TestClient(bound_).start_tls({.version = version}), "");
    }
}

TEST_P(ServerTest, ChoosesTheCertificateByName) {
    use_tls({.certificates = {certificate({"first.example"}),
                              certificate({"second.example", "*.second.example"})},
             .client_authorities = ""});
    listen_.implicit_tls = true;
    start();
    const std::pair<const char*, const char*> rows[] = {{"", "first.example"},
                                                        {"first.example", "first.example"},
                                                        {"second.example", "second.example"},
                                                        {"mx.second.example", "second.example"},
                                                        {"elsewhere.example", "first.example"}};
    for (const auto& [asked, got] : rows) {
        TestClient client(bound_);
        ASSERT_EQ(client.start_tls({.server_name = asked}), "");
        EXPECT_EQ(client.certificate_name(), got) << asked;
    }
}

TEST_P(ServerTest, ReloadsCertificatesAndKeepsTickets) {
    const CertificateFiles files = certificate({"old.example"});
    use_tls({.certificates = {files}, .client_authorities = ""});
    listen_.implicit_tls = true;
    start();
    TestClient before(bound_);
    ASSERT_EQ(before.start_tls({}), "");
    EXPECT_EQ(before.read_line(), "hello");  // the ticket came before it
    EXPECT_EQ(before.certificate_name(), "old.example");
    EXPECT_FALSE(listen_.tls->changed_on_disk());

    const CertificateFiles next = certificate({"new.example"});
    std::filesystem::rename(next.certificate, files.certificate);
    EXPECT_TRUE(listen_.tls->changed_on_disk());
    const auto torn = listen_.tls->reload();  // the old key does not belong to it
    EXPECT_THAT(torn.error().text, HasSubstr("does not belong"));
    std::filesystem::rename(next.key, files.key);
    ASSERT_TRUE(listen_.tls->reload());
    EXPECT_FALSE(listen_.tls->changed_on_disk());

    TestClient after(bound_);
    ASSERT_EQ(after.start_tls({}), "");
    EXPECT_EQ(after.certificate_name(), "new.example");
    EXPECT_FALSE(after.resumed());
    TestClient again(bound_);
    SSL_SESSION* session = before.session();
    ASSERT_EQ(again.start_tls({.session = session}), "");
    SSL_SESSION_free(session);
    EXPECT_TRUE(again.resumed());
    EXPECT_EQ(ask(before, "a"), "echo a");
}

TEST_P(ServerTest, TakesNamesFromClientCertificatesThatVerify) {
    const CertificateFiles alice = certificate({"alice.example"});
    const CertificateFiles stranger = certificate({"stranger.example"});
    for (const CertificateFiles& files : {alice, stranger}) {
        std::ofstream(files.certificate, std::ios::app) << std::ifstream(files.key).rdbuf();
    }
    use_tls(
        {.certificates = {certificate({"mail.example"})}, .client_authorities = alice.certificate});
    listen_.implicit_tls = true;
    start();
    const std::pair<std::string, std::string> rows[] = {
        {alice.certificate, "[] [alice.example]"}, {stranger.certificate, "[] []"}, {"", "[] []"}};
    for (const auto& [file, names] : rows) {
        TestClient client(bound_);
        ASSERT_EQ(client.start_tls({.certificate = file}), "");
        EXPECT_EQ(client.read_line(), "hello") << file;
        EXPECT_THAT(ask(client, "TLS"), HasSubstr(names)) << file;
    }
}

TEST_P(ServerTest, SaysWhyACertificateCannotBeUsed) {
    const CertificateFiles good = certificate({"good.example"});
    const CertificateFiles other = certificate({"other.example"});
    std::ofstream(path("junk.pem")) << "junk\n";
    const std::tuple<CertificateFiles, Errc, const char*> rows[] = {
        {{path("none.pem"), good.key},
         Errc::kNotFound,
         "none.pem: No such file or directory; correct"},
        {{good.certificate, path("none.key")}, Errc::kNotFound, "none.key: No such file"},
        {{path("junk.pem"), good.key}, Errc::kInvalid, "junk.pem cannot be used"},
        {{good.certificate, path("junk.pem")}, Errc::kInvalid, "junk.pem cannot be used"},
        {{good.certificate, other.key}, Errc::kInvalid, "does not belong to the certificate"},
        {{good.certificate, good.certificate}, Errc::kInvalid, "must be a private key in PEM"},
    };
    for (const auto& [files, code, text] : rows) {
        const auto context = TlsContext::load({.certificates = {files}, .client_authorities = ""});
        ASSERT_FALSE(context);
        EXPECT_EQ(context.error().code, code);
        EXPECT_THAT(context.error().text, HasSubstr(text));
    }
    EXPECT_EQ(make_self_signed({"good.example"}, good.certificate, good.key).error().code,
              Errc::kExists);
    EXPECT_EQ(make_self_signed({"a,DNS:b"}, path("x"), path("y")).error().code, Errc::kInvalid);
}

TEST_P(ServerTest, AHalfOpenHandshakeHasADeadline) {
    use_tls();
    listen_.implicit_tls = true;
    listen_.handshake_max = 20ms;
    start();
    TestClient silent(bound_);
    EXPECT_THAT(silent.read_line(), testing::AnyOf("<eof>", "<reset>"));
    TestClient half(bound_);
    half.send("\x16\x03\x01");
    EXPECT_THAT(half.read_line(), testing::AnyOf("<eof>", "<reset>"));
    server_->stop(20s);
    EXPECT_EQ(server_->sessions(), 0);
}

TEST_P(ServerTest, ClearTextIsNoHandshake) {
    use_tls();
    listen_.implicit_tls = true;
    start();
    TestClient client(bound_);
    client.send("EHLO x\r\n");
    EXPECT_THAT(client.read_line(), testing::EndsWith(">"));
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
                       HasSubstr("staffetta_connections_total{service=\"test\"} 1\n"),
                       HasSubstr("staffetta_connections_refused_total{service=\"test\"} 1")));
    server_->stop(20s);
    EXPECT_THAT(metrics.prometheus_text(),
                HasSubstr("staffetta_connections_open{service=\"test\"} 0\n"));
}

INSTANTIATE_TEST_SUITE_P(Threads, ServerTest, testing::Values(1U, 2U));

}  // namespace
}  // namespace net
