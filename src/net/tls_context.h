// Certificates and keys, loaded, chosen by server name (RFC 6066 3) and loaded again while the server
// runs; the settings of every handshake (RFC 9325: TLS 1.2 and 1.3 only).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace net {

class TicketKeys;
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

    // The server's side on a connected descriptor. Null only when memory is out.
    [[nodiscard]] std::unique_ptr<TlsSession> open(int fd) const;

  private:
    struct Loaded;

    TlsContext(TlsSettings settings, std::shared_ptr<TicketKeys> tickets);
    [[nodiscard]] std::shared_ptr<const Loaded> current() const;

    const TlsSettings settings_;
    const std::shared_ptr<TicketKeys> tickets_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Loaded> loaded_;  // guarded by mutex_
};

// Makes a P-256 key and a certificate for `names` (DNS names or IP addresses) that signs itself, valid for
// ten years. Neither file may exist: kExists. The key is readable by its owner only.
[[nodiscard]] base::Result<> make_self_signed(const std::vector<std::string>& names,
                                              const std::string& certificate_path,
                                              const std::string& key_path);

}  // namespace net
