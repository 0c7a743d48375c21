// net::Stream, what a session talks through: a socket, TLS over a socket and an in-memory pipe alike.
//
// One coroutine reads and writes it at a time. close() may be called by anybody on the stream's loop and
// ends a wait with kReset, which is how sessions are cancelled. A stream that waits for input holds no
// buffer: it waits for readiness and then reads into a buffer of its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

struct ssl_session_st;

namespace net {

class TlsClientContext;
class TlsContext;

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
    std::string end_point;  // RFC 5929 tls-server-end-point: the hash of the server's certificate
    std::string alpn = {};  // RFC 7301: the protocol agreed on, or empty
    bool resumed = false;   // an earlier session went on (RFC 5077, RFC 8446 2.2)
    // At the client: why the server's certificate does not prove its name; empty when it does. A
    // handshake that was told to verify fails instead.
    std::string distrust = {};
};

// A TLS session that a later connection may resume. Holds secrets: never logged, never stored.
class TlsTicket {
  public:
    // Takes the session over; null in tests without OpenSSL. `server_name` is whom it was made with;
    // `proven`, whether a certificate proved that name.
    TlsTicket(ssl_session_st* session, std::string server_name, bool proven)
        : session_(session),
          server_name_(std::move(server_name)),
          proven_(proven) {}

    TlsTicket(const TlsTicket&) = delete;
    TlsTicket& operator=(const TlsTicket&) = delete;
    ~TlsTicket();

    [[nodiscard]] ssl_session_st* session() const { return session_; }

    [[nodiscard]] const std::string& server_name() const { return server_name_; }

    [[nodiscard]] bool proven() const { return proven_; }

  private:
    ssl_session_st* session_;
    std::string server_name_;
    bool proven_;
};

// The client's wishes for one handshake.
struct TlsClientOptions {
    std::shared_ptr<TlsClientContext> context;
    // Whom to ask for (RFC 6066 3) and whose certificate it must be (RFC 6125 6): a host name or an
    // address. Empty: nobody in particular, and only with `verify` false.
    std::string server_name;
    // Fail with kDenied unless the certificate proves the name. When false the handshake goes on and
    // TlsInfo::distrust says what was wrong.
    bool verify = true;
    // A session to resume, from Stream::tls_ticket(). One of another server is ignored, and one made
    // without proof is when `verify` is set.
    std::shared_ptr<TlsTicket> resume = {};
    std::vector<std::string> alpn = {};  // RFC 7301: protocols, the best first
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

    // What start_tls() uses from now on, where the listener did not say: connections that this side
    // opened or accepted by hand (FTP's data connections). Before a handshake.
    virtual void offer_tls(const std::shared_ptr<TlsContext>& /*context*/) {}

    // The client's side of a handshake, in place. kDenied: the certificate does not prove the name;
    // any failure leaves a stream that can only be closed.
    [[nodiscard]] virtual base::Task<base::Result<>> start_tls_client(TlsClientOptions options,
                                                                      base::SteadyTime deadline);

    // At the server: a random name of this connection that its session tickets carry; empty without TLS.
    [[nodiscard]] virtual std::string tls_binding() const { return {}; }

    // FTP's data connections (RFC 4217 10.2): the server's side of a handshake, on a connection that
    // belongs to `control`, which has TLS. `accepts`, where there is one, is asked for the tls_binding() of the
    // connection whose session was resumed, never the empty one: kDenied where it refuses or none was resumed, and the
    // stream can only be closed.
    using AcceptsBinding = std::function<bool(std::string_view binding)>;
    [[nodiscard]] virtual base::Task<base::Result<>> start_tls_bound(Stream& control,
                                                                     AcceptsBinding accepts,
                                                                     base::SteadyTime deadline);

    // Sends the peer a session ticket that a connection bound to this one may resume. TLS 1.3 only, where
    // a ticket is good for one connection (RFC 8446 C.4); does nothing otherwise.
    virtual void send_tls_ticket() {}

    // close_notify, then the conversation goes on in clear (RFC 4217 6 and 12). The peer's is waited for, but a peer
    // whose next octet begins no record of TLS goes on without (curl, asked for CCC, listens and sends none).
    [[nodiscard]] virtual base::Task<base::Result<>> stop_tls(base::SteadyTime deadline);

    // Sends `count` octets of the file `fd` from `offset` on, straight from the kernel's memory where that
    // is possible. How many were sent: fewer only where the file ends. `stall` is the longest time in
    // which the peer takes nothing. kUnsupported: read and write() them instead.
    [[nodiscard]] virtual base::Task<base::Result<std::uint64_t>> send_file(int fd,
                                                                            std::uint64_t offset,
                                                                            std::uint64_t count,
                                                                            base::Duration stall);
    // Writes what comes to the file `fd` from `offset` on, `count_max` octets at most. How many came: zero
    // at the end of the stream. kIo and kNoSpace are the file's. kUnsupported: receive() and write them.
    [[nodiscard]] virtual base::Task<base::Result<std::uint64_t>> receive_file(
        int fd, std::uint64_t offset, std::uint64_t count_max, base::Duration stall);

    // Waits for at least one octet, then takes what has come, as much as fits into `room`, which is not empty; how
    // many. Zero at the end of the stream. kTimeout, after which it may be tried again; kReset. kUnsupported:
    // receive() and copy them.
    [[nodiscard]] virtual base::Task<base::Result<std::size_t>> receive_into(
        std::span<char> room, base::SteadyTime deadline);

    // What a later connection to the same server may resume; null when there is nothing (yet: TLS 1.3
    // servers send it after the handshake, and it is seen while receiving).
    [[nodiscard]] virtual std::shared_ptr<TlsTicket> tls_ticket() const { return nullptr; }

    // What has come and nobody received yet. The end is the peer's or the connection's; over TLS nobody knows whether it
    // stands behind octets that mean something, and it is kEnded.
    enum class Traffic : std::uint8_t { kNone, kOctets, kEnded, kEndedBehindOctets };

    // Tells it whenever it is called, from any thread, this stream gone or not; kNone where nobody can know. What
    // receive() would find is not touched.
    [[nodiscard]] virtual std::function<Traffic()> traffic() const;

    // Nothing before a handshake.
    [[nodiscard]] virtual const TlsInfo* tls() const = 0;

    // The server is stopping: the receive() in progress, or else the next one, returns kUnavailable,
    // once, unless octets have come. The session finishes what is in flight and says goodbye. A
    // handshake that waits for the peer fails with kUnavailable.
    virtual void interrupt() = 0;
    // Was interrupt() called?
    [[nodiscard]] virtual bool stopping() const = 0;
    // Somebody has news for the session: the receive() in progress, or else the next one, returns
    // kUnavailable, as after interrupt(). Nothing stops.
    virtual void wake() = 0;
    // Ends this direction: close_notify inside TLS, FIN. The other one goes on.
    [[nodiscard]] virtual base::Task<base::Result<>> shut_down_write(base::SteadyTime deadline);
    // Ends the conversation: what was written still goes out, then the peer sees the end.
    virtual void close() = 0;

    // The same without the courtesy: what is on its way may be lost, and the peer sees a reset.
    virtual void abort() { close(); }

    [[nodiscard]] virtual const Endpoint& local() const = 0;
    [[nodiscard]] virtual const Endpoint& peer() const = 0;
    [[nodiscard]] virtual base::Loop& loop() = 0;
};

}  // namespace net
