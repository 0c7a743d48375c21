// The server's side of TLS on one descriptor: OpenSSL without its types, a step at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "net/attempt.h"
#include "net/stream.h"

struct ssl_st;

namespace net {

class TlsSession {
  public:
    // `ssl` has its descriptor; `keep` is what its callbacks need.
    TlsSession(ssl_st* ssl, std::shared_ptr<const void> keep);
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;
    ~TlsSession();

    // One step of the handshake; after kDone info() is there.
    [[nodiscard]] Attempt accept();
    // At most one record. An end without close_notify is a failure: it may be somebody else's.
    [[nodiscard]] Attempt read(std::span<char> room);
    [[nodiscard]] Attempt write(std::string_view octets);
    // Sends close_notify if it fits into the socket's buffer.
    void say_goodbye();

    [[nodiscard]] const TlsInfo* info() const { return info_ ? &*info_ : nullptr; }

  private:
    std::shared_ptr<const void> keep_;
    ssl_st* ssl_;
    std::optional<TlsInfo> info_;
};

}  // namespace net
