// Either side of TLS on one descriptor: OpenSSL without its types, a step at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/attempt.h"
#include "net/stream.h"

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
    // Sends close_notify; reading goes on.
    [[nodiscard]] Attempt end_writing();
    // The same if it fits into the socket's buffer.
    void say_goodbye();

    // At the client: a session to resume; null when there is none.
    [[nodiscard]] std::shared_ptr<TlsTicket> ticket() const;

    [[nodiscard]] const TlsInfo* info() const { return info_ ? &*info_ : nullptr; }

  private:
    std::shared_ptr<const void> keep_;
    ssl_st* ssl_;
    std::string asked_for_;
    std::optional<TlsInfo> info_;
};

}  // namespace net
