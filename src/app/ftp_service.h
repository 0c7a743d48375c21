// The FTP server's part of the running server: data ports, limits and the transfer log behind
// both of its ports.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "account/authenticator.h"
#include "app/config.h"
#include "files/files.h"
#include "ftp/server/server.h"
#include "net/listener.h"
#include "net/network.h"
#include "net/resolver.h"
#include "net/unique_fd.h"

namespace app {

// What it stands on; everything must outlive it.
struct FtpNeeds {
    account::Authenticator& authenticator;
    files::Files& files;
    const base::Clock& clock;
    base::Random& random;
    base::Log& log;
    base::Metrics& metrics;
    std::size_t loops = 1;  // that sessions run on
    net::Resolver* resolver = nullptr;
    std::shared_ptr<net::TlsContext> tls;  // may be null
};

class FtpService {
  public:
    // One sentence for whoever started us, when the transfer log cannot be written.
    [[nodiscard]] static base::Result<std::unique_ptr<FtpService>> open(
        const Config& config, FtpNeeds needs, decltype(ftp::Services::watch) watch);
    FtpService(const FtpService&) = delete;
    FtpService& operator=(const FtpService&) = delete;
    ~FtpService() = default;

    // One connection. `implicit_tls`: the port begins with TLS.
    [[nodiscard]] base::Task<> serve(std::unique_ptr<net::Stream> stream, bool implicit_tls);

    // For whoever rotates logs: what stands at `path` from now on, made where it is absent. From any thread.
    [[nodiscard]] base::Result<> reopen_transfer_log(const std::string& path);
    // `staffetta ftp who`: a line a session. From any thread.
    [[nodiscard]] std::string who() const;
    // The same as an array of objects, `--json`.
    [[nodiscard]] std::string who_as_json() const;

  private:
    FtpService(const Config& config, FtpNeeds needs, net::UniqueFd transfer_log);

    const base::Clock& clock_;
    net::SystemNetwork network_;
    net::UniqueFd transfer_log_;
    ftp::PassivePorts passive_;
    ftp::Activity activity_;
    std::shared_ptr<const ftp::ServerOptions> options_;
    std::shared_ptr<const ftp::ServerOptions> implicit_options_;
    ftp::Services services_;
};

}  // namespace app
