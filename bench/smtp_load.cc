// An SMTP load: MESSAGES messages of OCTETS octets over CONNECTIONS connections that stay open, each
// envelope pipelined in one write (RFC 2920), to any server. Prints messages a second and the time from
// the final dot to its 250, which is what a promise costs. X-Sent in each says when it began, for smtp_sink.
//     smtp_load HOST PORT CONNECTIONS MESSAGES OCTETS FROM TO[,TO...]
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
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
#include <vector>

#include "base/ascii.h"
#include "smtp/grammar/reply_parser.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Load {
    std::string host;
    std::string port;
    std::size_t connections = 0;
    std::size_t messages = 0;
    std::size_t octets = 0;
    std::string from;
    std::vector<std::string> recipients;

    std::size_t next = 0;      // the message that is sent next
    std::size_t answered = 0;  // messages that got their 250
    std::vector<double> latencies_ms;
};

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "smtp_load: {}\n", why);
    std::exit(1);
}

// Header and lines of 70 letters up to `octets`, ended by the dot.
std::string make_message(const Load& load, std::size_t number, std::string_view recipient) {
    std::string text = fmt::format(
        "From: <{0}>\r\nTo: <{1}>\r\nSubject: load {2}\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
        "Message-ID: <{2}.{3}@load.example>\r\nX-Sent: {4}\r\n\r\n",
        load.from,
        recipient,
        number,
        ::getpid(),
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
            .count());
    text.reserve(load.octets + 80);
    while (text.size() < load.octets) {
        text.append(
            std::min<std::size_t>(70, std::max<std::size_t>(load.octets - text.size(), 3) - 2),
            static_cast<char>('a' + number % 26));
        text += "\r\n";
    }
    return text + ".\r\n";
}

class Client {
  public:
    Client(Load& load, int fd) : load_(load), fd_(fd) {}

    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    ~Client() { ::close(fd_); }

    // False when the conversation has ended.
    bool on_ready() {
        char room[4096];
        while (true) {
            const ssize_t count = ::read(fd_, room, sizeof room);
            if (count < 0 && errno == EAGAIN) {
                break;
            }
            if (count <= 0) {
                if (state_ != State::kQuit) {
                    give_up("the server hung up");
                }
                return false;
            }
            input_.append(room, static_cast<std::size_t>(count));
        }
        std::size_t end = 0;
        while ((end = input_.find("\r\n")) != std::string::npos) {
            const auto fed = replies_.feed(std::string_view(input_).substr(0, end));
            input_.erase(0, end + 2);
            if (!fed) {
                give_up("that is no reply");
            }
            if (*fed && !on_reply(replies_.take())) {
                return false;
            }
        }
        write_more();
        return true;
    }

  private:
    enum class State { kGreeting, kHello, kMail, kRcpt, kData, kSent, kQuit };

    bool on_reply(const smtp::Reply& reply) {
        if (reply.code >= 400) {
            give_up(fmt::format("refused: {} {}", reply.code, reply.text));
        }
        switch (state_) {
            case State::kGreeting:
                output_ += "EHLO load.example\r\n";
                state_ = State::kHello;
                break;
            case State::kHello:
                begin_message();
                break;
            case State::kMail:
                state_ = State::kRcpt;
                break;
            case State::kRcpt:
                state_ = State::kData;
                break;
            case State::kData:
                output_ += message_;
                sent_ = Clock::now();
                state_ = State::kSent;
                break;
            case State::kSent:
                load_.latencies_ms.push_back(
                    std::chrono::duration<double, std::milli>(Clock::now() - sent_).count());
                ++load_.answered;
                begin_message();
                break;
            case State::kQuit:
                return false;
        }
        return true;
    }

    void begin_message() {
        if (load_.next == load_.messages) {
            output_ += "QUIT\r\n";
            state_ = State::kQuit;
            return;
        }
        const std::size_t number = load_.next++;
        const std::string& recipient = load_.recipients[number % load_.recipients.size()];
        message_ = make_message(load_, number, recipient);
        output_ += fmt::format("MAIL FROM:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n", load_.from, recipient);
        state_ = State::kMail;
    }

    void write_more() {
        while (!output_.empty()) {
            const ssize_t count = ::write(fd_, output_.data(), output_.size());
            if (count < 0 && errno == EAGAIN) {
                return;
            }
            if (count <= 0) {
                give_up("the server takes nothing");
            }
            output_.erase(0, static_cast<std::size_t>(count));
        }
    }

    Load& load_;
    int fd_;
    State state_ = State::kGreeting;
    std::string input_;
    std::string output_;
    std::string message_;
    smtp::ReplyParser replies_;
    Clock::time_point sent_;
};

int connect_to(const Load& load) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(load.host.c_str(), load.port.c_str(), &hints, &found) != 0) {
        give_up("no such host");
    }
    const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        give_up(fmt::format("cannot connect to {}:{}", load.host, load.port));
    }
    ::freeaddrinfo(found);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

void run(Load& load) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < load.connections; ++i) {
        const int fd = connect_to(load);
        clients.push_back(std::make_unique<Client>(load, fd));
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.u64 = i;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    std::size_t open = clients.size();
    std::vector<epoll_event> events(256);
    while (open > 0) {
        const int count =
            ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 60'000);
        if (count <= 0) {
            give_up("the server keeps silent");
        }
        for (int i = 0; i < count; ++i) {
            auto& client = clients[events[static_cast<std::size_t>(i)].data.u64];
            if (client != nullptr && !client->on_ready()) {
                client.reset();
                --open;
            }
        }
    }
    ::close(epoll);
}

double percentile(const std::vector<double>& sorted, double part) {
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(last * part)];
}

std::size_t number(const char* text) {
    const auto value = base::parse_u64(text);
    if (!value) {
        give_up(fmt::format("not a number: {}", text));
    }
    return *value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8) {
        give_up("usage: smtp_load HOST PORT CONNECTIONS MESSAGES OCTETS FROM TO[,TO...]");
    }
    Load load;
    load.host = argv[1];
    load.port = argv[2];
    load.connections = number(argv[3]);
    load.messages = number(argv[4]);
    load.octets = number(argv[5]);
    load.from = argv[6];
    for (std::string_view rest = argv[7]; !rest.empty();) {
        load.recipients.emplace_back(base::split_front(rest, ','));
    }
    load.latencies_ms.reserve(load.messages);
    const auto begin = Clock::now();
    run(load);
    const std::chrono::duration<double> taken = Clock::now() - begin;
    std::sort(load.latencies_ms.begin(), load.latencies_ms.end());
    fmt::print("messages={} seconds={:.3f} rate={:.1f} p50_ms={:.3f} p99_ms={:.3f}\n",
               load.answered,
               taken.count(),
               static_cast<double>(load.answered) / taken.count(),
               percentile(load.latencies_ms, 0.50),
               percentile(load.latencies_ms, 0.99));
    return load.answered == load.messages ? 0 : 1;
}
