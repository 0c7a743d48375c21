// net::Stream, what a session talks through: a socket, TLS over a socket and an in-memory pipe alike.
//
// One coroutine reads and writes it at a time. close() may be called by anybody on the stream's loop and
// ends a wait with kReset, which is how sessions are cancelled. A stream that waits for input holds no
// buffer: it waits for readiness and then reads into a buffer of its thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace net {

// An address and port of IPv4 or IPv6, or the path of a unix socket.
struct Endpoint {
    std::string address;     // "192.0.2.1", "2001:db8::1" (no brackets, mapped IPv4 as IPv4) or ""
    std::uint16_t port = 0;  // 0 for a unix socket
    std::string path;        // of a unix socket, else empty

    [[nodiscard]] bool is_unix() const { return !path.empty(); }

    [[nodiscard]] bool is_loopback() const;  // 127.0.0.0/8, ::1 or a unix socket
    // "192.0.2.1:25", "[2001:db8::1]:25" or "unix:/run/x".
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// What the handshake agreed on.
struct TlsInfo {
    std::string version;      // "TLSv1.3"
    std::string cipher;       // "TLS_AES_256_GCM_SHA384"
    int bits = 0;             // of the cipher's key
    std::string server_name;  // SNI, or empty
    // Subject alternative names (rfc822Name, dNSName) of a client certificate that verified.
    std::vector<std::string> client_names;
    std::string unique;     // RFC 5929 tls-unique: the first Finished message; empty with TLS 1.3
    std::string exporter;   // RFC 9266 tls-exporter: 32 octets of keying material
    std::string end_point;  // RFC 5929 tls-server-end-point: the hash of our certificate
};

class Stream {
  public:
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    // Waits for at least one octet and returns what came, 16 KiB at most. The view is valid until the
    // caller suspends or calls the stream again. kEof, kReset, kTimeout; kUnavailable: interrupt().
    [[nodiscard]] virtual base::Task<base::Result<std::string_view>> receive(
        base::SteadyTime deadline) = 0;
    // Writes all of `octets`, which must live until then. kTimeout when the peer takes none of them
    // before `deadline`.
    [[nodiscard]] virtual base::Task<base::Result<>> write(std::string_view octets,
                                                           base::SteadyTime deadline) = 0;
    // The server's side of a TLS handshake, in place. kUnsupported when the listener has no
    // certificate; any other failure leaves a stream that can only be closed.
    [[nodiscard]] virtual base::Task<base::Result<>> start_tls(base::SteadyTime deadline) = 0;
    [[nodiscard]] virtual bool can_start_tls() const = 0;
    // Nothing before a handshake.
    [[nodiscard]] virtual const TlsInfo* tls() const = 0;

    // The server is stopping: the receive() in progress, or else the next one, returns kUnavailable,
    // once, unless octets have come. The session finishes what is in flight and says goodbye. A
    // handshake that waits for the peer fails with kUnavailable.
    virtual void interrupt() = 0;
    // Ends the conversation: what was written still goes out, then the peer sees the end.
    virtual void close() = 0;

    [[nodiscard]] virtual const Endpoint& local() const = 0;
    [[nodiscard]] virtual const Endpoint& peer() const = 0;
    [[nodiscard]] virtual base::Loop& loop() = 0;
};

}  // namespace net
