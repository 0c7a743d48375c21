// Tests of SystemNetwork on loopback and one thread, and of the client's side of TLS against our own server.
#include "net/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/loop.h"
#include "net/tls_client_context.h"
#include "net/tls_context.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using testing::ElementsAre;
using testing::HasSubstr;

const Endpoint kAnyPort{.address = "127.0.0.1", .port = 0, .path = ""};

template <class T>
std::string error_name(const base::Result<T>& result) {
    return result ? "ok" : std::string(base::errc_name(result.error().code));
}

class NetworkTest : public testing::Test {
  protected:
    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        while (!task.done()) {
            loop_.run_ready();
        }
        return task.result();
    }

    // Both to their ends, each waiting for the other.
    template <class A, class B>
    void run_both(const base::Task<A>& a, const base::Task<B>& b) {
        a.start();
        b.start();
        while (!a.done() || !b.done()) {
            loop_.run_ready();
        }
    }

    [[nodiscard]] base::SteadyTime in(base::Duration span) { return loop_.clock().steady() + span; }

    // A connected pair: ours, the peer's.
    void connect(const std::optional<Endpoint>& source = {}) {
        acceptor_ = network_.accept_on(loop_, kAnyPort).value();
        ours_ =
            finish(network_.connect(
                       loop_, {.peer = acceptor_->local(), .local = source, .deadline = in(20s)}))
                .value();
        theirs_ = finish(acceptor_->accept(in(20s))).value();
    }

    std::string receive(Stream& stream) {
        const auto got = finish(stream.receive(in(20s)));
        return got ? std::string(*got) : "!" + std::string(base::errc_name(got.error().code));
    }

    IoLoop loop_;
    SystemNetwork network_;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<Stream> ours_;
    std::unique_ptr<Stream> theirs_;
};

TEST_F(NetworkTest, ConnectsAndAccepts) {
    connect();
    EXPECT_EQ(ours_->peer(), acceptor_->local());
    EXPECT_EQ(ours_->local(), theirs_->peer());
    EXPECT_EQ(theirs_->local(), acceptor_->local());
    ASSERT_TRUE(finish(ours_->write("hello", in(20s))));
    EXPECT_EQ(receive(*theirs_), "hello");
    ASSERT_TRUE(finish(theirs_->write("you", in(20s))));
    EXPECT_EQ(receive(*ours_), "you");
}

TEST_F(NetworkTest, UsesTheSourceThatWasAskedFor) {
    connect(Endpoint{.address = "127.0.0.7", .port = 0, .path = ""});
    EXPECT_EQ(theirs_->peer().address, "127.0.0.7");
    const Endpoint again = ours_->local();
    ours_->abort();  // no TIME_WAIT
    connect(again);
    EXPECT_EQ(theirs_->peer(), again);
}

TEST_F(NetworkTest, SaysWhyThereIsNoConnection) {
    const Endpoint closed = network_.accept_on(loop_, kAnyPort).value()->local();

    const struct {
        Endpoint peer;
        std::optional<Endpoint> local;
        const char* error;
    } rows[] = {
        {closed, {}, "refused"},
        {{.address = "", .port = 0, .path = "/nonexistent/socket"}, {}, "refused"},
        {{.address = "mail.example", .port = 25, .path = ""}, {}, "invalid"},
        {closed, Endpoint{.address = "203.0.113.9", .port = 0, .path = ""}, "invalid"},
        {closed, Endpoint{.address = "::1", .port = 0, .path = ""}, "invalid"},
    };

    for (const auto& row : rows) {
        const auto stream = finish(
            network_.connect(loop_, {.peer = row.peer, .local = row.local, .deadline = in(20s)}));
        EXPECT_EQ(error_name(stream), row.error) << row.peer.to_string();
        EXPECT_FALSE(stream.error().text.empty());
    }
}

// A listener whose queue is full drops the SYN: nobody ever answers.
TEST_F(NetworkTest, GivesUpAtTheDeadline) {
    const UniqueFd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t octets = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(full.get(), generic, octets), 0);
    ASSERT_EQ(::listen(full.get(), 0), 0);
    ASSERT_EQ(::getsockname(full.get(), generic, &octets), 0);
    const Endpoint peer{.address = "127.0.0.1", .port = ntohs(address.sin_port), .path = ""};
    std::vector<std::unique_ptr<Stream>> fill;
    std::string last = "ok";
    for (int i = 0; i < 8 && last == "ok"; ++i) {
        auto stream =
            finish(network_.connect(loop_, {.peer = peer, .local = {}, .deadline = in(100ms)}));
        last = error_name(stream);
        if (stream) {
            fill.push_back(std::move(*stream));
        }
    }
    EXPECT_EQ(last, "timeout");
}

TEST_F(NetworkTest, AnAbandonedConnectLeavesNothingBehind) {
    acceptor_ = network_.accept_on(loop_, kAnyPort).value();
    {
        const auto task =
            network_.connect(loop_, {.peer = acceptor_->local(), .local = {}, .deadline = in(20s)});
        task.start();
    }
    loop_.run_ready();
    connect();
    EXPECT_TRUE(ours_);
}

TEST_F(NetworkTest, AcceptingEnds) {
    acceptor_ = network_.accept_on(loop_, kAnyPort).value();
    EXPECT_EQ(error_name(finish(acceptor_->accept(in(1ms)))), "timeout");
    const auto task = acceptor_->accept(in(20s));
    task.start();
    acceptor_->close();
    while (!task.done()) {
        loop_.run_ready();
    }
    EXPECT_EQ(error_name(task.result()), "reset");
    EXPECT_EQ(error_name(finish(acceptor_->accept(in(20s)))), "reset");
}

TEST_F(NetworkTest, APortHasOneOwner) {
    acceptor_ = network_.accept_on(loop_, kAnyPort).value();
    EXPECT_EQ(error_name(network_.accept_on(loop_, acceptor_->local())), "in-use");
    EXPECT_EQ(error_name(network_.accept_on(loop_, {.address = "", .port = 0, .path = "/x"})),
              "invalid");
}

TEST_F(NetworkTest, HalfClosesAndAborts) {
    connect();
    ASSERT_TRUE(finish(ours_->write("all of it", in(20s))));
    ASSERT_TRUE(finish(ours_->shut_down_write(in(20s))));
    EXPECT_EQ(error_name(finish(ours_->write("more", in(20s)))), "reset");
    EXPECT_EQ(receive(*theirs_), "all of it");
    EXPECT_EQ(receive(*theirs_), "!eof");
    ASSERT_TRUE(finish(theirs_->write("226 got it", in(20s))));
    EXPECT_EQ(receive(*ours_), "226 got it");
    theirs_->abort();
    EXPECT_EQ(receive(*ours_), "!reset");
}

// FTP's data connections: what is sent arrives, and nothing waits for a peer that has nothing to say.
TEST_F(NetworkTest, WhatWasAcceptedByHandDoesNotLinger) {
    connect();
    ASSERT_TRUE(finish(theirs_->write("all of it", in(20s))));
    theirs_->close();
    EXPECT_EQ(receive(*ours_), "all of it");
    EXPECT_EQ(receive(*ours_), "!eof");
    ASSERT_TRUE(finish(ours_->write("unasked", in(20s))));
    EXPECT_EQ(error_name(finish(ours_->write("more", in(20s)))), "reset");
}

TEST_F(NetworkTest, SendsFilesOfAnySize) {
    const UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
    const std::string much(100'000, 'x');
    ASSERT_EQ(::write(file.get(), much.data(), much.size()), 100'000);
    ASSERT_EQ(::pwrite(file.get(), "small", 5, 0), 5);
    const auto send = [&](std::uint64_t offset, std::uint64_t count) {
        return finish(theirs_->send_file(file.get(), offset, count, 20s)).value();
    };
    const auto all = [this] {
        std::string octets;
        while (!octets.ends_with("!eof")) {
            octets += receive(*ours_);
        }
        return octets;
    };
    connect();
    EXPECT_EQ(send(0, 5), 5U);
    theirs_->close();
    EXPECT_EQ(all(), "small!eof");
    connect();
    EXPECT_EQ(send(0, 100'000), 100'000U);
    EXPECT_EQ(send(99'990, 20), 10U);  // it has no more
    EXPECT_EQ(send(100'000, 5), 0U);
    theirs_->close();
    EXPECT_EQ(all(), "small" + much.substr(5) + std::string(10, 'x') + "!eof");
    EXPECT_EQ(error_name(finish(theirs_->send_file(file.get(), 0, 5, 20s))), "reset");
}

class TlsClientTest : public NetworkTest {
  protected:
    TlsClientTest()
        : directory_(testing::TempDir() + "net_network_test." + std::to_string(::getpid())) {
        std::filesystem::create_directories(directory_);
        server_ = load_server("server", {"mail.hamburger.example", "127.0.0.1"});
        client_ = TlsClientContext::load({.authorities = directory_ + "/server.pem"}).value();
    }

    ~TlsClientTest() override { std::filesystem::remove_all(directory_); }

    std::shared_ptr<TlsContext> load_server(const std::string& file,
                                            const std::vector<std::string>& names) {
        const CertificateFiles files{.certificate = directory_ + "/" + file + ".pem",
                                     .key = directory_ + "/" + file + ".key"};
        EXPECT_TRUE(make_self_signed(names, files.certificate, files.key));
        return TlsContext::load({.certificates = {files}, .client_authorities = ""}).value();
    }

    // A connection with TLS on it; the outcome of the client's handshake.
    std::string shake_hands(TlsClientOptions options) {
        connect();
        theirs_->offer_tls(server_);
        const auto server = theirs_->start_tls(in(20s));
        const auto client = ours_->start_tls_client(std::move(options), in(20s));
        run_both(server, client);
        const auto result = client.result();
        return result ? "ok" : error_name(result) + " " + result.error().text;
    }

    [[nodiscard]] TlsClientOptions proving(const std::string& name) const {
        return {.context = client_, .server_name = name, .verify = true};
    }

    std::string directory_;
    std::shared_ptr<TlsContext> server_;
    std::shared_ptr<TlsClientContext> client_;
};

TEST_F(TlsClientTest, SpeaksInsideTlsBothWays) {
    ASSERT_EQ(shake_hands(proving("mail.hamburger.example")), "ok");
    EXPECT_EQ(ours_->tls()->version, "TLSv1.3");
    EXPECT_EQ(theirs_->tls()->server_name, "mail.hamburger.example");
    EXPECT_EQ(ours_->tls()->distrust, "");
    EXPECT_EQ(ours_->tls()->exporter, theirs_->tls()->exporter);
    EXPECT_EQ(ours_->tls()->end_point, theirs_->tls()->end_point);
    EXPECT_EQ(ours_->tls()->end_point.size(), 32);
    EXPECT_THAT(ours_->tls()->client_names, ElementsAre());
    ASSERT_TRUE(finish(ours_->write("secret", in(20s))));
    EXPECT_EQ(receive(*theirs_), "secret");
    ASSERT_TRUE(finish(ours_->shut_down_write(in(20s))));
    EXPECT_EQ(receive(*theirs_), "!eof");
    ASSERT_TRUE(finish(theirs_->write("answer", in(20s))));
    EXPECT_EQ(receive(*ours_), "answer");
    theirs_.reset();
    EXPECT_EQ(receive(*ours_), "!eof");
}

// RFC 7301 3.2.
TEST_F(TlsClientTest, AgreesOnAProtocolOrRefuses) {
    struct Row {
        std::vector<std::string> served;
        std::vector<std::string> asked;
        const char* outcome;
        const char* agreed;
    };

    const auto any = server_;
    for (const Row& row : {Row{{}, {"ftp"}, "ok", ""},
                           Row{{"ftp"}, {}, "ok", ""},
                           Row{{"ftp"}, {"ftp"}, "ok", "ftp"},
                           Row{{"ftp-data", "ftp"}, {"ftp", "ftp-data"}, "ok", "ftp-data"},
                           Row{{"ftp"}, {"http/1.1", "ftp"}, "ok", "ftp"},
                           Row{{"ftp"}, {"http/1.1", "ft"}, "refused", ""}}) {
        server_ = any->for_protocols(row.served);
        TlsClientOptions options = proving("mail.hamburger.example");
        options.alpn = row.asked;
        const std::string outcome = shake_hands(std::move(options));
        if (std::string_view(row.outcome) == "refused") {
            EXPECT_THAT(outcome, testing::HasSubstr("no application protocol"));
            continue;
        }
        EXPECT_EQ(outcome, row.outcome);
        EXPECT_EQ(ours_->tls()->alpn, row.agreed);
        EXPECT_EQ(theirs_->tls()->alpn, row.agreed);
    }
}

TEST_F(TlsClientTest, BelievesWhatTheCertificateProves) {
    const std::pair<const char*, const char*> rows[] = {
        {"mail.hamburger.example", "ok"},
        {"127.0.0.1", "ok"},
        {"127.0.0.2", "denied TLS handshake: IP address mismatch"},
        {"mail.crepes.example", "denied TLS handshake: hostname mismatch"},
        {"", "invalid no name that the certificate could prove"},
    };
    for (const auto& [name, outcome] : rows) {
        if (*name == '\0') {
            connect();
            const auto result = finish(ours_->start_tls_client(proving(name), in(20s)));
            EXPECT_EQ(error_name(result) + " " + result.error().text, outcome);
        } else {
            EXPECT_EQ(shake_hands(proving(name)), outcome) << name;
        }
    }
}

TEST_F(TlsClientTest, GoesOnWithoutProofWhereNoneIsAskedFor) {
    TlsClientOptions options = proving("mail.crepes.example");
    options.verify = false;
    ASSERT_EQ(shake_hands(options), "ok");
    EXPECT_EQ(ours_->tls()->distrust, "hostname mismatch");
    server_ = load_server("stranger", {"mail.crepes.example"});
    ASSERT_EQ(shake_hands(options), "ok");
    EXPECT_EQ(ours_->tls()->distrust, "self-signed certificate");
    options.verify = true;
    EXPECT_EQ(shake_hands(options), "denied TLS handshake: self-signed certificate");
}

TEST_F(TlsClientTest, ResumesWithTheSameNameOnly) {
    TlsClientOptions options = proving("mail.hamburger.example");
    ASSERT_EQ(shake_hands(options), "ok");
    ASSERT_TRUE(finish(theirs_->write("x", in(20s))));  // TLS 1.3: the ticket came before it
    EXPECT_EQ(receive(*ours_), "x");
    options.resume = ours_->tls_ticket();
    ASSERT_TRUE(options.resume);
    ASSERT_EQ(shake_hands(options), "ok");
    EXPECT_TRUE(ours_->tls()->resumed);
    options.server_name = "mail.crepes.example";
    EXPECT_EQ(shake_hands(options), "denied TLS handshake: hostname mismatch");

    // What was not proven then cannot be proven by resuming it.
    options.verify = false;
    ASSERT_EQ(shake_hands(options), "ok");
    ASSERT_TRUE(finish(theirs_->write("x", in(20s))));
    EXPECT_EQ(receive(*ours_), "x");
    options.resume = ours_->tls_ticket();
    ASSERT_EQ(shake_hands(options), "ok");
    EXPECT_TRUE(ours_->tls()->resumed);
    EXPECT_EQ(ours_->tls()->distrust, "hostname mismatch");
    options.verify = true;
    EXPECT_EQ(shake_hands(options), "denied TLS handshake: hostname mismatch");
}

// FTP: every data connection resumes the control connection's.
TEST_F(TlsClientTest, AConnectionThatEndsBadlyTakesNoSessionAlong) {
    TlsClientOptions options = proving("mail.hamburger.example");
    ASSERT_EQ(shake_hands(options), "ok");
    ASSERT_TRUE(finish(theirs_->write("x", in(20s))));
    EXPECT_EQ(receive(*ours_), "x");
    const auto control = std::move(ours_);
    options.resume = control->tls_ticket();
    ASSERT_EQ(shake_hands(options), "ok");
    EXPECT_TRUE(ours_->tls()->resumed);
    theirs_->abort();
    EXPECT_EQ(receive(*ours_), "!reset");
    ours_.reset();
    options.resume.reset();
    EXPECT_TRUE(control->tls_ticket());
}

TEST_F(TlsClientTest, AnEndWithoutGoodbyeIsNoEnd) {
    ASSERT_EQ(shake_hands(proving("mail.hamburger.example")), "ok");
    theirs_->abort();
    EXPECT_EQ(receive(*ours_), "!reset");
}

TEST_F(TlsClientTest, ASilentServerCostsNoMoreThanTheDeadline) {
    connect();
    EXPECT_EQ(
        error_name(finish(ours_->start_tls_client(proving("mail.hamburger.example"), in(10ms)))),
        "timeout");
}

TEST_F(TlsClientTest, SaysWhichFileIsWrong) {
    const auto missing = TlsClientContext::load({.authorities = directory_ + "/none.pem"});
    EXPECT_EQ(error_name(missing), "not-found");
    std::ofstream(directory_ + "/bad.pem") << "no certificate";
    const auto bad = TlsClientContext::load({.authorities = directory_ + "/bad.pem"});
    EXPECT_EQ(error_name(bad), "invalid");
    EXPECT_THAT(bad.error().text, HasSubstr("bad.pem cannot be used"));
}

}  // namespace
}  // namespace net
