// What the configuration says, as each service wants it.
#pragma once

#include <memory>

#include "account/authenticator.h"
#include "app/config.h"
#include "files/files.h"
#include "ftp/server/server.h"
#include "imap/server/server.h"
#include "pop3/server/server.h"
#include "smtp/server/server.h"

namespace app {

[[nodiscard]] account::AuthenticatorOptions authenticator_options(const Config& config);
[[nodiscard]] std::shared_ptr<const smtp::ServerOptions> smtp_options(
    const Config& config, smtp::Port port, const smtp::RelayDomains& relay_domains = {});
// kSyntax, kNotFound: what is wrong with the domains, or with the file of recipients.
[[nodiscard]] base::Result<smtp::RelayDomains> relay_domains(const QueueConfig& config);
[[nodiscard]] std::shared_ptr<const pop3::ServerOptions> pop3_options(const Config& config);
[[nodiscard]] std::shared_ptr<const imap::ServerOptions> imap_options(const Config& config);
// The networks in `config` were read by check_ftp_networks().
[[nodiscard]] std::shared_ptr<const ftp::ServerOptions> ftp_options(const Config& config,
                                                                    bool implicit_tls);
[[nodiscard]] ftp::ActivityOptions ftp_activity_options(const Config& config);
// kInvalid with one sentence: a network of [ftp] that is none.
[[nodiscard]] base::Result<> check_ftp_networks(const Config& config);

[[nodiscard]] files::Options files_options(const Config& config);

}  // namespace app
