// The configuration as plain values, and reading it from its one TOML file. What changes while people use
// the server (domains, accounts, aliases) is not here but in the store.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "account/rewriting.h"
#include "app/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "smtp/server/client_checks.h"

namespace app {

// A list of addresses a service: "192.0.2.1:25", "[2001:db8::1]:25", "unix:/run/x" or "systemd:NAME" for a
// socket that systemd opened. An empty list means that the service is off.
struct ListenConfig {
    std::vector<std::string> smtp;         // from other servers
    std::vector<std::string> submission;   // from people, STARTTLS
    std::vector<std::string> submissions;  // from people, TLS at once
    std::vector<std::string> lmtp;
    std::vector<std::string> pop3;
    std::vector<std::string> pop3s;
    std::vector<std::string> imap;
    std::vector<std::string> imaps;
    std::vector<std::string> ftp;
    std::vector<std::string> ftps;     // TLS at once
    std::vector<std::string> metrics;  // HTTP, for Prometheus
    std::vector<std::string> control;  // unix sockets; by default DATA/control.sock
    std::vector<std::string> proxies;  // addresses and CIDR blocks that speak PROXY protocol v2
};

struct TlsConfig {
    std::string certificate;  // PEM, with the chain behind it; empty: no TLS
    std::string key;
    std::string client_ca;  // whose client certificates SASL EXTERNAL believes; empty: nobody's
    base::Duration handshake_timeout = std::chrono::seconds(30);
    base::Duration check_every = std::chrono::seconds(30);  // changed files are read again

    // Further pairs for SNI, each "certificate.pem" and "key.pem".
    struct Pair {
        std::string certificate;
        std::string key;
    };

    std::vector<Pair> more;
};

struct SmtpConfig {
    std::uint64_t message_octets_max = 50ULL << 20;
    std::uint64_t recipients_max = 100;
    base::Duration future_release = std::chrono::hours(24 * 30);  // the longest; zero: not offered
    bool vrfy_for_loopback = false;
    bool require_owned_sender = true;
    bool accept_bare_addresses = true;
    bool check_sender_domain = true;
    smtp::ClientChecks client_checks;
    bool offer_auth_on_relay = false;
    base::Duration command_timeout = std::chrono::minutes(5);  // RFC 5321 4.5.3.2.7
    base::Duration data_timeout = std::chrono::minutes(5);     // for each piece of a message
    base::Duration message_timeout = std::chrono::hours(2);    // for all of it
    std::uint64_t line_octets_max = 64ULL << 10;               // of a message's text
    std::uint64_t header_octets_max = 1ULL << 20;              // of a submitted message
    std::uint64_t received_fields_max = 100;
    std::uint64_t errors_max = 30;
    std::uint64_t idle_commands_max = 100;  // between two messages
};

struct DnsConfig {
    std::vector<std::string> servers;  // "192.0.2.53:53"; empty: those of /etc/resolv.conf
    std::string trust_anchor;  // where DNSSEC validation begins; empty: nothing is validated
};

struct Pop3Config {
    bool exclusive = false;        // a second client of one maildrop gets [IN-USE]
    base::Duration login_delay{};  // the least time between two logins, announced and enforced
    base::Duration idle_timeout = std::chrono::minutes(10);  // RFC 1939 3: no less
    base::Duration write_timeout = std::chrono::minutes(5);
    std::uint64_t errors_max = 20;
    std::uint64_t login_failures_max = 5;
};

struct ImapConfig {
    std::uint64_t message_octets_max = 50ULL << 20;          // of APPEND, announced as APPENDLIMIT
    base::Duration idle_timeout = std::chrono::minutes(30);  // RFC 9051 5.4: no less
    base::Duration login_timeout = std::chrono::minutes(3);
    base::Duration write_timeout = std::chrono::minutes(5);
    std::uint64_t errors_max = 50;
    std::uint64_t login_failures_max = 5;
    std::uint64_t message_limit = 0;  // RFC 9738: messages a command works on; zero: any number
    std::uint64_t save_limit = 0;     // the same for what COPY and APPEND add
};

// How many, and how fast, together. Zero: no limit.
struct FtpLimitsConfig {
    std::uint64_t sessions = 0;
    std::uint64_t transfers = 0;
    std::uint64_t octets_per_second = 0;
};

struct FtpConfig {
    std::uint16_t passive_first = 0;
    std::uint16_t passive_last = 0;
    std::string external_address;

    // Clients of some networks are told another address.
    struct External {
        std::string clients;
        std::string address;
    };

    std::vector<External> external;
    bool active = true;
    std::uint64_t active_source_port = 0;
    bool require_data_tls = false;
    bool allow_ccc = true;
    bool require_session_reuse = true;
    std::vector<std::string> session_reuse_exempt;
    std::vector<std::string> fxp_accounts;
    std::vector<std::string> fxp_networks;
    std::vector<std::string> hosts;
    std::string greeting;
    std::string welcome;
    std::string folder_message = ".message";
    std::string transfer_log;
    base::Duration idle_timeout = std::chrono::minutes(15);  // RFC 1123 4.1.3.2: at least five
    base::Duration login_timeout = std::chrono::minutes(2);
    base::Duration connect_timeout = std::chrono::minutes(1);
    base::Duration stall_timeout = std::chrono::minutes(5);
    base::Duration write_timeout = std::chrono::minutes(2);
    std::uint64_t errors_max = 20;
    std::uint64_t login_failures_max = 5;
    FtpLimitsConfig total;
    FtpLimitsConfig per_address;
    FtpLimitsConfig per_account;
    FtpLimitsConfig anonymous;
};

// Those who guess passwords (account/throttle.h).
struct ThrottleConfig {
    std::uint64_t failures_free = 3;
    base::Duration delay_first = std::chrono::seconds(1);
    base::Duration delay_max = std::chrono::seconds(15);
    std::uint64_t failures_block = 20;
    base::Duration block = std::chrono::minutes(15);
    base::Duration forgive_each = std::chrono::minutes(3);
    base::Duration trusted_for = std::chrono::hours(24 * 7);
};

struct FilesConfig {
    std::string root;                // by default DATA/files
    std::uint64_t quota_octets = 0;  // for each account's own files; 0: none, as below
    std::uint64_t files_max = 0;
    bool share_mail_quota = true;  // an account's quota bounds its mail and files together
    bool follow_links = false;     // symbolic links, as far as they stay inside of their tree
    bool keep_partials = false;    // what came of an upload that was cut off, to be resumed
    std::string anonymous;         // the share of users without an account; empty: there are none
};

struct AuthConfig {
    bool allow_plaintext = false;  // passwords without TLS, from loopback only
    base::Duration remember = std::chrono::minutes(5);
    ThrottleConfig throttle;
};

struct LimitsConfig {
    std::uint64_t connections = 20'000;  // 0: no limit, as below
    std::uint64_t connections_per_address = 200;
    std::uint64_t threads = 0;                         // loops; 0: one a core
    std::uint64_t disk_reserve_octets = 128ULL << 20;  // with less free, no new mail
};

// Mail for other domains.
struct QueueConfig {
    bool enabled = true;                      // false: 451 to whoever may send there
    std::vector<std::string> relay_networks;  // who sends there without logging in
    bool complete_messages = false;           // of theirs: Date, Message-ID, rewriting
    std::string complete_domain;              // for their addresses without one; empty: none
    std::vector<std::string> relay_domains;   // to which anybody may send (smtp::RelayDomains)
    std::string relay_recipients;             // a file with who is there; empty: anybody may be
    base::Duration lifetime = std::chrono::hours(24 * 5);
    base::Duration delay_notice = std::chrono::hours(4);
    base::Duration retry_first = std::chrono::minutes(5);
    base::Duration retry_longest = std::chrono::hours(1);
    std::uint64_t connections = 100;
    std::uint64_t connections_per_destination = 20;
    bool srs = true;                  // rewrite senders of what aliases send to other domains
    std::uint64_t mx_port = 25;       // where other servers listen; another one is for trials
    std::string trusted_authorities;  // PEM; empty: the system's
    std::vector<RouteConfig> routes;  // the first that fits decides
};

struct LogConfig {
    base::LogLevel level = base::LogLevel::kInfo;
    base::LogFormat format = base::LogFormat::kText;
};

struct Config {
    std::string file;      // where it was read from
    std::string hostname;  // in greetings and trace fields
    std::string data;      // the store's folder
    std::string user;      // whom to become after the ports are open, when started as root
    ListenConfig listen;
    TlsConfig tls;
    DnsConfig dns;
    SmtpConfig smtp;
    Pop3Config pop3;
    FilesConfig files;
    ImapConfig imap;
    FtpConfig ftp;
    AuthConfig auth;
    LimitsConfig limits;
    LogConfig log;
    QueueConfig queue;
    std::vector<account::RewriteRule> rewrites;  // the first that fits decides
    base::Duration trace_retention = std::chrono::hours(24 * 30);
};

// Reads `text`, the contents of `file`. Relative paths in it are relative to the file's folder.
// kInvalid: one sentence that names file, line, key, fault and remedy.
[[nodiscard]] base::Result<Config> parse_config(std::string_view text, const std::string& file);
// The same from the file system; kNotFound when it cannot be read, with the reason.
[[nodiscard]] base::Result<Config> read_config(const std::string& file);

// Whether `text` is an address to listen on, and else why not.
[[nodiscard]] base::Result<> parse_listen_address(std::string_view text);

// The name nearest to `wrong`, for "did you mean"; empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view wrong,
                                       const std::vector<std::string_view>& names);

}  // namespace app
