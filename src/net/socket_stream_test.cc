// Tests of SocketStream on one thread: both ends of a TCP connection, and the loop run by hand, so that
// every order of events is chosen here.
#include "net/socket_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "net/address.h"
#include "net/listen_socket.h"
#include "net/thread_buffer.h"
#include "net/tls_context.h"
#include "net/tls_session.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using base::Errc;

class SocketStreamTest : public testing::Test {
  protected:
    SocketStreamTest() {
        const auto listener = open_listen_sockets({"127.0.0.1", 0, ""}, 1, 0).value();
        const auto address = to_socket_address(listener.bound).value();
        peer_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(peer_.get(), address.get(), address.octets), 0);
        EXPECT_EQ(::fcntl(listener.fds.front().get(), F_SETFL, 0), 0);
        UniqueFd fd(
            ::accept4(listener.fds.front().get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        EXPECT_TRUE(fd);
        Connection connection;
        connection.fd = std::move(fd);
        connection.permit = permit_;
        connection.roster = &roster_;
        stream_ = std::make_unique<SocketStream>(loop_, std::move(connection));
        EXPECT_EQ(::fcntl(peer_.get(), F_SETFL, O_NONBLOCK), 0);
    }

    template <class T>
    T finish(const base::Task<T>& task) {
        task.start();
        while (!task.done()) {
            loop_.run_ready();
        }
        return task.result();
    }

    [[nodiscard]] base::SteadyTime in(base::Duration span) { return loop_.clock().steady() + span; }

    void push(std::string_view octets) {
        EXPECT_EQ(::send(peer_.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(octets.size()));
    }

    std::string receive() {
        const auto got = finish(stream_->receive(in(20s)));
        return got ? std::string(*got) : "!" + std::string(base::errc_name(got.error().code));
    }

    template <class T>
    static std::string error_name(const base::Result<T>& result) {
        return result ? "" : std::string(base::errc_name(result.error().code));
    }

    // What the peer can read now, and how it ends: "..." for not yet.
    std::string heard() {
        std::string all;
        std::array<char, 4096> room{};
        while (true) {
            const ssize_t got = ::recv(peer_.get(), room.data(), room.size(), 0);
            if (got <= 0) {
                return all + (got == 0 ? "<eof>" : errno == EAGAIN ? "..." : "<reset>");
            }
            all.append(room.data(), static_cast<std::size_t>(got));
        }
    }

    IoLoop loop_;
    Roster roster_;
    std::shared_ptr<int> permit_ = std::make_shared<int>();
    UniqueFd peer_;
    std::unique_ptr<SocketStream> stream_;
};

TEST_F(SocketStreamTest, TheEndComesWithTheLastOctets) {
    push("last");
    ::shutdown(peer_.get(), SHUT_WR);
    EXPECT_EQ(receive(), "last");
    EXPECT_EQ(receive(), "!eof");
    // Only that direction has ended.
    EXPECT_TRUE(finish(stream_->write("reply", in(20s))));
    EXPECT_EQ(heard(), "reply...");
}

// For whoever does not receive, and from a thread that has no part in it.
TEST_F(SocketStreamTest, TellsWhatHasComeUnread) {
    const auto traffic = stream_->traffic();
    const auto comes_to = [&](Stream::Traffic what) {
        const base::SteadyTime end = in(20s);
        while (traffic() != what && loop_.clock().steady() < end) {
        }
        return traffic() == what;
    };
    EXPECT_EQ(traffic(), Stream::Traffic::kNone);
    push("a word");
    EXPECT_TRUE(comes_to(Stream::Traffic::kOctets));
    EXPECT_EQ(receive(), "a word");
    EXPECT_EQ(traffic(), Stream::Traffic::kNone);
    push("the last");
    ::shutdown(peer_.get(), SHUT_WR);
    EXPECT_TRUE(comes_to(Stream::Traffic::kEndedBehindOctets));
    EXPECT_EQ(receive(), "the last");
    EXPECT_EQ(traffic(), Stream::Traffic::kEnded);
    stream_.reset();
    EXPECT_EQ(traffic(), Stream::Traffic::kEnded);
}

TEST_F(SocketStreamTest, TellsOfAReset) {
    const struct ::linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_.reset();
    const auto traffic = stream_->traffic();
    const base::SteadyTime end = in(20s);
    while (traffic() == Stream::Traffic::kNone && loop_.clock().steady() < end) {
    }
    EXPECT_EQ(traffic(), Stream::Traffic::kEnded);
}

TEST_F(SocketStreamTest, TheEndComesAfterAShortRead) {
    push("one");
    EXPECT_EQ(receive(), "one");
    push("two");
    EXPECT_EQ(receive(), "two");
    ::shutdown(peer_.get(), SHUT_WR);
    EXPECT_EQ(receive(), "!eof");
}

TEST_F(SocketStreamTest, ReadsALongBurstInPieces) {
    push(std::string(40'000, 'x'));
    std::size_t total = 0;
    while (total < 40'000) {
        const std::string got = receive();
        ASSERT_LE(got.size(), 16U * 1024);
        total += got.size();
    }
    EXPECT_EQ(total, 40'000);
}

TEST_F(SocketStreamTest, ReceivesIntoTheCallersRoomWhatHasCome) {
    std::string room(10, '.');
    const auto into = [&](std::size_t octets) {
        const auto got = finish(stream_->receive_into(std::span(room).first(octets), in(20s)));
        return got ? room.substr(0, *got) : "!" + std::string(base::errc_name(got.error().code));
    };
    EXPECT_EQ(error_name(finish(stream_->receive_into(room, in(0s)))), "timeout");
    push("0123456789abc");
    EXPECT_EQ(into(4), "0123");
    EXPECT_EQ(into(6), "456789");
    EXPECT_EQ(into(10), "abc");
    EXPECT_EQ(error_name(finish(stream_->receive_into(room, in(0s)))), "timeout");
    push("last");
    ::shutdown(peer_.get(), SHUT_WR);
    EXPECT_EQ(into(10), "last");
    EXPECT_EQ(into(10), "");
    EXPECT_EQ(into(10), "");
}

// The kernel tells of a reset once, and then of an end in good order: who takes that for the end of a file keeps half.
TEST_F(SocketStreamTest, AResetBehindOctetsIsNoEnd) {
    std::string room(10, '.');
    EXPECT_EQ(error_name(finish(stream_->receive_into(room, in(0s)))), "timeout");
    push("half");
    const struct ::linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_.reset();
    EXPECT_EQ(finish(stream_->receive_into(room, in(20s))).value(), 4U);
    EXPECT_EQ(error_name(finish(stream_->receive_into(room, in(20s)))), "reset");
    EXPECT_EQ(error_name(finish(stream_->receive_into(room, in(20s)))), "reset");
}

base::Task<> write_often(SocketStream& stream, int times) {
    for (int i = 0; i < times; ++i) {
        EXPECT_TRUE(co_await stream.write("x", stream.loop().clock().steady() + 20s));
    }
}

TEST_F(SocketStreamTest, ASessionThatNeverWaitsGivesWay) {
    const auto task = write_often(*stream_, 100);
    task.start();
    EXPECT_FALSE(task.done());
    int turns = 0;
    for (; !task.done(); ++turns) {
        loop_.run_ready();
    }
    EXPECT_GE(turns, 2);
    EXPECT_EQ(heard(), std::string(100, 'x') + "...");
}

TEST_F(SocketStreamTest, ClosingKeepsTheLastReplyFromAReset) {
    push(std::string(50'000, 'x'));  // most of it is never received
    EXPECT_NE(receive(), "!eof");
    ASSERT_TRUE(finish(stream_->write("221 bye", in(20s))));
    stream_.reset();
    EXPECT_TRUE(roster_.empty());
    loop_.run_ready();
    EXPECT_EQ(heard(), "221 bye<eof>");
    EXPECT_EQ(permit_.use_count(), 2) << "held while it lingers";
    push("too late");
    loop_.run_ready();
    peer_.reset();
    while (permit_.use_count() > 1) {
        loop_.run_ready();
    }
    SUCCEED();
}

TEST_F(SocketStreamTest, ClosingLeavesTheViewsOfOthersAlone) {
    const std::string_view view(thread_buffer().data(), 4);
    std::copy_n("view", 4, thread_buffer().begin());
    push(std::string(10'000, 'x'));
    stream_.reset();
    EXPECT_EQ(view, "view");
}

TEST_F(SocketStreamTest, LingeringIsBounded) {
    stream_.reset();
    const std::string flood(16 * 1024, 'x');
    while (permit_.use_count() > 1) {
        static_cast<void>(::send(peer_.get(), flood.data(), flood.size(), MSG_NOSIGNAL));
        loop_.run_ready();
    }
    EXPECT_EQ(heard(), "<eof>");
}

TEST_F(SocketStreamTest, APeerThatTakesNothingIsReset) {
    const int small = 4096;
    ::setsockopt(peer_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const std::string much(10'000'000, 'x');
    EXPECT_EQ(finish(stream_->write(much, in(10ms))).error().code, Errc::kTimeout);
    EXPECT_EQ(finish(stream_->write("more", in(10ms))).error().code, Errc::kReset);
    stream_->close();
    EXPECT_EQ(permit_.use_count(), 1) << "nothing lingers";
    EXPECT_TRUE(heard().ends_with("<reset>"));
}

TEST_F(SocketStreamTest, APeerThatTakesSlowlyGetsEverything) {
    const std::string much(3'000'000, 'x');
    const auto task = stream_->write(much, in(20s));
    task.start();
    std::size_t total = 0;
    std::array<char, 64 * 1024> room{};
    while (total < much.size()) {
        loop_.run_ready();
        const ssize_t got = ::recv(peer_.get(), room.data(), room.size(), 0);
        total += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    ASSERT_TRUE(task.done());
    EXPECT_TRUE(task.result());
}

TEST_F(SocketStreamTest, ClosingEndsTheWait) {
    const auto task = stream_->receive(in(1h));
    task.start();
    stream_->close();
    EXPECT_FALSE(task.done()) << "the caller of close() must not be re-entered";
    loop_.run_ready();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kReset);
}

TEST_F(SocketStreamTest, AnInterruptEndsOneWait) {
    const auto task = stream_->receive(in(1h));
    task.start();
    stream_->interrupt();
    loop_.run_ready();
    ASSERT_TRUE(task.done());
    EXPECT_EQ(task.result().error().code, Errc::kUnavailable);
    stream_->interrupt();
    push("in flight");
    EXPECT_EQ(receive(), "in flight");
    EXPECT_EQ(receive(), "!unavailable");
    ::shutdown(peer_.get(), SHUT_WR);
    EXPECT_EQ(receive(), "!eof");
}

TEST_F(SocketStreamTest, ADestroyedWaitLeavesNothingBehind) {
    {
        const auto task = stream_->receive(in(10ms));
        task.start();
        stream_->interrupt();
    }
    push("x");
    const base::SteadyTime end = in(20ms);
    bool ended = false;
    loop_.call_at(end, [&] { ended = true; });
    while (!ended) {
        loop_.run_ready();
    }
    EXPECT_EQ(receive(), "x");
}

TEST_F(SocketStreamTest, WithoutACertificateThereIsNoTls) {
    EXPECT_FALSE(stream_->can_start_tls());
    EXPECT_EQ(stream_->tls(), nullptr);
    EXPECT_EQ(finish(stream_->start_tls(in(20s))).error().code, Errc::kUnsupported);
    push("goes on");
    EXPECT_EQ(receive(), "goes on");
}

}  // namespace
}  // namespace net
