#include "app/service_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/files.h"
#include "mail/records.h"

namespace app {
namespace {

constexpr std::size_t kRecipientsOctetsMax = std::size_t{64}
                                             << 20U;  // a million addresses and more

std::chrono::seconds seconds(base::Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration);
}

ftp::Limits limits(const FtpLimitsConfig& config) {
    return {.sessions = config.sessions,
            .transfers = config.transfers,
            .octets_per_second = config.octets_per_second};
}

}  // namespace

account::AuthenticatorOptions authenticator_options(const Config& config) {
    account::AuthenticatorOptions options;
    options.allow_plaintext = config.auth.allow_plaintext;
    options.remember = config.auth.remember;
    const ThrottleConfig& throttle = config.auth.throttle;
    options.throttle.failures_free = static_cast<std::uint32_t>(throttle.failures_free);
    options.throttle.delay_first = throttle.delay_first;
    options.throttle.delay_max = throttle.delay_max;
    options.throttle.failures_block = static_cast<std::uint32_t>(throttle.failures_block);
    options.throttle.block = throttle.block;
    options.throttle.forgive_each = throttle.forgive_each;
    options.throttle.trusted_for = throttle.trusted_for;
    return options;
}

base::Result<smtp::RelayDomains> relay_domains(const QueueConfig& config) {
    if (config.relay_recipients.empty()) {
        return smtp::RelayDomains::make(config.relay_domains, std::nullopt);
    }
    TRY(const std::string recipients, read_file(config.relay_recipients, kRecipientsOctetsMax));
    auto made = smtp::RelayDomains::make(config.relay_domains, recipients);
    if (!made) {
        made.error().text = fmt::format("{}: {}", config.relay_recipients, made.error().text);
    }
    return made;
}

std::shared_ptr<const smtp::ServerOptions> smtp_options(const Config& config,
                                                        smtp::Port port,
                                                        const smtp::RelayDomains& relay_domains) {
    smtp::ServerOptions options;
    options.port = port;
    options.hostname = config.hostname;
    options.message_octets_max = config.smtp.message_octets_max;
    options.recipients_max = config.smtp.recipients_max;
    options.rewriting = account::Rewriting::make(config.rewrites).value_or(account::Rewriting());
    options.release_max =
        std::chrono::duration_cast<std::chrono::seconds>(config.smtp.future_release);
    options.vrfy_for_loopback = config.smtp.vrfy_for_loopback;
    options.require_owned_sender = config.smtp.require_owned_sender;
    options.accept_bare_addresses = config.smtp.accept_bare_addresses;
    options.offer_auth_on_relay = config.smtp.offer_auth_on_relay;
    options.command_timeout = config.smtp.command_timeout;
    options.data_timeout = config.smtp.data_timeout;
    options.message_timeout = config.smtp.message_timeout;
    options.handshake_timeout = config.tls.handshake_timeout;
    options.text_line_octets_max = config.smtp.line_octets_max;
    options.header_octets_max = config.smtp.header_octets_max;
    options.received_fields_max = config.smtp.received_fields_max;
    options.errors_max = config.smtp.errors_max;
    options.idle_commands_max = config.smtp.idle_commands_max;
    for (const std::string& network : config.queue.relay_networks) {
        if (auto block = net::AddressBlock::parse(network)) {
            options.relay_networks.push_back(*block);
        }
    }
    options.complete_messages = config.queue.complete_messages;
    options.complete_domain = config.queue.complete_domain;
    options.relay_domains = relay_domains;
    return std::make_shared<const smtp::ServerOptions>(std::move(options));
}

std::shared_ptr<const pop3::ServerOptions> pop3_options(const Config& config) {
    pop3::ServerOptions options;
    options.hostname = config.hostname;
    options.exclusive = config.pop3.exclusive;
    options.login_delay_s = static_cast<std::uint32_t>(seconds(config.pop3.login_delay).count());
    options.idle_timeout_s = seconds(config.pop3.idle_timeout);
    options.write_timeout_s = seconds(config.pop3.write_timeout);
    options.handshake_timeout_s = seconds(config.tls.handshake_timeout);
    options.errors_max = config.pop3.errors_max;
    options.login_failures_max = config.pop3.login_failures_max;
    return std::make_shared<const pop3::ServerOptions>(std::move(options));
}

files::Options files_options(const Config& config) {
    files::Options options;
    options.root = config.files.root;
    options.links = config.files.follow_links ? files::Links::kInside : files::Links::kRefuse;
    options.keep_partials = config.files.keep_partials;
    options.reserve_octets = config.limits.disk_reserve_octets;
    options.anonymous_share = config.files.anonymous;
    options.quota_octets = config.files.quota_octets;
    options.quota_files = config.files.files_max;
    if (config.files.share_mail_quota) {
        options.other_octets = [](const store::Reader& reader, account::AccountId id) {
            const auto counters = mail::load_counters(reader, id);
            return counters ? counters->octets : 0;
        };
    }
    return options;
}

std::shared_ptr<const imap::ServerOptions> imap_options(const Config& config) {
    imap::ServerOptions options;
    options.hostname = config.hostname;
    options.message_octets_max = config.imap.message_octets_max;
    options.idle_timeout_s = seconds(config.imap.idle_timeout);
    options.login_timeout_s = seconds(config.imap.login_timeout);
    options.write_timeout_s = seconds(config.imap.write_timeout);
    options.handshake_timeout_s = seconds(config.tls.handshake_timeout);
    options.errors_max = config.imap.errors_max;
    options.login_failures_max = config.imap.login_failures_max;
    options.message_limit = config.imap.message_limit;
    options.save_limit = config.imap.save_limit;
    return std::make_shared<const imap::ServerOptions>(std::move(options));
}

std::shared_ptr<const ftp::ServerOptions> ftp_options(const Config& config, bool implicit_tls) {
    const FtpConfig& ftp = config.ftp;
    ftp::ServerOptions options;
    options.hostname = config.hostname;
    options.hosts = ftp.hosts;
    options.implicit_tls = implicit_tls;
    options.anonymous = !config.files.anonymous.empty();
    options.greeting = ftp.greeting;
    options.welcome = ftp.welcome;
    options.folder_message = ftp.folder_message;
    options.require_data_tls = ftp.require_data_tls;
    options.allow_ccc = ftp.allow_ccc;
    options.require_session_reuse = ftp.require_session_reuse;
    options.session_reuse_exempt = ftp.session_reuse_exempt;
    options.active = ftp.active;
    options.active_source_port = static_cast<std::uint16_t>(ftp.active_source_port);
    options.external.address = ftp.external_address;
    for (const FtpConfig::External& rule : ftp.external) {
        options.external.rules.push_back(
            {net::AddressBlock::parse(rule.clients).value(), rule.address});
    }
    options.fxp_accounts = ftp.fxp_accounts;
    for (const std::string& network : ftp.fxp_networks) {
        options.fxp_networks.push_back(net::AddressBlock::parse(network).value());
    }
    options.idle_timeout_s = seconds(ftp.idle_timeout);
    options.idle_timeout_max_s = std::max(options.idle_timeout_max_s, options.idle_timeout_s);
    options.login_timeout_s = seconds(ftp.login_timeout);
    options.connect_timeout_s = seconds(ftp.connect_timeout);
    options.stall_timeout_s = seconds(ftp.stall_timeout);
    options.write_timeout_s = seconds(ftp.write_timeout);
    options.handshake_timeout_s = seconds(config.tls.handshake_timeout);
    options.errors_max = ftp.errors_max;
    options.login_failures_max = ftp.login_failures_max;
    return std::make_shared<const ftp::ServerOptions>(std::move(options));
}

ftp::ActivityOptions ftp_activity_options(const Config& config) {
    return {.total = limits(config.ftp.total),
            .per_address = limits(config.ftp.per_address),
            .per_account = limits(config.ftp.per_account),
            .anonymous = limits(config.ftp.anonymous)};
}

base::Result<> check_ftp_networks(const Config& config) {
    for (const FtpConfig::External& rule : config.ftp.external) {
        TRY_VOID(net::AddressBlock::parse(rule.clients));
    }
    for (const std::string& network : config.ftp.fxp_networks) {
        TRY_VOID(net::AddressBlock::parse(network));
    }
    return {};
}

}  // namespace app
