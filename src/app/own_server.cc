#include "app/own_server.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

#include "app/process.h"
#include "app/run.h"
#include "app/server.h"
#include "base/unique_fd.h"

namespace app {
namespace {

constexpr char kReady = 'r';
constexpr int kSignalled = 128;  // a shell's exit status for who was killed

// The control socket, the store and people's files; nothing that others could reach, and no mail goes out.
Config without_ports(Config config) {
    ListenConfig listen;
    listen.control = std::move(config.listen.control);
    config.listen = std::move(listen);
    config.tls = {};
    config.queue.enabled = false;
    config.ftp.transfer_log.clear();
    config.log.level = base::LogLevel::kError;  // standard error is for the command's own sentences
    return config;
}

// What the server has to say before it serves: kReady, or an error's code and text.
void say(base::UniqueFd mouth, char first, const std::string& text) {
    const std::string said = first + text;
    static_cast<void>(!::write(mouth.get(), said.data(), said.size()));
}

std::string read_all(const base::UniqueFd& ear) {
    std::string said;
    std::array<char, 4096> piece{};
    while (true) {
        const ssize_t octets = ::read(ear.get(), piece.data(), piece.size());
        if (octets < 0 && errno == EINTR) {
            continue;
        }
        if (octets <= 0) {
            return said;
        }
        said.append(piece.data(), static_cast<std::size_t>(octets));
    }
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

void serve_until_gone(MailServer& server, pid_t child) {
    std::thread waiter([child] {
        siginfo_t ignored{};
        while (::waitid(P_PID, static_cast<id_t>(child), &ignored, WEXITED | WNOWAIT) < 0 &&
               errno == EINTR) {
        }
        ::kill(::getpid(), SIGTERM);  // run_until_signal() waits for it
    });
    run_until_signal(server);
    waiter.detach();
}

[[noreturn]] void serve(const Config& config, pid_t child, base::UniqueFd mouth) {
    hold_signals();
    auto server = MailServer::open(without_ports(config), {});
    if (server) {
        (*server)->start();
        say(std::move(mouth), kReady, "");
        serve_until_gone(**server, child);
        server->reset();
    } else {
        say(std::move(mouth), static_cast<char>(server.error().code), server.error().text);
    }
    ::_exit(wait_for(child));
}

}  // namespace

base::Result<> start_own_server(const Config& config) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail(base::Errc::kIo, "no pipe can be had");
    }
    base::UniqueFd ear(ends[0]);
    base::UniqueFd mouth(ends[1]);
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return base::fail(base::Errc::kIo, "no process can be started");
    }
    if (child != 0) {
        ear = {};
        serve(config, child, std::move(mouth));
    }
    mouth = {};
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    const std::string said = read_all(ear);
    if (said.empty()) {
        return base::fail(base::Errc::kUnavailable, "the store cannot be opened");
    }
    if (said.front() != kReady) {
        return base::fail(static_cast<base::Errc>(said.front()), said.substr(1));
    }
    return {};
}

}  // namespace app
