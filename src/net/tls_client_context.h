// The client's side of TLS: whom we trust, who we are, and what a handshake with a server may use
// (RFC 9325: TLS 1.2 and 1.3 only; RFC 6125 for names).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/stream.h"
#include "net/tls_context.h"

struct ssl_ctx_st;

namespace net {

class TlsSession;

struct TlsClientSettings {
    // A PEM file of authorities; empty: the system's trust store.
    std::string authorities = {};
    // What we show to servers that ask.
    std::optional<CertificateFiles> certificate = {};
    bool tls13_only = false;
};

// Thread-safe, immutable; shared by all who connect with the same trust. Keep tickets beside the context they
// came from: what one trust store has proven, another need not believe.
class TlsClientContext {
  public:
    // kInvalid, kNotFound, kDenied with one sentence: the file, what is wrong, the remedy. From then on
    // this process ignores SIGPIPE, which OpenSSL would raise.
    [[nodiscard]] static base::Result<std::shared_ptr<TlsClientContext>> load(
        const TlsClientSettings& settings);

    // Takes the context over; load() makes it.
    explicit TlsClientContext(ssl_ctx_st* context) : context_(context) {}

    TlsClientContext(const TlsClientContext&) = delete;
    TlsClientContext& operator=(const TlsClientContext&) = delete;
    ~TlsClientContext();

    // The client's side on a connected descriptor. Null when memory is out or a name is no name.
    [[nodiscard]] std::unique_ptr<TlsSession> open(int fd, const TlsClientOptions& options) const;

  private:
    ssl_ctx_st* context_;
};

}  // namespace net
