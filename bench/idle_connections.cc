// Memory of idle connections: opens COUNT to a server in this process, in clear, then with TLS, and prints
// what each costs this process (the other ends live in a child).
//     idle_connections [COUNT]
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "net/address.h"
#include "net/line_stream.h"
#include "net/server.h"

namespace {

using namespace std::chrono_literals;

// What a session of a line protocol is while nothing happens: a coroutine in read_line().
base::Task<> converse(std::unique_ptr<net::Stream> stream) {
    net::LineStream lines(*stream);
    lines.put("220 mail.hamburger.example ESMTP\r\n");
    while (true) {
        const auto line = co_await lines.read_line(512, stream->loop().clock().steady() + 10min);
        if (!line) {
            co_return;
        }
        lines.put("250 2.0.0 OK\r\n");
    }
}

// Resident octets that are ours alone.
std::size_t resident_octets() {
    ::malloc_trim(0);
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    std::size_t shared = 0;
    statm >> total >> resident >> shared;
    return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

int connect_to(const net::Endpoint& server) {
    const auto address = net::to_socket_address(server).value();
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    return ::connect(fd, address.get(), address.octets) == 0 ? fd : -1;
}

// The child: connects, says NOOP, reports, and stays until its input ends.
[[noreturn]] void run_clients(
    const net::Endpoint& server, std::size_t count, bool tls, int report, int stay) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    char room[256];
    for (std::size_t i = 0; i < count; ++i) {
        const int fd = connect_to(server);
        if (fd < 0) {
            ::_exit(1);
        }
        if (!tls) {
            static_cast<void>(!::read(fd, room, sizeof room));
            static_cast<void>(!::write(fd, "NOOP\r\n", 6));
            static_cast<void>(!::read(fd, room, sizeof room));
            continue;
        }
        SSL* ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        if (SSL_connect(ssl) != 1) {
            ::_exit(1);
        }
        SSL_read(ssl, room, sizeof room);
        SSL_write(ssl, "NOOP\r\n", 6);
        SSL_read(ssl, room, sizeof room);
        // The descriptor stays; the client's own memory need not.
        SSL_set_quiet_shutdown(ssl, 1);
        BIO_set_close(SSL_get_rbio(ssl), BIO_NOCLOSE);
        SSL_free(ssl);
    }
    static_cast<void>(!::write(report, "x", 1));
    static_cast<void>(!::read(stay, room, 1));
    ::_exit(0);
}

struct Figure {
    std::size_t count = 0;
    double octets = 0;
};

Figure measure(const net::Endpoint& server, std::size_t count, bool tls, net::Server& sessions) {
    int report[2];
    int stay[2];
    if (::pipe2(report, O_CLOEXEC) != 0 || ::pipe2(stay, O_CLOEXEC) != 0) {
        return {};
    }
    const std::size_t before = resident_octets();
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(stay[1]);
        run_clients(server, count, tls, report[1], stay[0]);
    }
    ::close(report[1]);
    ::close(stay[0]);
    char done = 0;
    const bool connected = ::read(report[0], &done, 1) == 1;
    Figure figure;
    figure.count = sessions.sessions();
    if (connected && figure.count > 0) {
        figure.octets =
            static_cast<double>(resident_octets() - before) / static_cast<double>(figure.count);
    }
    ::close(report[0]);
    ::close(stay[1]);
    ::waitpid(child, nullptr, 0);
    return figure;
}

int run(std::size_t count) {
    const std::string directory = "/tmp/idle_connections." + std::to_string(::getpid());
    std::filesystem::create_directory(directory);
    const net::CertificateFiles files{directory + "/cert.pem", directory + "/key.pem"};
    if (!net::make_self_signed({"mail.hamburger.example"}, files.certificate, files.key)) {
        return 1;
    }
    const auto context = net::TlsContext::load({.certificates = {files}, .client_authorities = ""});
    std::filesystem::remove_all(directory);
    std::puts("connections   what          KiB each   bound");
    bool within = true;
    for (const bool tls : {false, true}) {
        net::Server server({.threads = 2});
        const auto bound = server.listen({.address = "127.0.0.1:0",
                                          .service = "smtp",
                                          .serve = converse,
                                          .tls = *context,
                                          .implicit_tls = tls});
        server.start();
        measure(*bound, 64, tls, server);  // what is allocated once
        const Figure figure = measure(*bound, count, tls, server);
        const double bound_kib = tls ? 20 : 4;
        fmt::print("{:>11}   {:<12} {:>9.2f} {:>7.0f}\n",
                   figure.count,
                   tls ? "TLS 1.3" : "in clear",
                   figure.octets / 1024,
                   bound_kib);
        within = within && figure.count >= count && figure.octets / 1024 <= bound_kib;
        server.stop(5s);
    }
    return within ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const auto count = base::parse_number<std::size_t>(argc > 1 ? argv[1] : "9500");
    return count ? run(*count) : 64;
}
