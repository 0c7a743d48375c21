// An FTP client that measures: sessions that move files at once, and sessions that do nothing.
//     ftp_load PORT USER PASSWORD clear|tls WORK SESSIONS COUNT OCTETS
// WORK is retr or stor (each session moves COUNT files of OCTETS, "/pub/load-SESSION-NUMBER"), LIST or MLSD (COUNT
// times, of "/many"), login (all SESSIONS at once, and in step) or idle. Against 127.0.0.1, any server (RFC 959,
// 2428, 4217); data connections resume the TLS session of the control connection. Prints "ready", waits for a
// line on standard input, works, and prints
//     octets=1073741824 seconds=0.512
// The sessions last until standard input ends.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/ascii.h"
#include "base/unique_fd.h"

namespace {

constexpr std::size_t kBufferOctets = std::size_t{1} << 20U;
constexpr std::size_t kTlsBufferOctets = std::size_t{128} * 1024;

struct Task {
    std::uint16_t port = 0;
    std::string user;
    std::string password;
    bool tls = false;
    std::string work;
    std::uint64_t sessions = 0;
    std::uint64_t count = 0;
    std::uint64_t octets = 0;
};

[[noreturn]] void die(std::string_view what) {
    fmt::print(stderr, "ftp_load: {}\n", what);
    std::_Exit(1);
}

// The sessions that servers send end up here, for data connections to resume.
int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* const last = static_cast<SSL_SESSION**>(SSL_get_app_data(ssl));
    if (last == nullptr) {
        return 0;
    }
    SSL_SESSION_free(*last);
    *last = session;
    return 1;
}

SSL_CTX* tls_context() {
    static SSL_CTX* const context = [] {
        SSL_CTX* made = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_session_cache_mode(made,
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_sess_set_new_cb(made, keep_session);
        SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
        // Several records a read(2): the server is to be measured, not this.
        SSL_CTX_set_read_ahead(made, 1);
        SSL_CTX_set_default_read_buffer_len(made, kTlsBufferOctets);
        return made;
    }();
    return context;
}

class Connection {
  public:
    explicit Connection(std::uint16_t port)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            die("cannot connect");
        }
        const int on = 1;
        ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    ~Connection() {
        SSL_free(ssl_);
        SSL_SESSION_free(session_);
    }

    // `resume` may be null; without it the sessions that the server sends are kept.
    void start_tls(SSL_SESSION* resume) {
        ssl_ = SSL_new(tls_context());
        SSL_set_fd(ssl_, fd_.get());
        if (resume != nullptr) {
            SSL_set_session(ssl_, resume);
        } else {
            SSL_set_app_data(ssl_, &session_);
        }
        if (SSL_connect(ssl_) != 1) {
            die("the handshake failed");
        }
    }

    [[nodiscard]] SSL_SESSION* session() const { return session_; }

    // Zero at the end.
    [[nodiscard]] std::size_t read(char* into, std::size_t octets) const {
        const long got = ssl_ != nullptr ? SSL_read(ssl_, into, static_cast<int>(octets))
                                         : ::recv(fd_.get(), into, octets, 0);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }

    void write(std::string_view octets) const {
        while (!octets.empty()) {
            const long sent = ssl_ != nullptr
                                  ? SSL_write(ssl_, octets.data(), static_cast<int>(octets.size()))
                                  : ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                die("the server hung up");
            }
            octets.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void end() const {
        if (ssl_ != nullptr) {
            SSL_shutdown(ssl_);
        }
        ::shutdown(fd_.get(), SHUT_WR);
    }

  private:
    base::UniqueFd fd_;
    SSL* ssl_ = nullptr;
    SSL_SESSION* session_ = nullptr;
};

class Session {
  public:
    explicit Session(const Task& task) : task_(task), control_(task.port) {}

    void begin() {
        expect('2');
        if (task_.tls) {
            ask("AUTH TLS", '2');
            control_.start_tls(nullptr);
            ask("PBSZ 0", '2');
            ask("PROT P", '2');
        }
    }

    void send(std::string_view line) { control_.write(fmt::format("{}\r\n", line)); }

    // The last line of a reply, which must begin with `first`.
    std::string expect(char first) {
        while (true) {
            const std::size_t end = input_.find('\n');
            if (end == std::string::npos) {
                char room[4096];
                const std::size_t got = control_.read(room, sizeof room);
                if (got == 0) {
                    die("the server hung up");
                }
                input_.append(room, got);
                continue;
            }
            std::string line = input_.substr(0, end);
            input_.erase(0, end + 1);
            const bool last = line.size() > 3 && base::is_digit(line[0]) && line[3] == ' ';
            if (last && line[0] != first) {
                die(line);
            }
            if (last) {
                return line;
            }
        }
    }

    std::string ask(std::string_view line, char first) {
        send(line);
        return expect(first);
    }

    void log_in() {
        begin();
        ask("USER " + task_.user, '3');
        ask("PASS " + task_.password, '2');
        ask("TYPE I", '2');
    }

    // RETR and listings; the octets that came.
    std::uint64_t fetch(std::string_view command, std::vector<char>& room) {
        const auto data = open_data(command);
        std::uint64_t octets = 0;
        while (const std::size_t got = data->read(room.data(), room.size())) {
            octets += got;
        }
        data->end();
        expect('2');
        return octets;
    }

    std::uint64_t store(std::string_view command, std::string_view piece, std::uint64_t octets) {
        const auto data = open_data(command);
        for (std::uint64_t left = octets; left > 0;) {
            const std::string_view next = piece.substr(0, left);
            data->write(next);
            left -= next.size();
        }
        data->end();
        expect('2');
        return octets;
    }

  private:
    std::unique_ptr<Connection> open_data(std::string_view command) {
        const std::string reply = ask("EPSV", '2');
        const std::size_t bars = reply.find("|||");
        const auto port = base::parse_number<std::uint16_t>(
            std::string_view(reply).substr(bars + 3, reply.rfind('|') - bars - 3));
        if (bars == std::string::npos || !port) {
            die(reply);
        }
        auto data = std::make_unique<Connection>(*port);
        ask(command, '1');
        if (task_.tls) {
            data->start_tls(control_.session());
        }
        return data;
    }

    const Task& task_;
    Connection control_;
    std::string input_;
};

void wait_for_go() {
    fmt::print("ready\n");
    std::fflush(stdout);
    if (std::getchar() == EOF) {
        std::_Exit(0);  // whoever wanted the sessions only has seen them
    }
}

std::uint64_t move_files(const Task& task, Session& session, std::uint64_t number) {
    std::vector<char> room(kBufferOctets);
    std::uint64_t octets = 0;
    for (std::uint64_t i = 0; i < task.count; ++i) {
        const std::string name = fmt::format("/pub/load-{}-{}", number, i);
        if (task.work == "retr") {
            octets += session.fetch("RETR " + name, room);
        } else if (task.work == "stor") {
            octets += session.store("STOR " + name, {room.data(), room.size()}, task.octets);
        } else {
            octets += session.fetch(task.work, room);
        }
    }
    return octets;
}

// All connections first, then each step for all: what a busy hour begins with.
std::vector<std::unique_ptr<Session>> log_in_together(const Task& task) {
    std::vector<std::unique_ptr<Session>> sessions;
    for (std::uint64_t i = 0; i < task.sessions; ++i) {
        sessions.push_back(std::make_unique<Session>(task));
    }
    for (const auto& session : sessions) {
        session->begin();
    }
    for (const std::string& line : {"USER " + task.user, "PASS " + task.password}) {
        for (const auto& session : sessions) {
            session->send(line);
        }
        for (const auto& session : sessions) {
            session->expect(line.starts_with("USER") ? '3' : '2');
        }
    }
    return sessions;
}

std::vector<std::unique_ptr<Session>> log_in(const Task& task) {
    std::vector<std::unique_ptr<Session>> sessions;
    for (std::uint64_t i = 0; i < task.sessions; ++i) {
        sessions.push_back(std::make_unique<Session>(task));
        sessions.back()->log_in();
        if (task.work == "LIST" || task.work == "MLSD") {
            sessions.back()->ask("CWD /many", '2');
        }
    }
    return sessions;
}

std::uint64_t move_together(const Task& task,
                            const std::vector<std::unique_ptr<Session>>& sessions) {
    std::atomic<std::uint64_t> octets = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < sessions.size(); ++i) {
        threads.emplace_back([&, i] { octets += move_files(task, *sessions[i], i); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    return octets;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 9) {
        die("usage: ftp_load PORT USER PASSWORD clear|tls WORK SESSIONS COUNT OCTETS");
    }
    const Task task{.port = base::parse_number<std::uint16_t>(argv[1]).value_or(0),
                    .user = argv[2],
                    .password = argv[3],
                    .tls = std::string_view(argv[4]) == "tls",
                    .work = argv[5],
                    .sessions = base::parse_u64(argv[6]).value_or(1),
                    .count = base::parse_u64(argv[7]).value_or(1),
                    .octets = base::parse_u64(argv[8]).value_or(0)};
    const bool storm = task.work == "login";
    auto sessions = storm ? std::vector<std::unique_ptr<Session>>() : log_in(task);
    wait_for_go();
    std::uint64_t octets = 0;
    const auto start = std::chrono::steady_clock::now();
    if (storm) {
        sessions = log_in_together(task);
    } else if (task.work != "idle") {
        octets = move_together(task, sessions);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    fmt::print("octets={} seconds={:.4f}\n", octets, took.count());
    std::fflush(stdout);
    while (std::getchar() != EOF) {  // the server's processes are looked at while the sessions last
    }
    return 0;
}
