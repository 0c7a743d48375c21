// An IMAP load: COUNT log-ins, or COUNT appends, over SESSIONS connections that run side by side, to any
// server. Prints how many a second, and the median and 99th percentile of one.
//     imap_load login HOST PORT SESSIONS COUNT PASSWORD USER[,USER...]
//     imap_load append HOST PORT SESSIONS COUNT PASSWORD USER[,USER...] OCTETS MAILBOX
// A log-in is a connection with greeting, LOGIN and LOGOUT, to the server's close. An append waits for
// its OK before the next, with the message in the same write as the command (RFC 7888).
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/ascii.h"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "imap_load: {}\n", why);
    std::exit(1);
}

struct Load {
    bool appends = false;
    std::string host;
    std::string port;
    std::size_t sessions = 0;
    std::size_t count = 0;
    std::string password;
    std::vector<std::string> users;
    std::size_t octets = 0;
    std::string mailbox;

    std::atomic<std::size_t> next{0};
};

// One connection that waits for each answer.
class Connection {
  public:
    explicit Connection(const Load& load) {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (::getaddrinfo(load.host.c_str(), load.port.c_str(), &hints, &found) != 0) {
            give_up("no such host");
        }
        fd_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd_ < 0 || ::connect(fd_, found->ai_addr, found->ai_addrlen) != 0) {
            give_up("cannot connect");
        }
        ::freeaddrinfo(found);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    ~Connection() { ::close(fd_); }

    void write(std::string_view octets) {
        while (!octets.empty()) {
            const ssize_t count = ::write(fd_, octets.data(), octets.size());
            if (count <= 0) {
                give_up("the server takes nothing");
            }
            octets.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    // Reads lines up to the one that begins with `begin`, which must go on with OK.
    void expect(std::string_view begin) {
        while (true) {
            const std::string line = read_line();
            if (!line.starts_with(begin)) {
                continue;
            }
            if (!std::string_view(line).substr(begin.size()).starts_with("OK")) {
                give_up(fmt::format("refused: {}", line));
            }
            return;
        }
    }

    void expect_close() {
        while (fill()) {
        }
    }

  private:
    std::string read_line() {
        std::size_t end = 0;
        while ((end = input_.find('\n')) == std::string::npos) {
            if (!fill()) {
                give_up("the server hung up");
            }
        }
        std::string line = input_.substr(0, end);
        input_.erase(0, end + 1);
        return line;
    }

    bool fill() {
        char room[4096];
        const ssize_t count = ::read(fd_, room, sizeof room);
        input_.append(room, count > 0 ? static_cast<std::size_t>(count) : 0);
        return count > 0;
    }

    int fd_ = -1;
    std::string input_;
};

void log_in(Connection& connection, const Load& load, std::size_t number) {
    connection.expect("* ");
    connection.write(
        fmt::format("a LOGIN {} {}\r\n", load.users[number % load.users.size()], load.password));
    connection.expect("a ");
}

std::string message_of(const Load& load, std::size_t number) {
    std::string text = fmt::format(
        "From: Alice <alice@crepes.example>\r\nTo: bob@hamburger.example\r\nSubject: load {0}\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <{0}.{1}@load.example>\r\n\r\n",
        number,
        ::getpid());
    while (text.size() < load.octets) {
        const std::size_t left = std::max<std::size_t>(load.octets - text.size(), 3) - 2;
        text.append(std::min<std::size_t>(70, left), static_cast<char>('a' + number % 26));
        text += "\r\n";
    }
    return text;
}

double milliseconds_since(Clock::time_point began) {
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

void run_logins(Load& load, std::vector<double>& took_ms) {
    for (std::size_t number = load.next++; number < load.count; number = load.next++) {
        const auto began = Clock::now();
        Connection connection(load);
        log_in(connection, load, number);
        connection.write("b LOGOUT\r\n");
        connection.expect("b ");
        connection.expect_close();
        took_ms.push_back(milliseconds_since(began));
    }
}

void run_appends(Load& load, std::size_t session, std::vector<double>& took_ms) {
    Connection connection(load);
    log_in(connection, load, session);
    for (std::size_t number = load.next++; number < load.count; number = load.next++) {
        const std::string text = message_of(load, number);
        const auto began = Clock::now();
        connection.write(
            fmt::format("c APPEND {} {{{}+}}\r\n{}\r\n", load.mailbox, text.size(), text));
        connection.expect("c ");
        took_ms.push_back(milliseconds_since(began));
    }
}

std::size_t number(const char* text) {
    const auto value = base::parse_u64(text);
    if (!value) {
        give_up(fmt::format("not a number: {}", text));
    }
    return *value;
}

void parse(Load& load, int argc, char** argv) {
    const std::string_view mode = argc > 1 ? argv[1] : "";
    load.appends = mode == "append";
    if ((mode != "login" || argc != 8) && (mode != "append" || argc != 10)) {
        give_up(
            "usage: imap_load login|append HOST PORT SESSIONS COUNT PASSWORD USER[,USER...] "
            "[OCTETS MAILBOX]");
    }
    load.host = argv[2];
    load.port = argv[3];
    load.sessions = number(argv[4]);
    load.count = number(argv[5]);
    load.password = argv[6];
    for (std::string_view rest = argv[7]; !rest.empty();) {
        load.users.emplace_back(base::split_front(rest, ','));
    }
    load.octets = load.appends ? number(argv[8]) : 0;
    load.mailbox = load.appends ? argv[9] : "";
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    parse(load, argc, argv);
    std::vector<std::vector<double>> took_ms(load.sessions);
    const auto began = Clock::now();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < load.sessions; ++i) {
        threads.emplace_back([&load, &took = took_ms[i], i] {
            load.appends ? run_appends(load, i, took) : run_logins(load, took);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const double seconds = milliseconds_since(began) / 1000;
    std::vector<double> all;
    for (const auto& took : took_ms) {
        all.insert(all.end(), took.begin(), took.end());
    }
    std::sort(all.begin(), all.end());
    const auto percentile = [&all](double part) {
        return all.empty()
                   ? 0
                   : all[static_cast<std::size_t>(static_cast<double>(all.size() - 1) * part)];
    };
    fmt::print("count={} seconds={:.3f} rate={:.1f} p50_ms={:.3f} p99_ms={:.3f}\n",
               all.size(),
               seconds,
               static_cast<double>(all.size()) / seconds,
               percentile(0.50),
               percentile(0.99));
    return 0;
}
