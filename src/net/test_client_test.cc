// TestClient, for the other tests of this room.
#include "net/test_client.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "net/address.h"
#include "net/openssl_ptr.h"

namespace net {

TestClient::TestClient(const Endpoint& server) {
    const auto address = to_socket_address(server).value();
    fd_.reset(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience = {.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(fd_.get(), address.get(), address.octets) != 0) {
        fd_.reset();
    }
}

TestClient::~TestClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
}

std::string TestClient::start_tls(const Tls& tls) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (tls.version != 0) {
        SSL_CTX_set_min_proto_version(context_, tls.version);
        SSL_CTX_set_max_proto_version(context_, tls.version);
        SSL_CTX_set_security_level(context_, 0);
    }
    if (!tls.certificate.empty()) {
        SSL_CTX_use_certificate_file(context_, tls.certificate.c_str(), SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(context_, tls.certificate.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_.get());
    if (!tls.server_name.empty()) {
        SSL_set_tlsext_host_name(ssl_, tls.server_name.c_str());
    }
    if (tls.session != nullptr) {
        SSL_set_session(ssl_, tls.session);
    }
    return SSL_connect(ssl_) == 1 ? std::string() : take_openssl_error();
}

bool TestClient::send(std::string_view octets) {
    if (ssl_ != nullptr) {
        return SSL_write(ssl_, octets.data(), static_cast<int>(octets.size())) > 0;
    }
    return ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(octets.size());
}

long TestClient::read_some(char* room, std::size_t octets) {
    if (ssl_ == nullptr) {
        return ::recv(fd_.get(), room, octets, 0);
    }
    const int got = SSL_read(ssl_, room, static_cast<int>(octets));
    return got <= 0 && SSL_get_error(ssl_, got) == SSL_ERROR_ZERO_RETURN ? 0 : (got > 0 ? got : -1);
}

std::string TestClient::read_line() {
    std::string line;
    char c = 0;
    while (true) {
        const long got = read_some(&c, 1);
        if (got <= 0) {
            return line + (got == 0 ? "<eof>" : "<reset>");
        }
        if (c == '\n') {
            return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
        }
        line += c;
    }
}

std::string TestClient::read_to_end() {
    std::string all;
    std::array<char, 16 * 1024> room{};
    while (true) {
        const long got = read_some(room.data(), room.size());
        if (got <= 0) {
            return got == 0 ? all : all + "<reset>";
        }
        all.append(room.data(), static_cast<std::size_t>(got));
    }
}

void TestClient::end_writing() {
    if (ssl_ != nullptr) {
        SSL_shutdown(ssl_);
    }
    ::shutdown(fd_.get(), SHUT_WR);
}

void TestClient::reset() {
    const struct ::linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
}

std::string TestClient::certificate_name() const {
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl_)),
                              NID_commonName,
                              name.data(),
                              static_cast<int>(name.size()));
    return name.data();
}

bool TestClient::resumed() const {
    return SSL_session_reused(ssl_) == 1;
}

ssl_session_st* TestClient::session() const {
    return SSL_get1_session(ssl_);
}

std::string TestClient::exporter() const {
    std::string octets(32, '\0');
    static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    SSL_export_keying_material(ssl_,
                               reinterpret_cast<unsigned char*>(octets.data()),
                               octets.size(),
                               kLabel.data(),
                               kLabel.size(),
                               nullptr,
                               0,
                               0);
    return octets;
}

}  // namespace net
