// A POP3 client that measures: logs in, retrieves a whole maildrop, and prints how fast it came.
//     pop3_load HOST PORT USER PASSWORD [ROUNDS]
// Speaks to any server (RFC 1939; pipelines where CAPA offers it, RFC 2449 6.6). Prints one line:
//     messages=1000 octets=4194304 seconds=0.020 mb_per_s=209.7
// Octets are those that came, dot-stuffing and final dots included; MB are 10^6.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"

namespace {

constexpr std::size_t kBufferOctets = 256 * 1024;
constexpr std::uint64_t kWindow = 64;  // RETRs on their way at once

[[noreturn]] void die(std::string_view what) {
    fmt::print(stderr, "pop3_load: {}\n", what);
    std::exit(1);
}

class Connection {
  public:
    Connection(const char* host, const char* port) : buffer_(kBufferOctets) {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (getaddrinfo(host, port, &hints, &found) != 0 || found == nullptr) {
            die(fmt::format("no address for {}:{}", host, port));
        }
        const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
        descriptor_ = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
        if (descriptor_ < 0 || connect(descriptor_, found->ai_addr, found->ai_addrlen) != 0) {
            die(fmt::format("cannot connect to {}:{}", host, port));
        }
    }

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    ~Connection() { close(descriptor_); }

    void send_all(std::string_view octets) const {
        while (!octets.empty()) {
            const ssize_t sent = send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                die("the server hung up");
            }
            octets.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    // A line without its CRLF; valid until the next call.
    std::string_view read_line() {
        while (true) {
            const std::string_view input = unread();
            const std::size_t end = input.find('\n');
            if (end != std::string_view::npos) {
                consume(end + 1);
                return input.substr(0, end > 0 && input[end - 1] == '\r' ? end - 1 : end);
            }
            fill();
        }
    }

    std::string expect_ok() {
        const std::string line(read_line());
        if (!line.starts_with("+OK")) {
            die(line);
        }
        return line;
    }

    // Skips a multi-line response behind its status line, final dot included.
    void skip_lines() {
        if (read_line() == ".") {
            return;
        }
        begin_ -= 2;  // the CRLF just read may begin the end
        octets_ -= 2;
        while (true) {
            const std::string_view input = unread();
            const std::size_t end = input.find("\r\n.\r\n");
            if (end != std::string_view::npos) {
                consume(end + 5);
                return;
            }
            if (input.size() > 4) {
                consume(input.size() - 4);  // they may begin the end
            }
            fill();
        }
    }

    // Since the connection began.
    [[nodiscard]] std::uint64_t octets() const { return octets_; }

  private:
    [[nodiscard]] std::string_view unread() const {
        return std::string_view(buffer_.data() + begin_, end_ - begin_);
    }

    void consume(std::size_t octets) {
        begin_ += octets;
        octets_ += octets;
    }

    void fill() {
        if (begin_ > 0) {
            std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
                      buffer_.begin());
            end_ -= begin_;
            begin_ = 0;
        }
        if (end_ == buffer_.size()) {
            die("a line without end");
        }
        const ssize_t received = recv(descriptor_, buffer_.data() + end_, buffer_.size() - end_, 0);
        if (received <= 0) {
            die("the server hung up");
        }
        end_ += static_cast<std::size_t>(received);
    }

    int descriptor_ = -1;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t octets_ = 0;
};

bool offers_pipelining(Connection& server) {
    server.send_all("CAPA\r\n");
    if (!server.read_line().starts_with("+OK")) {
        return false;
    }
    bool offered = false;
    for (std::string_view line = server.read_line(); line != "."; line = server.read_line()) {
        offered = offered || line == "PIPELINING";
    }
    return offered;
}

// The number of messages.
std::uint64_t log_in(Connection& server, const char* user, const char* password) {
    server.send_all(fmt::format("USER {}\r\n", user));
    server.expect_ok();
    server.send_all(fmt::format("PASS {}\r\n", password));
    server.expect_ok();
    server.send_all("STAT\r\n");
    const std::string line = server.expect_ok();
    std::string_view words = line;
    static_cast<void>(base::split_front(words, ' '));
    const auto messages = base::parse_u64(base::split_front(words, ' '));
    if (!messages) {
        die(line);
    }
    return *messages;
}

void retrieve_all(Connection& server, std::uint64_t messages, std::uint64_t window) {
    std::uint64_t asked = 0;
    for (std::uint64_t got = 0; got < messages; ++got) {
        if (asked == got) {
            std::string commands;
            for (; asked < messages && asked < got + window; ++asked) {
                commands += fmt::format("RETR {}\r\n", asked + 1);
            }
            server.send_all(commands);
        }
        server.expect_ok();
        server.skip_lines();
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        die("usage: pop3_load HOST PORT USER PASSWORD [ROUNDS]");
    }
    const std::uint64_t rounds = argc > 5 ? base::parse_u64(argv[5]).value_or(1) : 1;
    std::uint64_t messages = 0;
    std::uint64_t octets = 0;
    double seconds = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        Connection server(argv[1], argv[2]);
        server.expect_ok();
        const std::uint64_t window = offers_pipelining(server) ? kWindow : 1;
        const std::uint64_t count = log_in(server, argv[3], argv[4]);
        const std::uint64_t before = server.octets();
        const auto start = std::chrono::steady_clock::now();
        retrieve_all(server, count, window);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        octets += server.octets() - before;
        messages += count;
        server.send_all("QUIT\r\n");
        server.expect_ok();
    }
    fmt::print("messages={} octets={} seconds={:.4f} mb_per_s={:.1f}\n",
               messages,
               octets,
               seconds,
               seconds > 0 ? static_cast<double>(octets) / seconds / 1e6 : 0.0);
    return 0;
}
