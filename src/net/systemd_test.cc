// Tests of systemd's protocols, both sides of them played here.
#include "net/systemd.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <functional>

#include "net/line_stream.h"
#include "net/listen_socket.h"
#include "net/server.h"
#include "net/test_client.h"

namespace net {
namespace {

using namespace std::chrono_literals;

// Where systemd listens for news: an abstract address, so that nothing is left behind.
class NotifyTest : public testing::Test {
  protected:
    NotifyTest() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socklen_t octets = sizeof(sa_family_t);  // the kernel chooses an address
        auto* bare = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(fd_.get(), bare, octets), 0);
        octets = sizeof address;
        EXPECT_EQ(::getsockname(fd_.get(), bare, &octets), 0);
        const std::string name(address.sun_path + 1, octets - sizeof(sa_family_t) - 1);
        ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    }

    ~NotifyTest() override { ::unsetenv("NOTIFY_SOCKET"); }

    std::string heard() {
        std::array<char, 256> room{};
        const ssize_t got = ::recv(fd_.get(), room.data(), room.size(), 0);
        return got < 0 ? "nothing" : std::string(room.data(), static_cast<std::size_t>(got));
    }

    UniqueFd fd_;
};

TEST_F(NotifyTest, TellsEachChange) {
    notify_ready();
    EXPECT_EQ(heard(), "READY=1");
    notify_reloading();
    EXPECT_THAT(heard(), testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
    notify_stopping();
    EXPECT_EQ(heard(), "STOPPING=1");
    notify("STATUS=serving");
    EXPECT_EQ(heard(), "STATUS=serving");
}

TEST_F(NotifyTest, SaysNothingWhenNobodyAsked) {
    for (const char* odd : {"", "x", "relative", "vsock:1:2"}) {
        ::setenv("NOTIFY_SOCKET", odd, 1);
        notify_ready();
    }
    ::unsetenv("NOTIFY_SOCKET");
    notify_ready();
    EXPECT_EQ(heard(), "nothing");
}

base::Task<> greet(std::unique_ptr<Stream> stream) {
    static_cast<void>(co_await stream->write("hello\r\n", stream->loop().clock().steady() + 20s));
}

// Runs `check` in a child that was started as systemd starts services; true when it held there.
bool holds_in_service(std::string pid,
                      const std::vector<int>& fds,
                      const std::function<bool()>& check) {
    const pid_t child = ::fork();
    if (child == 0) {
        int next = 3;
        for (const int fd : fds) {
            ::dup2(fd, next++);
        }
        ::setenv("LISTEN_PID", pid.empty() ? std::to_string(::getpid()).c_str() : pid.c_str(), 1);
        ::setenv("LISTEN_FDS", std::to_string(fds.size()).c_str(), 1);
        ::setenv("LISTEN_FDNAMES", "smtp:unknown", 1);
        ::_exit(check() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class InheritTest : public testing::Test {
  protected:
    // Far from 3, where the child wants them.
    InheritTest()
        : sockets_(open_listen_sockets({"127.0.0.1", 0, ""}, 1, 0).value()),
          fd_(::fcntl(sockets_.fds.front().get(), F_DUPFD_CLOEXEC, 50)) {}

    ListenSockets sockets_;
    UniqueFd fd_;
};

TEST_F(InheritTest, ServesOnASocketThatSystemdOpened) {
    for (const char* address : {"systemd:smtp", "systemd:0"}) {
        EXPECT_TRUE(holds_in_service("", {fd_.get()}, [&] {
            Server server({.threads = 2});
            server.inherit(InheritedSockets::take());
            const auto bound = server.listen(
                {.address = address, .service = "smtp", .serve = greet, .refusal = nullptr});
            if (!bound || *bound != sockets_.bound) {
                return false;
            }
            server.start();
            return TestClient(*bound).read_line() == "hello";
        })) << address;
    }
}

TEST_F(InheritTest, FindsEachOnceAndKnowsTheRest) {
    EXPECT_TRUE(holds_in_service("", {fd_.get(), fd_.get()}, [&] {
        auto inherited = InheritedSockets::take();
        const bool found = inherited.find("smtp").has_value() && !inherited.find("smtp") &&
                           !inherited.find("pop3") && !inherited.find("0") && !inherited.find("2");
        return found && inherited.unused() == std::vector<std::string>{"unknown"} &&
               std::getenv("LISTEN_FDS") == nullptr && InheritedSockets::take().unused().empty();
    }));
}

TEST_F(InheritTest, LeavesSocketsOfAnotherProcessAlone) {
    EXPECT_TRUE(holds_in_service(
        "1", {fd_.get()}, [] { return InheritedSockets::take().unused().empty(); }));
}

TEST_F(InheritTest, RefusesWhatDoesNotListen) {
    const auto refused = adopt_listen_socket(UniqueFd(::socket(AF_INET, SOCK_STREAM, 0)), 1);
    EXPECT_THAT(refused.error().text, testing::HasSubstr("ListenStream="));
}

}  // namespace
}  // namespace net
