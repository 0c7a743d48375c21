// Either side of TLS on one descriptor: OpenSSL without its types, a step at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/attempt.h"
#include "net/record_gatherer.h"
#include "net/stream.h"

struct ssl_session_st;
struct ssl_st;

namespace net {

class TlsSession {
  public:
    // `ssl` has its descriptor and knows its side; `keep` is what its callbacks need.
    // `asked_for` is the server's name, at the client.
    TlsSession(ssl_st* ssl, std::shared_ptr<const void> keep, std::string asked_for = {});
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;
    ~TlsSession();

    // One step of the handshake; after kDone info() is there. After kFailed distrusted() says whether
    // the server's certificate was the reason.
    [[nodiscard]] Attempt shake_hands();
    [[nodiscard]] bool distrusted() const;
    // At most one record. An end without close_notify is a failure: it may be somebody else's.
    [[nodiscard]] Attempt read(std::span<char> room);
    [[nodiscard]] Attempt write(std::string_view octets);
    // Several records in one send(2): `octets`, RecordGatherer::kClearOctetsMax at most. kDone: all of them are encrypted
    // and out, but for what the socket takes later (has_rest()). kWantWrite: nothing of them was taken, the rest of the
    // last ones still stands before them; an empty call sends that alone. Not where the kernel encrypts.
    [[nodiscard]] Attempt write_gathered(std::string_view octets);

    // What write_gathered() encrypted and the socket did not take. It goes before everything else that is written.
    [[nodiscard]] bool has_rest() const { return gatherer_ && gatherer_->has_rest(); }

    // Sends close_notify; reading goes on.
    [[nodiscard]] Attempt end_writing();
    // The same if it fits into the socket's buffer.
    void say_goodbye();

    // At the server: what binds other connections to this one. A random text of its own, until adopt().
    [[nodiscard]] const std::string& binding() const { return binding_; }

    // Before the handshake: what the client may call this connection, as protocol_list() has it.
    void accept_protocols(std::shared_ptr<const std::string> list) { protocols_ = std::move(list); }

    [[nodiscard]] const std::string& protocols() const;

    // At the server, before the handshake: this is a connection of `control`, whose handshake is done.
    void adopt(const TlsSession& control);
    // A copy of the control connection's session, for OpenSSL, if that is what the client calls it: who takes no tickets
    // in TLS 1.2 can resume it.
    [[nodiscard]] ssl_session_st* control_session(std::string_view name) const;
    // After the handshake: the binding of the session that it resumed; empty for none.
    [[nodiscard]] std::string resumed_binding() const;
    // Sends a ticket with the next octets (TLS 1.3; nothing in TLS 1.2, where tickets last).
    void send_ticket();
    // The end of TLS on a connection that goes on: a step of sending close_notify, then steps of waiting for the peer's.
    [[nodiscard]] Attempt begin_finish();
    [[nodiscard]] Attempt finish();

    // Octets of the socket are with OpenSSL already.
    [[nodiscard]] bool has_pending() const;

    // The kernel encrypts what is sent (kTLS), so that send_file() may be called.
    [[nodiscard]] bool kernel_sends() const;
    [[nodiscard]] Attempt send_file(int fd, std::uint64_t offset, std::size_t count);
    // For connections that carry much: larger buffers, kept between records.
    void prefer_throughput();

    // At the client: a session to resume; null when there is none.
    [[nodiscard]] std::shared_ptr<TlsTicket> ticket() const;

    [[nodiscard]] const TlsInfo* info() const { return info_ ? &*info_ : nullptr; }

  private:
    [[nodiscard]] bool install_gatherer();

    std::shared_ptr<const void> keep_;
    ssl_st* ssl_;
    std::string asked_for_;
    std::string binding_;
    std::shared_ptr<ssl_session_st> control_session_;
    std::shared_ptr<const std::string> protocols_;
    std::optional<TlsInfo> info_;
    std::unique_ptr<RecordGatherer> gatherer_;  // made by the first write_gathered()
};

// RFC 7301 3.1: each name behind its length. Names are of 1 to 255 octets.
[[nodiscard]] std::string protocol_list(const std::vector<std::string>& names);

// A callback of OpenSSL: what a ticket that is about to be sent carries for resumed_binding().
int put_binding(ssl_st* ssl, void* argument);
// A callback of OpenSSL: the session to resume that a client of TLS 1.2 without tickets names. The caller owns it.
ssl_session_st* find_session(ssl_st* ssl, const unsigned char* name, int octets, int* keep);
// A callback of OpenSSL: the first of TlsSession::protocols() that the client offers; none is a fatal alert.
int choose_protocol(ssl_st* ssl,
                    const unsigned char** chosen,
                    unsigned char* chosen_octets,
                    const unsigned char* offered,
                    unsigned offered_octets,
                    void* argument);

}  // namespace net
