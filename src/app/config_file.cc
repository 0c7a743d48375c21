// The TOML file (toml.io, version 1.0). The only translation unit that sees toml++: its header costs
// seconds.
#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <filesystem>
#include <limits>
#include <utility>

#include "app/config.h"
#include "app/files.h"
#include "app/units.h"
#include "base/ascii.h"
#include "net/address.h"

namespace app {
namespace {

// Of time-outs: less would cut off people, more would keep the dead.
constexpr base::Duration kTimeoutMin = std::chrono::seconds(1);
constexpr base::Duration kTimeoutMax = std::chrono::hours(24);

// The first fault found ends the reading: one clear sentence is worth more than ten.
struct Fault {
    const std::string& file;
    std::string sentence;

    void set(const toml::source_region& where, std::string_view text) {
        if (sentence.empty()) {
            sentence = fmt::format("{}:{}: {}", file, where.begin.line, text);
        }
    }
};

// One table of the file. Each method reads one key into `value`, which keeps its default when the key is
// absent, and remembers that the key exists; finish() complains of all others.
class Section {
  public:
    Section(const toml::table& table, std::string prefix, Fault& fault)
        : table_(table),
          prefix_(std::move(prefix)),
          fault_(fault) {}

    void text(std::string_view key, std::string& value) {
        if (const auto* found = find<std::string>(key, "a text in quotes")) {
            value = found->get();
        }
    }

    void flag(std::string_view key, bool& value) {
        if (const auto* found = find<bool>(key, "true or false")) {
            value = found->get();
        }
    }

    void number(std::string_view key,
                std::uint64_t& value,
                std::uint64_t least,
                std::uint64_t most) {
        const auto* found = find<std::int64_t>(key, "a whole number");
        if (found == nullptr) {
            return;
        }
        const std::int64_t given = found->get();
        if (given < 0 || std::cmp_less(given, least) || std::cmp_greater(given, most)) {
            complain(*found,
                     key,
                     fmt::format(
                         "{} is out of range; write a number from {} to {}", given, least, most));
            return;
        }
        value = static_cast<std::uint64_t>(given);
    }

    void size(std::string_view key, std::uint64_t& value, std::uint64_t least, std::uint64_t most) {
        const auto* found = find<std::string>(key, "a size in quotes, as \"50MiB\"");
        if (found == nullptr) {
            return;
        }
        const auto octets = parse_size(found->get());
        if (!octets || *octets < least || *octets > most) {
            complain(*found,
                     key,
                     fmt::format("\"{}\" is no size between {} and {}; write one with "
                                 "KiB, MiB or GiB, as \"50MiB\"",
                                 found->get(),
                                 format_size(least),
                                 format_size(most)));
            return;
        }
        value = *octets;
    }

    void duration(std::string_view key,
                  base::Duration& value,
                  base::Duration least = {},
                  base::Duration most = std::chrono::hours(24 * 36'500)) {
        const auto* found = find<std::string>(key, "a duration in quotes, as \"5m\"");
        if (found == nullptr) {
            return;
        }
        const auto given = parse_duration(found->get());
        if (!given) {
            complain(*found,
                     key,
                     fmt::format("\"{}\" is no duration; write a number with ms, s, m, "
                                 "h or d, as \"5m\"",
                                 found->get()));
        } else if (*given < least || *given > most) {
            complain(*found,
                     key,
                     fmt::format("\"{}\" is out of range; write a duration from \"{}\" to \"{}\"",
                                 found->get(),
                                 format_duration(least),
                                 format_duration(most)));
        } else {
            value = *given;
        }
    }

    template <class Value>
    void choice(std::string_view key,
                Value& value,
                std::initializer_list<std::pair<std::string_view, Value>> choices) {
        std::string names;
        for (const auto& [name, unused] : choices) {
            names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
        }
        const auto* found = find<std::string>(key, "one of " + names);
        if (found == nullptr) {
            return;
        }
        for (const auto& [name, meaning] : choices) {
            if (found->get() == name) {
                value = meaning;
                return;
            }
        }
        complain(*found, key, fmt::format("\"{}\" is none of {}", found->get(), names));
    }

    void texts(std::string_view key, std::vector<std::string>& values) {
        each_text(key, [&](const toml::value<std::string>& item) { values.push_back(item.get()); });
    }

    void addresses(std::string_view key, std::vector<std::string>& values) {
        each_text(key, [&](const toml::value<std::string>& item) {
            const auto endpoint = parse_listen_address(item.get());
            if (endpoint) {
                values.push_back(item.get());
                return;
            }
            complain(item,
                     key,
                     fmt::format("\"{}\" is no address to listen on: {}; write \"0.0.0.0:25\", "
                                 "\"[::]:25\" or \"unix:/run/staffetta.sock\"",
                                 item.get(),
                                 endpoint.error().text));
        });
    }

    void name_servers(std::string_view key, std::vector<std::string>& values) {
        each_text(key, [&](const toml::value<std::string>& item) {
            const auto endpoint = net::parse_endpoint(item.get());
            if (endpoint && !endpoint->is_unix()) {
                values.push_back(item.get());
                return;
            }
            complain(item,
                     key,
                     fmt::format("\"{}\" is no name server; write \"192.0.2.53:53\" or "
                                 "\"[2001:db8::53]:53\"",
                                 item.get()));
        });
    }

    void blocks(std::string_view key, std::vector<std::string>& values) {
        each_text(key, [&](const toml::value<std::string>& item) {
            if (net::AddressBlock::parse(item.get())) {
                values.push_back(item.get());
                return;
            }
            complain(item,
                     key,
                     fmt::format("\"{}\" is no network; write \"192.0.2.0/24\", "
                                 "\"2001:db8::/32\" or a single address",
                                 item.get()));
        });
    }

    // "50000-50099", or one port.
    void ports(std::string_view key, std::uint16_t& first, std::uint16_t& last) {
        const auto* found = find<std::string>(key, "a range in quotes, as \"50000-50099\"");
        if (found == nullptr) {
            return;
        }
        std::string_view rest = found->get();
        const std::string_view begin = base::split_front(rest, '-');
        const auto from = base::parse_number<std::uint16_t>(begin);
        const auto to = base::parse_number<std::uint16_t>(rest.empty() ? begin : rest);
        if (!from || !to || *from == 0 || *to < *from) {
            complain(
                *found,
                key,
                fmt::format("\"{}\" is no range of ports; write \"50000-50099\"", found->get()));
            return;
        }
        first = *from;
        last = *to;
    }

    // Whoever reaches the control socket rules: file permissions guard it, so it is never TCP.
    void only_unix(std::string_view key, const std::vector<std::string>& values) {
        for (const std::string& address : values) {
            if (!address.starts_with("unix:")) {
                complain(
                    *table_.get(key),
                    key,
                    fmt::format("\"{}\" is no unix socket; write \"unix:/run/staffetta/control\"",
                                address));
            }
        }
    }

    // The table below this one by that name; an empty one when it is absent.
    Section section(std::string_view key) {
        static const toml::table nothing;
        const auto* found = find_node(key);
        const auto* table = found == nullptr ? &nothing : found->as_table();
        if (table == nullptr) {
            complain(*found,
                     key,
                     fmt::format("is {}; write [{}] on a line of its own",
                                 type_name(*found),
                                 prefix_ + std::string(key)));
            table = &nothing;
        }
        return {*table, prefix_ + std::string(key) + ".", fault_};
    }

    // Calls `read` with each table of an array of tables ([[tls.more]]).
    template <class Read>
    void each_section(std::string_view key, Read read) {
        const auto* found = find_node(key);
        if (found == nullptr) {
            return;
        }
        const auto* array = found->as_array();
        if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
            complain(*found,
                     key,
                     fmt::format("is no list of tables; write [[{}{}]] before each", prefix_, key));
            return;
        }
        for (const toml::node& item : *array) {
            Section section(*item.as_table(), prefix_ + std::string(key) + ".", fault_);
            read(section);
            section.finish();
        }
    }

    void require(std::string_view key, const std::string& value, std::string_view remedy) {
        if (value.empty()) {
            fault_.set(table_.source(), fmt::format("{}{} is missing; {}", prefix_, key, remedy));
        }
    }

    // A value that reads well and cannot be.
    void refuse(std::string_view key, std::string_view text) {
        complain(*table_.get(key), key, text);
    }

    void finish() {
        for (const auto& [key, node] : table_) {
            if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) {
                continue;
            }
            const std::string_view near = nearest(key.str(), known_);
            fault_.set(
                key.source(),
                fmt::format("{}{}: there is no such key; {}",
                            prefix_,
                            key.str(),
                            near.empty() ? "remove it, or see docs/guide/configuration.md"
                                         : fmt::format("did you mean {}{}?", prefix_, near)));
        }
    }

    void complain(const toml::node& node, std::string_view key, std::string_view text) {
        fault_.set(node.source(), fmt::format("{}{}: {}", prefix_, key, text));
    }

  private:
    static std::string_view type_name(const toml::node& node) {
        switch (node.type()) {
            case toml::node_type::table:
                return "a table";
            case toml::node_type::array:
                return "a list";
            case toml::node_type::string:
                return "a text";
            case toml::node_type::integer:
                return "a whole number";
            case toml::node_type::boolean:
                return "true or false";
            default:
                return "a value of another kind";
        }
    }

    const toml::node* find_node(std::string_view key) {
        known_.push_back(key);
        return table_.get(key);
    }

    template <class T>
    const toml::value<T>* find(std::string_view key, std::string_view wanted) {
        const toml::node* node = find_node(key);
        if (node == nullptr) {
            return nullptr;
        }
        const auto* value = node->as<T>();
        if (value == nullptr) {
            complain(*node, key, fmt::format("is {}; write {}", type_name(*node), wanted));
        }
        return value;
    }

    template <class Take>
    void each_text(std::string_view key, Take take) {
        const toml::node* node = find_node(key);
        if (node == nullptr) {
            return;
        }
        const toml::array* list = node->as_array();
        if (list == nullptr) {
            complain(*node,
                     key,
                     fmt::format("is {}; write a list of texts, as [\"...\"]", type_name(*node)));
            return;
        }
        for (const toml::node& item : *list) {
            if (const auto* text = item.as_string()) {
                take(*text);
            } else {
                complain(
                    item, key, fmt::format("holds {}; write a list of texts", type_name(item)));
            }
        }
    }

    const toml::table& table_;
    std::string prefix_;
    Fault& fault_;
    std::vector<std::string_view> known_;
};

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
    section.flag("vrfy_for_loopback", smtp.vrfy_for_loopback);
    section.flag("require_owned_sender", smtp.require_owned_sender);
    section.flag("accept_bare_addresses", smtp.accept_bare_addresses);
    section.flag("check_sender_domain", smtp.check_sender_domain);
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
    section.blocks("relay_networks", queue.relay_networks);
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
