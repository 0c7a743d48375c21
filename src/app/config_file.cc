// The configuration file: which keys there are, their bounds and where their values go.
#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <utility>

#include "account/address.h"
#include "app/config.h"
#include "app/config_section.h"
#include "app/files.h"
#include "smtp/server/relay_domains.h"

namespace app {
namespace {

// Of time-outs: less would cut off people, more would keep the dead.
constexpr base::Duration kTimeoutMin = std::chrono::seconds(1);
constexpr base::Duration kTimeoutMax = std::chrono::hours(24);

void read_listen(Section section, ListenConfig& listen) {
    section.addresses("smtp", listen.smtp);
    section.addresses("submission", listen.submission);
    section.addresses("submissions", listen.submissions);
    section.addresses("lmtp", listen.lmtp);
    section.addresses("pop3", listen.pop3);
    section.addresses("pop3s", listen.pop3s);
    section.addresses("imap", listen.imap);
    section.addresses("imaps", listen.imaps);
    section.addresses("ftp", listen.ftp);
    section.addresses("ftps", listen.ftps);
    section.addresses("metrics", listen.metrics);
    section.addresses("control", listen.control);
    section.only_unix("control", listen.control);
    section.blocks("proxies", listen.proxies);
    section.finish();
}

void read_tls(Section section, TlsConfig& tls) {
    section.text("certificate", tls.certificate);
    section.text("key", tls.key);
    section.text("client_ca", tls.client_ca);
    section.duration("handshake_timeout", tls.handshake_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("check_every", tls.check_every, std::chrono::seconds(1));
    if (!tls.certificate.empty()) {
        section.require("key", tls.key, "name the PEM file with the certificate's private key");
    }
    section.each_section("more", [&](Section& pair) {
        TlsConfig::Pair& more = tls.more.emplace_back();
        pair.text("certificate", more.certificate);
        pair.text("key", more.key);
        pair.require("certificate", more.certificate, "name a PEM file");
        pair.require("key", more.key, "name a PEM file");
    });
    section.finish();
}

void read_smtp(Section section, SmtpConfig& smtp) {
    section.size("max_message_size", smtp.message_octets_max, 64ULL << 10, 2ULL << 30);
    section.number("max_recipients", smtp.recipients_max, 1, 100'000);
    section.duration("future_release", smtp.future_release, {}, std::chrono::hours(24 * 3650));
    section.flag("vrfy_for_loopback", smtp.vrfy_for_loopback);
    section.flag("require_owned_sender", smtp.require_owned_sender);
    section.flag("accept_bare_addresses", smtp.accept_bare_addresses);
    section.flag("check_sender_domain", smtp.check_sender_domain);
    using smtp::HelloCheck;
    using smtp::ReverseCheck;
    section.choice<HelloCheck>(
        "check_hello",
        smtp.client_checks.hello,
        {{"off", HelloCheck::kOff}, {"own", HelloCheck::kOwn}, {"exists", HelloCheck::kExists}});
    section.choice<ReverseCheck>("check_reverse_dns",
                                 smtp.client_checks.reverse,
                                 {{"off", ReverseCheck::kOff},
                                  {"exists", ReverseCheck::kExists},
                                  {"matches", ReverseCheck::kMatches}});
    section.flag("offer_auth_on_relay", smtp.offer_auth_on_relay);
    section.duration("command_timeout", smtp.command_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("data_timeout", smtp.data_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("message_timeout", smtp.message_timeout, kTimeoutMin, kTimeoutMax);
    // RFC 5321 4.5.3.1.6: 1000 at least, CRLF included.
    section.size("max_line_length", smtp.line_octets_max, 1000, 1ULL << 30);
    section.size("max_header_size", smtp.header_octets_max, 4ULL << 10, 16ULL << 20);
    section.number("max_received_fields", smtp.received_fields_max, 10, 10'000);
    section.number("max_errors", smtp.errors_max, 1, 1'000'000);
    section.number("max_idle_commands", smtp.idle_commands_max, 10, 1'000'000);
    section.finish();
}

void read_dns(Section section, DnsConfig& dns) {
    section.name_servers("servers", dns.servers);
    section.text("trust_anchor", dns.trust_anchor);
    section.finish();
}

void read_pop3(Section section, Pop3Config& pop3) {
    section.flag("exclusive", pop3.exclusive);
    section.duration("login_delay", pop3.login_delay);
    section.duration("idle_timeout", pop3.idle_timeout, std::chrono::minutes(10), kTimeoutMax);
    section.duration("write_timeout", pop3.write_timeout, kTimeoutMin, kTimeoutMax);
    section.number("max_errors", pop3.errors_max, 1, 1'000'000);
    section.number("max_login_failures", pop3.login_failures_max, 1, 1'000);
    section.finish();
}

void read_files(Section section, FilesConfig& files) {
    section.text("root", files.root);
    section.size("quota", files.quota_octets, 0, 1ULL << 60);
    section.number("max_files", files.files_max, 0, 1ULL << 40);
    section.flag("share_mail_quota", files.share_mail_quota);
    section.choice<bool>("symlinks", files.follow_links, {{"refuse", false}, {"inside", true}});
    section.flag("keep_partials", files.keep_partials);
    section.text("anonymous", files.anonymous);
    section.finish();
}

void read_imap(Section section, ImapConfig& imap) {
    section.size("max_message_size", imap.message_octets_max, 64ULL << 10, 2ULL << 30);
    section.duration("idle_timeout", imap.idle_timeout, std::chrono::minutes(30), kTimeoutMax);
    section.duration("login_timeout", imap.login_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("write_timeout", imap.write_timeout, kTimeoutMin, kTimeoutMax);
    section.number("max_errors", imap.errors_max, 1, 1'000'000);
    section.number("max_login_failures", imap.login_failures_max, 1, 1'000);
    section.number("message_limit", imap.message_limit, 0, 4'000'000'000);
    section.number("save_limit", imap.save_limit, 0, 4'000'000'000);
    section.finish();
}

void read_ftp_limits(Section section, FtpLimitsConfig& limits) {
    section.number("sessions", limits.sessions, 0, 10'000'000);
    section.number("transfers", limits.transfers, 0, 10'000'000);
    section.size("rate", limits.octets_per_second, 0, 1ULL << 50);
    section.finish();
}

void read_ftp_timeouts(Section& section, FtpConfig& ftp) {
    section.duration("idle_timeout", ftp.idle_timeout, std::chrono::minutes(5), kTimeoutMax);
    section.duration("login_timeout", ftp.login_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("connect_timeout", ftp.connect_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("stall_timeout", ftp.stall_timeout, kTimeoutMin, kTimeoutMax);
    section.duration("write_timeout", ftp.write_timeout, kTimeoutMin, kTimeoutMax);
}

void read_ftp(Section section, FtpConfig& ftp) {
    section.ports("passive_ports", ftp.passive_first, ftp.passive_last);
    section.text("external_address", ftp.external_address);
    section.each_section("external", [&](Section& rule) {
        FtpConfig::External& external = ftp.external.emplace_back();
        rule.text("clients", external.clients);
        rule.text("address", external.address);
        rule.require("clients", external.clients, "name a network, as \"10.0.0.0/8\"");
        rule.require("address", external.address, "name what its clients connect to");
    });
    section.flag("active", ftp.active);
    section.number("active_source_port", ftp.active_source_port, 0, 65535);
    section.flag("require_data_tls", ftp.require_data_tls);
    section.flag("allow_ccc", ftp.allow_ccc);
    section.flag("require_session_reuse", ftp.require_session_reuse);
    section.texts("session_reuse_exempt", ftp.session_reuse_exempt);
    section.texts("fxp_accounts", ftp.fxp_accounts);
    section.blocks("fxp_networks", ftp.fxp_networks);
    section.texts("hosts", ftp.hosts);
    section.text("greeting", ftp.greeting);
    section.text("welcome", ftp.welcome);
    section.text("folder_message", ftp.folder_message);
    section.text("transfer_log", ftp.transfer_log);
    read_ftp_timeouts(section, ftp);
    section.number("max_errors", ftp.errors_max, 1, 1'000'000);
    section.number("max_login_failures", ftp.login_failures_max, 1, 1'000);
    read_ftp_limits(section.section("total"), ftp.total);
    read_ftp_limits(section.section("per_address"), ftp.per_address);
    read_ftp_limits(section.section("per_account"), ftp.per_account);
    read_ftp_limits(section.section("anonymous"), ftp.anonymous);
    section.finish();
}

void read_throttle(Section section, ThrottleConfig& throttle) {
    section.number("free_failures", throttle.failures_free, 0, 1'000'000);
    section.duration("first_delay", throttle.delay_first, {}, kTimeoutMax);
    section.duration("max_delay", throttle.delay_max, {}, kTimeoutMax);
    section.number("failures_to_block", throttle.failures_block, 1, 1'000'000);
    section.duration("block", throttle.block);
    section.duration("forgive_each", throttle.forgive_each, std::chrono::seconds(1));
    section.duration("trusted_for", throttle.trusted_for);
    section.finish();
}

void read_auth(Section section, AuthConfig& auth) {
    section.flag("allow_plaintext", auth.allow_plaintext);
    section.duration("remember", auth.remember);
    read_throttle(section.section("throttle"), auth.throttle);
    section.finish();
}

void read_limits(Section section, LimitsConfig& limits) {
    section.number("connections", limits.connections, 0, 10'000'000);
    section.number("connections_per_address", limits.connections_per_address, 0, 10'000'000);
    section.number("threads", limits.threads, 0, 1024);
    // Twice a journal segment, so that the index finds room even when a new one has just taken its own.
    section.size("disk_reserve", limits.disk_reserve_octets, 128ULL << 20, 1ULL << 40);
    section.finish();
}

void read_route(Section& section, RouteConfig& route) {
    section.text("domain", route.domain);
    section.text("sender", route.sender);
    section.text("to", route.to);
    section.require("to", route.to, "write to = \"relay.example.org:587\", or \"mx\"");
    section.choice<TlsPolicy>("tls",
                              route.tls,
                              {{"never", TlsPolicy::kNever},
                               {"may", TlsPolicy::kMay},
                               {"must", TlsPolicy::kMust},
                               {"verify", TlsPolicy::kVerify}});
    section.text("username", route.username);
    section.text("password_file", route.password_file);
    section.text("source", route.source);
    const auto place = parse_place(route.to);
    if (!route.to.empty() && route.to != "mx" && !place) {
        section.refuse("to",
                       fmt::format("\"{}\" is no place: {}; write \"mx\", \"HOST:PORT\", "
                                   "\"smtps:HOST\" or \"lmtp:unix:/run/lmtp\"",
                                   route.to,
                                   place.error().text));
    }
    if (!route.username.empty()) {
        section.require("password_file",
                        route.password_file,
                        "name a file with the password in its first line");
    }
}

void read_queue(Section section, QueueConfig& queue) {
    section.flag("enabled", queue.enabled);
    section.flag("srs", queue.srs);
    section.blocks("relay_networks", queue.relay_networks);
    section.flag("complete_messages", queue.complete_messages);
    section.text("complete_domain", queue.complete_domain);
    if (!queue.complete_domain.empty() && !account::normalize_domain(queue.complete_domain)) {
        section.refuse(
            "complete_domain",
            fmt::format("\"{}\" is no domain; write \"example.org\"", queue.complete_domain));
    }
    section.texts("relay_domains", queue.relay_domains);
    if (const auto made = smtp::RelayDomains::make(queue.relay_domains, std::nullopt); !made) {
        section.refuse(
            "relay_domains",
            fmt::format("{}; write \"example.org\", or \".example.org\" for all below it",
                        made.error().text));
    }
    section.text("relay_recipients_file", queue.relay_recipients);
    section.duration("lifetime", queue.lifetime, std::chrono::minutes(1));
    section.duration("delay_notice", queue.delay_notice, std::chrono::minutes(1));
    section.duration("retry_first", queue.retry_first, std::chrono::seconds(1));
    section.duration("retry_longest", queue.retry_longest, std::chrono::seconds(1));
    section.number("connections", queue.connections, 1, 100'000);
    section.number("connections_per_destination", queue.connections_per_destination, 1, 10'000);
    section.number("mx_port", queue.mx_port, 1, 65535);
    section.text("trusted_authorities", queue.trusted_authorities);
    section.finish();
}

void read_rewrite(Section& section, account::RewriteRule& rule) {
    section.text("address", rule.from);
    section.text("becomes", rule.to);
    section.require("address", rule.from, "write an address, or \"@domain\"");
    section.require("becomes", rule.to, "write an address, or \"@domain\"");
    bool senders = true;
    bool recipients = true;
    bool headers = true;
    section.flag("senders", senders);
    section.flag("recipients", recipients);
    section.flag("headers", headers);
    rule.places = (senders ? account::kInSender : 0U) | (recipients ? account::kInRecipient : 0U) |
                  (headers ? account::kInHeader : 0U);
    if (!rule.from.empty() && !rule.to.empty()) {
        if (const auto made = account::Rewriting::make({rule}); !made) {
            section.refuse(
                "address",
                fmt::format(
                    "\"{}\" cannot become \"{}\": {}", rule.from, rule.to, made.error().text));
        }
    }
}

void read_log(Section section, LogConfig& log) {
    section.choice<base::LogLevel>("level",
                                   log.level,
                                   {{"debug", base::LogLevel::kDebug},
                                    {"info", base::LogLevel::kInfo},
                                    {"warning", base::LogLevel::kWarning},
                                    {"error", base::LogLevel::kError}});
    section.choice<base::LogFormat>(
        "format", log.format, {{"text", base::LogFormat::kText}, {"json", base::LogFormat::kJson}});
    section.finish();
}

// Services that shake hands at once need a certificate.
void check_listen(Section& top, const Config& config) {
    if (!config.tls.certificate.empty()) {
        return;
    }
    if (!config.listen.submissions.empty() || !config.listen.pop3s.empty() ||
        !config.listen.imaps.empty() || !config.listen.ftps.empty()) {
        top.require("tls.certificate",
                    config.tls.certificate,
                    "listen.submissions, listen.pop3s, listen.imaps and listen.ftps speak TLS from "
                    "the first octet");
    }
}

// A relative path is relative to the folder of the file that names it.
void make_absolute(const std::filesystem::path& folder, std::string& path) {
    if (!path.empty()) {
        path = (folder / path).lexically_normal().string();
    }
}

void make_paths_absolute(Config& config) {
    const auto folder = std::filesystem::path(config.file).parent_path();
    make_absolute(folder, config.data);
    if (config.listen.control.empty()) {
        const auto path = std::filesystem::path(config.data) / "control.sock";
        config.listen.control.push_back("unix:" + path.string());
    }
    if (config.files.root.empty()) {
        config.files.root = (std::filesystem::path(config.data) / "files").string();
    }
    make_absolute(folder, config.files.root);
    make_absolute(folder, config.tls.certificate);
    make_absolute(folder, config.tls.key);
    make_absolute(folder, config.tls.client_ca);
    make_absolute(folder, config.dns.trust_anchor);
    make_absolute(folder, config.queue.trusted_authorities);
    make_absolute(folder, config.queue.relay_recipients);
    for (RouteConfig& route : config.queue.routes) {
        make_absolute(folder, route.password_file);
    }
    make_absolute(folder, config.ftp.transfer_log);
    for (TlsConfig::Pair& pair : config.tls.more) {
        make_absolute(folder, pair.certificate);
        make_absolute(folder, pair.key);
    }
}

void read_top(Section& top, Config& config) {
    top.text("hostname", config.hostname);
    top.text("data", config.data);
    top.text("user", config.user);
    top.require("hostname", config.hostname, "write hostname = \"mail.example.org\" on top");
    top.require("data", config.data, "write data = \"/var/lib/staffetta\" on top");
    read_listen(top.section("listen"), config.listen);
    read_tls(top.section("tls"), config.tls);
    read_dns(top.section("dns"), config.dns);
    read_smtp(top.section("smtp"), config.smtp);
    read_pop3(top.section("pop3"), config.pop3);
    read_files(top.section("files"), config.files);
    read_imap(top.section("imap"), config.imap);
    read_ftp(top.section("ftp"), config.ftp);
    read_auth(top.section("auth"), config.auth);
    read_limits(top.section("limits"), config.limits);
    read_log(top.section("log"), config.log);
    read_queue(top.section("queue"), config.queue);
    top.each_section("route", [&](Section& section) {
        read_route(section, config.queue.routes.emplace_back());
    });
    top.each_section("rewrite", [&](Section& section) {
        read_rewrite(section, config.rewrites.emplace_back());
    });
    Section trace = top.section("trace");
    trace.duration("retention", config.trace_retention);
    trace.finish();
    top.finish();
    check_listen(top, config);
}

}  // namespace

base::Result<Config> parse_config(std::string_view text, const std::string& file) {
    const toml::parse_result parsed = toml::parse(text, file);
    Fault fault{file, {}};
    Config config;
    config.file = file;
    if (!parsed) {
        fault.set(parsed.error().source(),
                  fmt::format("not TOML: {}", parsed.error().description()));
        return base::fail(base::Errc::kInvalid, std::move(fault.sentence));
    }
    Section top(parsed.table(), "", fault);
    read_top(top, config);
    if (!fault.sentence.empty()) {
        return base::fail(base::Errc::kInvalid, std::move(fault.sentence));
    }
    make_paths_absolute(config);
    return config;
}

base::Result<Config> read_config(const std::string& file) {
    auto text = read_small_file(file);
    if (!text) {
        text.error().text += "; name the configuration with --config FILE";
        return base::forward_error(text);
    }
    return parse_config(*text, std::filesystem::absolute(file).string());
}

}  // namespace app
