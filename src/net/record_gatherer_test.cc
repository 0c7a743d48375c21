// Tests of RecordGatherer over socket pairs, and of files sent in TLS through it: nothing is lost, doubled or out of
// order, however little the peer takes at a time.
#include "net/record_gatherer.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "net/openssl_ptr.h"
#include "net/socket_stream.h"
#include "net/tls_client_context.h"
#include "net/tls_context.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using Kind = Attempt::Kind;
using BioPtr = OpensslPtr<BIO, BIO_free>;

struct Pair {
    explicit Pair(int type) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }

    UniqueFd ours;
    UniqueFd theirs;
};

// What one receive says; "..." when nothing is there.
std::string heard(const UniqueFd& fd) {
    std::string room(100'000, '\0');
    const ssize_t got = ::recv(fd.get(), room.data(), room.size(), 0);
    return got < 0 ? "..." : room.substr(0, static_cast<std::size_t>(got));
}

TEST(RecordGatherer, SendsWhatGatheredInOneCall) {
    const Pair pair(SOCK_SEQPACKET);  // each send(2) is a message
    RecordGatherer gatherer(pair.ours.get());
    const BioPtr bio(gatherer.new_bio());
    ASSERT_EQ(BIO_write(bio.get(), "at once", 7), 7);
    EXPECT_EQ(heard(pair.theirs), "at once");
    gatherer.begin();
    ASSERT_EQ(BIO_write(bio.get(), "one", 3), 3);
    ASSERT_EQ(BIO_write(bio.get(), "two", 3), 3);
    EXPECT_EQ(BIO_flush(bio.get()), 1);
    EXPECT_EQ(heard(pair.theirs), "...");
    EXPECT_EQ(gatherer.send().kind, Kind::kDone);
    EXPECT_EQ(heard(pair.theirs), "onetwo");
    EXPECT_FALSE(gatherer.has_rest());
}

TEST(RecordGatherer, NothingOvertakesTheRest) {
    const Pair pair(SOCK_STREAM);
    const int small = 4096;
    ASSERT_EQ(::setsockopt(pair.ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    RecordGatherer gatherer(pair.ours.get());
    const BioPtr bio(gatherer.new_bio());
    const std::string much(50'000, 'x');
    gatherer.begin();
    ASSERT_EQ(BIO_write(bio.get(), much.data(), 50'000), 50'000);
    ASSERT_EQ(gatherer.send().kind, Kind::kDone);
    ASSERT_TRUE(gatherer.has_rest());
    EXPECT_EQ(gatherer.send_rest().kind, Kind::kWantWrite);
    EXPECT_EQ(BIO_write(bio.get(), "y", 1), -1);
    EXPECT_TRUE(BIO_should_write(bio.get()));
    std::string all;
    for (int turn = 0; BIO_write(bio.get(), "y", 1) != 1; ++turn) {
        ASSERT_TRUE(BIO_should_write(bio.get()));
        ASSERT_LT(turn, 1000);
        all += heard(pair.theirs);
    }
    EXPECT_FALSE(gatherer.has_rest());
    while (!all.ends_with("...")) {
        all += heard(pair.theirs);
    }
    EXPECT_EQ(all, much + "y...");
}

TEST(RecordGatherer, RefusesWhatHasNoRoom) {
    const Pair pair(SOCK_STREAM);
    RecordGatherer gatherer(pair.ours.get());
    const BioPtr bio(gatherer.new_bio());
    const std::string most(RecordGatherer::kClearOctetsMax, 'x');
    gatherer.begin();
    EXPECT_EQ(BIO_write(bio.get(), most.data(), static_cast<int>(most.size())),
              static_cast<int>(most.size()));
    EXPECT_EQ(BIO_write(bio.get(), most.data(), static_cast<int>(most.size())), -1);
    EXPECT_FALSE(BIO_should_retry(bio.get()));
}

TEST(RecordGatherer, SaysThatThePeerIsGone) {
    Pair pair(SOCK_STREAM);
    RecordGatherer gatherer(pair.ours.get());
    const BioPtr bio(gatherer.new_bio());
    pair.theirs.reset();
    gatherer.begin();
    ASSERT_EQ(BIO_write(bio.get(), "x", 1), 1);
    EXPECT_EQ(gatherer.send().kind, Kind::kFailed);
    EXPECT_EQ(BIO_write(bio.get(), "x", 1), -1);
    EXPECT_FALSE(BIO_should_retry(bio.get()));
}

// A server and a client in TLS, over a socket that takes 4 KiB at a time.
class FileInTlsTest : public testing::Test {
  protected:
    FileInTlsTest()
        : directory_(testing::TempDir() + "net_record_gatherer_test." +
                     std::to_string(::getpid())) {
        std::filesystem::create_directories(directory_);
        const CertificateFiles files{.certificate = directory_ + "/cert.pem",
                                     .key = directory_ + "/key.pem"};
        EXPECT_TRUE(make_self_signed({"mail.hamburger.example"}, files.certificate, files.key));
        Pair pair(SOCK_STREAM);
        const int small = 4096;
        EXPECT_EQ(::setsockopt(pair.ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
        server_ = open(std::move(pair.ours));
        client_ = open(std::move(pair.theirs));
        server_->offer_tls(
            TlsContext::load({.certificates = {files}, .client_authorities = ""}).value());
        const auto accepting = server_->start_tls(in(20s));
        const auto connecting = client_->start_tls_client(
            {.context = TlsClientContext::load({.authorities = files.certificate}).value(),
             .server_name = "mail.hamburger.example"},
            in(20s));
        accepting.start();
        connecting.start();
        run_until([&] { return accepting.done() && connecting.done(); });
        EXPECT_TRUE(accepting.result());
        EXPECT_TRUE(connecting.result());
    }

    ~FileInTlsTest() override { std::filesystem::remove_all(directory_); }

    std::unique_ptr<SocketStream> open(UniqueFd fd) {
        Connection connection;
        connection.fd = std::move(fd);
        return std::make_unique<SocketStream>(loop_, std::move(connection));
    }

    [[nodiscard]] base::SteadyTime in(base::Duration span) { return loop_.clock().steady() + span; }

    template <class Condition>
    void run_until(Condition condition) {
        while (!condition()) {
            loop_.run_ready();
        }
    }

    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        run_until([&] { return task.done(); });
        return task.result();
    }

    // No two pieces of it are alike.
    void fill(std::size_t octets) {
        octets_.clear();
        for (std::uint32_t i = 0; octets_.size() < octets; ++i) {
            octets_ += std::to_string(i) + ' ';
        }
        octets_.resize(octets);
        ASSERT_EQ(::pwrite(file_.get(), octets_.data(), octets, 0), static_cast<ssize_t>(octets));
    }

    // What the client gets: so many octets, or fewer and why.
    base::Task<std::string> receive(std::size_t octets) {
        std::string all;
        while (all.size() < octets) {
            const auto got = co_await client_->receive(in(20s));
            if (!got) {
                co_return all + "!" + std::string(base::errc_name(got.error().code));
            }
            all += *got;
        }
        co_return all;
    }

    IoLoop loop_;
    std::string directory_;
    UniqueFd file_{::memfd_create("file", MFD_CLOEXEC)};
    std::string octets_;
    std::unique_ptr<SocketStream> server_;
    std::unique_ptr<SocketStream> client_;
};

TEST_F(FileInTlsTest, ArrivesWholeBeforeSendFileEnds) {
    for (const std::size_t octets : {1, 16'384, 65'535, 65'536, 65'537, 300'000, 1'000'000}) {
        fill(octets);
        const auto sending = server_->send_file(file_.get(), 0, octets, 20s);
        const auto receiving = receive(octets);
        sending.start();
        receiving.start();
        run_until([&] { return receiving.done(); });
        ASSERT_EQ(receiving.result() == octets_, true) << octets;
        run_until([&] { return sending.done(); });
        EXPECT_EQ(sending.result().value_or(0), octets);
    }
    EXPECT_EQ(finish(server_->send_file(file_.get(), 999'990, 20, 20s)).value(), 10U);
    EXPECT_EQ(finish(server_->send_file(file_.get(), 1'000'000, 20, 20s)).value(), 0U);
    EXPECT_EQ(finish(receive(10)), octets_.substr(999'990));
}

base::Task<> send_and_end(Stream& stream, int fd, std::size_t octets) {
    EXPECT_TRUE(co_await stream.send_file(fd, 0, octets, 20s));
    EXPECT_TRUE(co_await stream.write("226", stream.loop().clock().steady() + 20s));
    EXPECT_TRUE(co_await stream.shut_down_write(stream.loop().clock().steady() + 20s));
}

TEST_F(FileInTlsTest, WhatFollowsComesBehindIt) {
    fill(100'000);
    const auto sending = send_and_end(*server_, file_.get(), octets_.size());
    const auto receiving = receive(octets_.size() + 4);
    sending.start();
    receiving.start();
    run_until([&] { return sending.done() && receiving.done(); });
    EXPECT_EQ(receiving.result() == octets_ + "226!eof", true);
}

// Somebody cuts the file while the peer takes none of it: what counts as sent is what arrives.
TEST_F(FileInTlsTest, MayBecomeShorterMeanwhile) {
    fill(300'000);
    const auto sending = server_->send_file(file_.get(), 0, 300'000, 20s);
    sending.start();
    loop_.run_ready();
    ASSERT_FALSE(sending.done());
    ASSERT_EQ(::ftruncate(file_.get(), 10), 0);
    const auto receiving = receive(300'000);
    receiving.start();
    run_until([&] { return sending.done(); });
    const std::uint64_t sent = sending.result().value_or(0);
    EXPECT_EQ(sent, RecordGatherer::kClearOctetsMax);
    ASSERT_TRUE(finish(server_->shut_down_write(in(20s))));
    run_until([&] { return receiving.done(); });
    EXPECT_EQ(receiving.result() == octets_.substr(0, sent) + "!eof", true);
}

TEST_F(FileInTlsTest, APeerThatTakesNothingIsNotWaitedForLong) {
    fill(300'000);
    const auto sent = finish(server_->send_file(file_.get(), 0, 300'000, 10ms));
    EXPECT_EQ(sent.error().code, Errc::kTimeout);
    EXPECT_EQ(finish(server_->send_file(file_.get(), 0, 1, 10ms)).error().code, Errc::kReset);
}

}  // namespace
}  // namespace net
