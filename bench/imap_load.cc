// An IMAP load: COUNT log-ins, or COUNT appends, over SESSIONS connections that run side by side, to any
// server. Prints how many a second, and the median and 99th percentile of one. Or one connection that does what standard
// input says, and costs next to nothing itself.
//     imap_load login HOST PORT SESSIONS COUNT PASSWORD USER[,USER...]
//     imap_load append HOST PORT SESSIONS COUNT PASSWORD USER[,USER...] OCTETS MAILBOX
//     imap_load talk HOST PORT PASSWORD USER
// A log-in is a connection with greeting, LOGIN and LOGOUT, to the server's close. An append waits for
// its OK before the next, with the message in the same write as the command (RFC 7888). To talk, the input says how
// many commands come, and each as its length, a line end and its octets without tag and CRLF: they are done one after
// the other, and a line says how many milliseconds each took on average.
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
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
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
            const std::string_view line = read_line();
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
    // Lives until the next is read.
    std::string_view read_line() {
        std::size_t end = input_.find('\n', begin_);
        if (end == std::string::npos) {
            input_.erase(0, std::exchange(begin_, 0));
        }
        while (end == std::string::npos) {
            const std::size_t seen = input_.size();
            if (!fill()) {
                give_up("the server hung up");
            }
            end = input_.find('\n', seen);
        }
        const std::size_t begin = std::exchange(begin_, end + 1);
        return std::string_view(input_).substr(begin, end - begin);
    }

    bool fill() {
        static constexpr std::size_t kRoomOctets = std::size_t{256} * 1024;
        const std::size_t had = input_.size();
        input_.resize(had + kRoomOctets);
        const ssize_t count = ::read(fd_, input_.data() + had, kRoomOctets);
        input_.resize(had + (count > 0 ? static_cast<std::size_t>(count) : 0));
        return count > 0;
    }

    int fd_ = -1;
    std::string input_;
    std::size_t begin_ = 0;  // of what is not read yet
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

// A line of standard input that is a number; nothing where the input ends.
std::optional<std::size_t> read_number() {
    std::size_t value = 0;
    return std::scanf("%zu", &value) == 1 && std::getchar() == '\n' ? std::optional(value)
                                                                    : std::nullopt;
}

std::string read_command(std::size_t number) {
    const auto octets = read_number();
    std::string command = fmt::format("talk{} ", number);
    const std::size_t tag = command.size();
    command.resize(tag + octets.value_or(0));
    if (!octets || std::fread(command.data() + tag, 1, *octets, stdin) != *octets) {
        give_up("half a command");
    }
    return command + "\r\n";
}

void talk(const Load& load) {
    Connection connection(load);
    log_in(connection, load, 0);
    while (const auto count = read_number()) {
        std::vector<std::string> commands;
        for (std::size_t i = 0; i < *count; ++i) {
            commands.push_back(read_command(i));
        }
        const auto began = Clock::now();
        for (const std::string& command : commands) {
            connection.write(command);
            connection.expect(std::string_view(command).substr(0, command.find(' ') + 1));
        }
        fmt::print("{:.4f}\n", milliseconds_since(began) / static_cast<double>(*count));
        std::fflush(stdout);
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
            "[OCTETS MAILBOX], or imap_load talk HOST PORT PASSWORD USER");
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
    if (argc == 6 && std::string_view(argv[1]) == "talk") {
        load.host = argv[2];
        load.port = argv[3];
        load.password = argv[4];
        load.users = {argv[5]};
        talk(load);
        return 0;
    }
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
