// A client for tests with real sockets: it blocks, in clear and with OpenSSL, and gives up after a while.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "net/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace net {

class TestClient {
  public:
    explicit TestClient(const Endpoint& server);
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;
    ~TestClient();

    struct Tls {
        std::string server_name;
        int version = 0;          // TLS1_2_VERSION ...; 0: what both can
        std::string certificate;  // of the client, PEM with its key
        ssl_session_st* session = nullptr;
    };

    // Empty, or why the handshake failed.
    [[nodiscard]] std::string start_tls(const Tls& tls);
    // False once the server is gone.
    bool send(std::string_view octets);
    // Without its end; "<eof>" or "<reset>" when there is none.
    [[nodiscard]] std::string read_line();
    // Everything up to the end, which must not be a reset.
    [[nodiscard]] std::string read_to_end();
    void end_writing();
    void reset();

    // The common name of the server's certificate.
    [[nodiscard]] std::string certificate_name() const;
    [[nodiscard]] bool resumed() const;
    [[nodiscard]] ssl_session_st* session() const;  // the caller frees it
    [[nodiscard]] std::string exporter() const;

    [[nodiscard]] const UniqueFd& fd() const { return fd_; }

  private:
    // > 0 octets, 0 end, < 0 reset or too late.
    [[nodiscard]] long read_some(char* room, std::size_t octets);

    UniqueFd fd_;
    ssl_ctx_st* context_ = nullptr;
    ssl_st* ssl_ = nullptr;
};

}  // namespace net
