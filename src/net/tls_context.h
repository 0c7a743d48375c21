// Certificates and keys, loaded, chosen by server name (RFC 6066 3) and loaded again while the server
// runs; the settings of every handshake (RFC 9325: TLS 1.2 and 1.3 only).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace net {

class TlsSession;

// PEM files: the certificate with the chain below it, and its key without a passphrase.
struct CertificateFiles {
    std::string certificate;
    std::string key;
};

struct TlsSettings {
    // The first whose names match what the client asks for is used, else the first of all.
    std::vector<CertificateFiles> certificates;
    // A PEM file of authorities; with it clients are asked for a certificate (SASL EXTERNAL). One that
    // does not verify is ignored, not refused: a foreign mail server may offer whatever it has.
    std::string client_authorities;
};

// Thread-safe. Shared by all listeners and loops; an open session keeps what it was made with.
class TlsContext {
  public:
    // kInvalid, kNotFound, kDenied with one sentence: the file, what is wrong with it, the remedy. From
    // then on this process ignores SIGPIPE, which OpenSSL would raise.
    [[nodiscard]] static base::Result<std::shared_ptr<TlsContext>> load(TlsSettings settings);

    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
    ~TlsContext();

    // Reads the files again; on an error the old ones stay in use. Tickets stay valid.
    [[nodiscard]] base::Result<> reload();
    // True when a file is another one, or written, since it was loaded.
    [[nodiscard]] bool changed_on_disk() const;
    // When the first of the certificates ends.
    [[nodiscard]] base::WallTime expires() const;

    // The same certificates for one service: a client that names protocols (RFC 7301) and none of `names` is
    // refused, so that nobody is led to this port who meant another (ALPACA). One that names none is welcome.
    [[nodiscard]] std::shared_ptr<TlsContext> for_protocols(
        const std::vector<std::string>& names) const;

    // The server's side on a connected descriptor. Null only when memory is out.
    [[nodiscard]] std::unique_ptr<TlsSession> open(int fd) const;

  private:
    struct Loaded;
    struct Certificates;

    TlsContext(std::shared_ptr<Certificates> certificates, std::string protocols);

    const std::shared_ptr<Certificates> certificates_;  // shared by the contexts of all services
    const std::shared_ptr<const std::string>
        protocols_;  // as TLS writes them; empty: whatever is asked
};

// Makes a P-256 key and a certificate for `names` (DNS names or IP addresses) that signs itself, valid for
// ten years. Neither file may exist: kExists. The key is readable by its owner only.
[[nodiscard]] base::Result<> make_self_signed(const std::vector<std::string>& names,
                                              const std::string& certificate_path,
                                              const std::string& key_path);

}  // namespace net
