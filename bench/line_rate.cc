// What the loop and the streams cost: lines and their replies over many connections to a server in this
// process, in clear and with TLS. Prints rate and server CPU each; the clients are a child.
//     line_rate [CONNECTIONS [SECONDS]]
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/ascii.h"
#include "net/address.h"
#include "net/line_stream.h"
#include "net/server.h"

namespace {

using namespace std::chrono_literals;

std::atomic<std::uint64_t> lines_served = 0;

base::Task<> converse(std::unique_ptr<net::Stream> stream) {
    net::LineStream lines(*stream);
    while (true) {
        const auto line = co_await lines.read_line(512, stream->loop().clock().steady() + 10min);
        if (!line) {
            co_return;
        }
        lines.put("250 2.0.0 OK\r\n");
        lines_served.fetch_add(1, std::memory_order_relaxed);
    }
}

struct Client {
    int fd = -1;
    SSL* ssl = nullptr;

    [[nodiscard]] bool ask() const {
        static constexpr std::string_view kLine = "NOOP\r\n";
        return ssl != nullptr ? SSL_write(ssl, kLine.data(), kLine.size()) > 0
                              : ::write(fd, kLine.data(), kLine.size()) > 0;
    }

    [[nodiscard]] bool hear() const {
        std::array<char, 512> room{};
        return (ssl != nullptr ? SSL_read(ssl, room.data(), room.size())
                               : ::read(fd, room.data(), room.size())) > 0;
    }
};

Client connect_to(const net::Endpoint& server, SSL_CTX* tls) {
    const auto address = net::to_socket_address(server).value();
    Client client{.fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(client.fd, address.get(), address.octets) != 0) {
        ::_exit(1);
    }
    if (tls != nullptr) {
        client.ssl = SSL_new(tls);
        SSL_set_fd(client.ssl, client.fd);
        if (SSL_connect(client.ssl) != 1) {
            ::_exit(1);
        }
    }
    return client;
}

[[noreturn]] void run_clients(const net::Endpoint& server, std::size_t count, bool tls) {
    SSL_CTX* context = tls ? SSL_CTX_new(TLS_client_method()) : nullptr;
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(connect_to(server, context));
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back().fd, &event);
        static_cast<void>(clients.back().ask());
    }
    std::array<epoll_event, 128> events{};
    while (true) {
        const int ready = ::epoll_wait(epoll, events.data(), events.size(), -1);
        for (int i = 0; i < ready; ++i) {
            const Client& client = clients[events[static_cast<std::size_t>(i)].data.u64];
            if (!client.hear() || !client.ask()) {
                ::_exit(0);
            }
        }
    }
}

double cpu_s() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int run(std::size_t count, std::size_t span_s) {
    const std::string directory = "/tmp/line_rate." + std::to_string(::getpid());
    std::filesystem::create_directory(directory);
    const net::CertificateFiles files{directory + "/cert.pem", directory + "/key.pem"};
    if (!net::make_self_signed({"mail.hamburger.example"}, files.certificate, files.key)) {
        return 1;
    }
    const auto context = net::TlsContext::load({.certificates = {files}, .client_authorities = ""});
    std::filesystem::remove_all(directory);
    std::puts("connections   what          lines/s   server CPU us/line");
    for (const bool tls : {false, true}) {
        net::Server server({.threads = 2});
        const auto bound = server.listen({.address = "127.0.0.1:0",
                                          .service = "smtp",
                                          .serve = converse,
                                          .tls = *context,
                                          .implicit_tls = tls});
        server.start();
        const pid_t child = ::fork();
        if (child == 0) {
            run_clients(*bound, count, tls);
        }
        while (server.sessions() < count || lines_served < count) {
            std::this_thread::sleep_for(10ms);
        }
        const std::uint64_t lines_before = lines_served;
        const double cpu_before = cpu_s();
        std::this_thread::sleep_for(std::chrono::seconds(span_s));
        const auto lines = static_cast<double>(lines_served - lines_before);
        fmt::print("{:>11}   {:<10} {:>10.0f} {:>20.1f}\n",
                   count,
                   tls ? "TLS 1.3" : "in clear",
                   lines / static_cast<double>(span_s),
                   (cpu_s() - cpu_before) * 1e6 / lines);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        server.stop(0s);
        lines_served = 0;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto count = base::parse_number<std::size_t>(argc > 1 ? argv[1] : "200");
    const auto span_s = base::parse_number<std::size_t>(argc > 2 ? argv[2] : "3");
    return count && span_s ? run(*count, *span_s) : 64;
}
