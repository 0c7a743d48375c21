// Where a relay's mail ends: a server that takes every message at once and keeps nothing, so that what is
// measured is the relay. It counts, and tells the time from the X-Sent field (smtp_load writes it) to the last
// octet. Its address is printed first; then a line "wait N" on standard input is answered when N more messages
// have come, with their count and latencies, and those are forgotten.
//     smtp_sink [PORT]
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ascii.h"

namespace {

constexpr std::size_t kWhole = 65536;  // a read, and what is searched for X-Sent
constexpr std::string_view kStamp = "X-Sent: ";
constexpr std::string_view kEnd = "\r\n.\r\n";

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "smtp_sink: {}\n", why);
    std::exit(1);
}

std::uint64_t now_us() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// What has come since it was last asked.
struct Count {
    std::uint64_t messages = 0;
    std::vector<double> latencies_ms;

    void add(std::string_view begin) {
        ++messages;
        std::size_t at = begin.find(kStamp);
        if (at == std::string_view::npos) {
            return;
        }
        std::string_view rest = begin.substr(at + kStamp.size());
        if (const auto sent = base::parse_u64(rest.substr(0, rest.find('\r')))) {
            latencies_ms.push_back(static_cast<double>(now_us() - *sent) / 1000);
        }
    }

    [[nodiscard]] double percentile(double part) const {
        const auto last = static_cast<double>(latencies_ms.size()) - 1;
        return latencies_ms.empty() ? 0 : latencies_ms[static_cast<std::size_t>(last * part)];
    }

    void print_and_forget() {
        std::sort(latencies_ms.begin(), latencies_ms.end());
        fmt::print("messages={} p50_ms={:.3f} p99_ms={:.3f} max_ms={:.3f}\n",
                   messages,
                   percentile(0.50),
                   percentile(0.99),
                   percentile(1));
        std::fflush(stdout);
        *this = {};
    }
};

class Session {
  public:
    Session(Count& count, int fd) : count_(count), fd_(fd) { say("220 sink.example ESMTP\r\n"); }

    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    ~Session() { ::close(fd_); }

    // False when it has ended.
    bool on_ready() {
        static char room[kWhole];
        while (true) {
            const ssize_t got = ::read(fd_, room, sizeof room);
            if (got < 0 && errno == EAGAIN) {
                break;
            }
            if (got <= 0) {
                return false;
            }
            input_.append(room, static_cast<std::size_t>(got));
            take_input();
        }
        return flush() && !ended_;
    }

  private:
    enum class Mode { kCommand, kData, kChunk };

    void say(std::string_view reply) { output_ += reply; }

    void take_input() {
        while (mode_ == Mode::kCommand ? take_command()
                                       : (mode_ == Mode::kData ? take_data() : take_chunk())) {
        }
    }

    bool take_command() {
        const std::size_t end = input_.find("\r\n");
        if (end == std::string::npos) {
            return false;
        }
        const std::string line = input_.substr(0, end);
        input_.erase(0, end + 2);
        if (base::istarts_with(line, "EHLO")) {
            say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 "
                "SIZE\r\n");
        } else if (base::istarts_with(line, "DATA")) {
            say("354 go on\r\n");
            mode_ = Mode::kData;
        } else if (base::istarts_with(line, "BDAT ")) {
            std::string_view rest = std::string_view(line).substr(5);
            chunk_left_ = base::parse_u64(base::split_front(rest, ' ')).value_or(0);
            last_chunk_ = base::iequals(rest, "LAST");
            mode_ = Mode::kChunk;
        } else if (base::istarts_with(line, "QUIT")) {
            say("221 bye\r\n");
            ended_ = true;
        } else {
            say("250 ok\r\n");
        }
        return true;
    }

    void take_message() {
        count_.add(begin_);
        begin_.clear();
        say("250 taken\r\n");
    }

    void keep_begin(std::string_view octets) {
        begin_ += octets.substr(0, kWhole - std::min(kWhole, begin_.size()));
    }

    // The end of data may come in pieces: what could be its begin stays.
    bool take_data() {
        const std::size_t end = input_.find(kEnd);
        if (end != std::string::npos) {
            keep_begin(std::string_view(input_).substr(0, end));
            input_.erase(0, end + kEnd.size());
            take_message();
            mode_ = Mode::kCommand;
            return true;
        }
        const std::size_t whole = input_.size() - std::min(input_.size(), kEnd.size() - 1);
        keep_begin(std::string_view(input_).substr(0, whole));
        input_.erase(0, whole);
        return false;
    }

    bool take_chunk() {
        const std::size_t part = std::min<std::size_t>(chunk_left_, input_.size());
        keep_begin(std::string_view(input_).substr(0, part));
        input_.erase(0, part);
        chunk_left_ -= part;
        if (chunk_left_ != 0) {
            return false;
        }
        mode_ = Mode::kCommand;
        if (last_chunk_) {
            take_message();
        } else {
            say("250 more\r\n");
        }
        return true;
    }

    bool flush() {
        while (!output_.empty()) {
            const ssize_t sent = ::write(fd_, output_.data(), output_.size());
            if (sent < 0 && errno == EAGAIN) {
                return true;
            }
            if (sent <= 0) {
                return false;
            }
            output_.erase(0, static_cast<std::size_t>(sent));
        }
        return true;
    }

    Count& count_;
    int fd_;
    Mode mode_ = Mode::kCommand;
    std::string input_;
    std::string output_;
    std::string begin_;  // of the message
    std::uint64_t chunk_left_ = 0;
    bool last_chunk_ = false;
    bool ended_ = false;
};

class Sink {
  public:
    explicit Sink(std::uint16_t port) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int one = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_port = htons(port);
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof here;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&here), size) != 0 ||
            ::listen(listener_, 1024) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0) {
            give_up("cannot listen");
        }
        watch(listener_, EPOLLIN);
        watch(STDIN_FILENO, EPOLLIN);
        fmt::print("127.0.0.1:{}\n", ntohs(here.sin_port));
        std::fflush(stdout);
    }

    // Until standard input ends.
    void run() {
        std::vector<epoll_event> events(256);
        while (!ended_) {
            const int ready =
                ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < ready; ++i) {
                on_event(events[static_cast<std::size_t>(i)].data.fd);
            }
            if (wanted_ != 0 && count_.messages >= wanted_) {
                wanted_ = 0;
                count_.print_and_forget();
            }
        }
    }

  private:
    void watch(int fd, std::uint32_t what) const {
        epoll_event event{};
        event.events = what;
        event.data.fd = fd;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void on_event(int fd) {
        if (fd == STDIN_FILENO) {
            read_wish();
        } else if (fd == listener_) {
            accept_all();
        } else if (const auto found = sessions_.find(fd);
                   found != sessions_.end() && !found->second->on_ready()) {
            sessions_.erase(found);
        }
    }

    void accept_all() {
        int fd = -1;
        while ((fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            sessions_[fd] = std::make_unique<Session>(count_, fd);
            watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
        }
    }

    void read_wish() {
        char room[256];
        const ssize_t got = ::read(STDIN_FILENO, room, sizeof room);
        if (got <= 0) {
            ended_ = true;
            return;
        }
        wishes_.append(room, static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = wishes_.find('\n')) != std::string::npos;) {
            std::string_view line = std::string_view(wishes_).substr(0, end);
            static_cast<void>(base::split_front(line, ' '));
            wanted_ = base::parse_u64(line).value_or(1);
            wishes_.erase(0, end + 1);
        }
    }

    int epoll_;
    int listener_ = -1;
    std::unordered_map<int, std::unique_ptr<Session>> sessions_;
    Count count_;
    std::uint64_t wanted_ = 0;
    std::string wishes_;
    bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    const auto port = argc > 1 ? base::parse_number<std::uint16_t>(argv[1]) : std::uint16_t{0};
    if (!port) {
        give_up("usage: smtp_sink [PORT]");
    }
    Sink(*port).run();
}
