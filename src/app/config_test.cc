#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/service_options.h"
#include "app/units.h"

namespace app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kLeast = "hostname = \"mail.foo.example\"\ndata = \"data\"\n";

TEST(Config, OfTheLeastFileHasTheDefaults) {
    const auto config = parse_config(kLeast, "/etc/staffetta/staffetta.toml");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->hostname, "mail.foo.example");
    EXPECT_EQ(config->data, "/etc/staffetta/data");
    EXPECT_EQ(config->listen.control.at(0), "unix:/etc/staffetta/data/control.sock");
    EXPECT_EQ(config->smtp.message_octets_max, 50ULL << 20);
    EXPECT_FALSE(config->auth.allow_plaintext);
    EXPECT_TRUE(config->listen.smtp.empty());
}

TEST(Config, ReadsEveryKey) {
    const auto config = parse_config(R"(
hostname = "mail.foo.example"
data = "/var/lib/staffetta"
user = "staffetta"
[listen]
smtp = ["0.0.0.0:25", "[::]:25"]
submission = ["0.0.0.0:587"]
submissions = ["0.0.0.0:465"]
lmtp = ["unix:/run/staffetta/lmtp"]
pop3 = ["127.0.0.1:110"]
pop3s = ["127.0.0.1:995"]
metrics = ["127.0.0.1:9100"]
control = ["unix:/run/staffetta/control"]
proxies = ["192.0.2.0/24"]
[tls]
certificate = "cert.pem"
key = "key.pem"
client_ca = "/etc/ca.pem"
handshake_timeout = "20s"
check_every = "1h"
[[tls.more]]
certificate = "other.pem"
key = "other.key"
[smtp]
max_message_size = "20MiB"
max_recipients = 1000
vrfy_for_loopback = true
require_owned_sender = false
accept_bare_addresses = false
offer_auth_on_relay = true
check_sender_domain = false
check_hello = "exists"
check_reverse_dns = "matches"
command_timeout = "2m"
data_timeout = "3m"
message_timeout = "1h"
max_line_length = "1000B"
max_header_size = "64KiB"
max_received_fields = 30
max_errors = 5
max_idle_commands = 50
[imap]
message_limit = 1000
save_limit = 2000
max_message_size = "10MiB"
idle_timeout = "1h"
max_errors = 8
[dns]
servers = ["127.0.0.1:5353", "[::1]:53"]
trust_anchor = "root.key"
[pop3]
exclusive = true
login_delay = "30s"
idle_timeout = "30m"
write_timeout = "1m"
max_errors = 7
max_login_failures = 3
[files]
root = "trees"
quota = "10GiB"
max_files = 1000
share_mail_quota = false
symlinks = "inside"
keep_partials = true
anonymous = "pub"
[auth]
allow_plaintext = true
remember = "10m"
[auth.throttle]
free_failures = 1
first_delay = "2s"
max_delay = "1m"
failures_to_block = 9
block = "1h"
forgive_each = "10m"
trusted_for = "1d"
[limits]
connections = 100
connections_per_address = 10
threads = 4
disk_reserve = "1GiB"
[log]
level = "debug"
format = "json"
[trace]
retention = "7d"
)",
                                     "/etc/s/s.toml");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->listen.control.at(0), "unix:/run/staffetta/control");
    ASSERT_EQ(config->listen.smtp.size(), 2U);
    EXPECT_EQ(config->listen.smtp[1], "[::]:25");
    EXPECT_EQ(config->listen.lmtp.at(0), "unix:/run/staffetta/lmtp");
    EXPECT_EQ(config->tls.certificate, "/etc/s/cert.pem");
    EXPECT_EQ(config->tls.check_every, std::chrono::hours(1));
    EXPECT_EQ(config->tls.more.at(0).key, "/etc/s/other.key");
    EXPECT_EQ(config->smtp.message_octets_max, 20ULL << 20);
    EXPECT_EQ(config->smtp.recipients_max, 1000U);
    EXPECT_FALSE(config->smtp.check_sender_domain);
    EXPECT_EQ(config->smtp.client_checks.hello, smtp::HelloCheck::kExists);
    EXPECT_EQ(config->smtp.client_checks.reverse, smtp::ReverseCheck::kMatches);
    EXPECT_EQ(config->dns.servers, (std::vector<std::string>{"127.0.0.1:5353", "[::1]:53"}));
    EXPECT_EQ(config->dns.trust_anchor, "/etc/s/root.key");
    EXPECT_EQ(config->pop3.login_delay, std::chrono::seconds(30));
    EXPECT_EQ(config->limits.threads, 4U);
    EXPECT_EQ(config->limits.disk_reserve_octets, 1ULL << 30);
    EXPECT_EQ(config->auth.throttle.trusted_for, std::chrono::hours(24));
    const auto relay = smtp_options(*config, smtp::Port::kRelay);
    EXPECT_TRUE(relay->offer_auth_on_relay);
    EXPECT_EQ(relay->command_timeout, std::chrono::minutes(2));
    EXPECT_EQ(relay->data_timeout, std::chrono::minutes(3));
    EXPECT_EQ(relay->message_timeout, std::chrono::hours(1));
    EXPECT_EQ(relay->handshake_timeout, std::chrono::seconds(20));
    EXPECT_EQ(relay->text_line_octets_max, 1000U);
    EXPECT_EQ(relay->header_octets_max, 65536U);
    EXPECT_EQ(relay->received_fields_max, 30U);
    EXPECT_EQ(relay->errors_max, 5U);
    EXPECT_EQ(relay->idle_commands_max, 50U);
    const auto maildrop = pop3_options(*config);
    EXPECT_EQ(maildrop->idle_timeout_s, std::chrono::minutes(30));
    EXPECT_EQ(maildrop->write_timeout_s, std::chrono::minutes(1));
    EXPECT_EQ(maildrop->errors_max, 7U);
    EXPECT_EQ(maildrop->login_failures_max, 3U);
    const files::Options trees = files_options(*config);
    EXPECT_EQ(trees.root, "/etc/s/trees");
    EXPECT_EQ(trees.quota_octets, 10ULL << 30);
    EXPECT_EQ(trees.quota_files, 1000U);
    EXPECT_EQ(trees.links, files::Links::kInside);
    EXPECT_TRUE(trees.keep_partials);
    EXPECT_EQ(trees.anonymous_share, "pub");
    EXPECT_FALSE(trees.other_octets);
    const auto mailboxes = imap_options(*config);
    EXPECT_EQ(mailboxes->message_octets_max, 10ULL << 20);
    EXPECT_EQ(mailboxes->idle_timeout_s, std::chrono::hours(1));
    EXPECT_EQ(mailboxes->errors_max, 8U);
    EXPECT_EQ(mailboxes->message_limit, 1000U);
    EXPECT_EQ(mailboxes->save_limit, 2000U);
    const auto authentication = authenticator_options(*config);
    EXPECT_EQ(authentication.throttle.failures_free, 1U);
    EXPECT_EQ(authentication.throttle.delay_first, std::chrono::seconds(2));
    EXPECT_EQ(authentication.throttle.delay_max, std::chrono::minutes(1));
    EXPECT_EQ(authentication.throttle.failures_block, 9U);
    EXPECT_EQ(authentication.throttle.block, std::chrono::hours(1));
    EXPECT_EQ(authentication.throttle.forgive_each, std::chrono::minutes(10));
    EXPECT_EQ(config->log.format, base::LogFormat::kJson);
    EXPECT_EQ(config->trace_retention, std::chrono::hours(24 * 7));
}

struct Wrong {
    std::string_view text;  // behind kLeast, from line 3 on
    std::string_view fault;
};

class ConfigFault : public testing::TestWithParam<Wrong> {};

TEST_P(ConfigFault, NamesFileLineKeyAndRemedy) {
    const auto config = parse_config(std::string(kLeast) + std::string(GetParam().text), "s.toml");
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().text, StartsWith(GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    ConfigFault,
    testing::Values(
        Wrong{"hostnam = 1", "s.toml:3: hostnam: there is no such key; did you mean hostname?"},
        Wrong{"colour = 1", "s.toml:3: colour: there is no such key; remove it"},
        Wrong{"[smtp]\nmax_mesage_size = \"1MiB\"",
              "s.toml:4: smtp.max_mesage_size: there is no such key; did you mean "
              "smtp.max_message_size?"},
        Wrong{"[smtp]\nmax_message_size = 5",
              "s.toml:4: smtp.max_message_size: is a whole number; "
              "write a size in quotes, as \"50MiB\""},
        Wrong{"[smtp]\nmax_message_size = \"50 parsecs\"",
              "s.toml:4: smtp.max_message_size: \"50 parsecs\" is no size between 64KiB and 2GiB"},
        Wrong{"[smtp]\nmax_recipients = 0",
              "s.toml:4: smtp.max_recipients: 0 is out of range; write "
              "a number from 1 to 100000"},
        Wrong{"[smtp]\nmax_recipients = -1", "s.toml:4: smtp.max_recipients: -1 is out of range"},
        Wrong{"[pop3]\nexclusive = \"yes\"",
              "s.toml:4: pop3.exclusive: is a text; write true or "
              "false"},
        Wrong{"[auth]\nremember = \"5\"", "s.toml:4: auth.remember: \"5\" is no duration"},
        Wrong{"[smtp]\ncommand_timeout = \"0s\"",
              "s.toml:4: smtp.command_timeout: \"0s\" is out of range; write a duration from "
              "\"1s\" to \"1d\""},
        Wrong{"[pop3]\nidle_timeout = \"9m\"", "s.toml:4: pop3.idle_timeout: \"9m\" is out of"},
        Wrong{"[imap]\nidle_timeout = \"29m\"", "s.toml:4: imap.idle_timeout: \"29m\" is out of"},
        Wrong{"[auth.throttle]\nfailures = 1",
              "s.toml:4: auth.throttle.failures: there is no such key; "},
        Wrong{"[log]\nlevel = \"loud\"", "s.toml:4: log.level: \"loud\" is none of \"debug\", "},
        Wrong{"[listen]\nsmtp = \"0.0.0.0:25\"", "s.toml:4: listen.smtp: is a text; write a list"},
        Wrong{"[listen]\nsmtp = [25]", "s.toml:4: listen.smtp: holds a whole number"},
        Wrong{"[listen]\nsmtp = [\"mail:25\"]",
              "s.toml:4: listen.smtp: \"mail:25\" is no address to listen on"},
        Wrong{"[listen]\npop3s = [\"127.0.0.1:995\"]", "s.toml:1: tls.certificate is missing; "},
        Wrong{"[listen]\ncontrol = [\"127.0.0.1:1\"]",
              "s.toml:4: listen.control: \"127.0.0.1:1\" is no unix socket"},
        Wrong{"[tls]\ncertificate = \"c.pem\"", "s.toml:3: tls.key is missing; "},
        Wrong{"tls = 5", "s.toml:3: tls: is a whole number; write [tls] on a line of its own"},
        Wrong{"[[tls.more]]\nkey = \"k\"", "s.toml:3: tls.more.certificate is missing; "},
        Wrong{"[tls]\nmore = 5", "s.toml:4: tls.more: is no list of tables"},
        Wrong{"x = = 5", "s.toml:3: not TOML: "}));

// The defaults of the configuration are those of the services: a test or a fuzzer that makes its own
// options tests what people get.
TEST(Config, ReadsTheQueueAndItsRoutes) {
    const auto config = parse_config(R"(
hostname = "mail.foo.example"
data = "/var/lib/staffetta"
[queue]
enabled = false
relay_networks = ["192.0.2.0/24", "2001:db8::1"]
lifetime = "3d"
delay_notice = "1h"
retry_first = "1m"
retry_longest = "30m"
connections = 7
connections_per_destination = 3
mx_port = 2525
trusted_authorities = "ca.pem"
[[route]]
domain = "hamburger.example"
sender = "@crepes.example"
to = "smtps:relay.example"
tls = "verify"
username = "crepes"
password_file = "relay.secret"
source = "192.0.2.9"
[[route]]
to = "mx"
)",
                                     "/etc/staffetta/staffetta.toml");
    ASSERT_TRUE(config) << config.error().text;
    const QueueConfig& queue = config->queue;
    EXPECT_FALSE(queue.enabled);
    EXPECT_EQ(queue.relay_networks.size(), 2U);
    EXPECT_EQ(queue.lifetime, std::chrono::hours(72));
    EXPECT_EQ(queue.delay_notice, std::chrono::hours(1));
    EXPECT_EQ(queue.retry_first, std::chrono::minutes(1));
    EXPECT_EQ(queue.retry_longest, std::chrono::minutes(30));
    EXPECT_EQ(queue.connections, 7U);
    EXPECT_EQ(queue.connections_per_destination, 3U);
    EXPECT_EQ(queue.mx_port, 2525U);
    EXPECT_EQ(queue.trusted_authorities, "/etc/staffetta/ca.pem");
    ASSERT_EQ(queue.routes.size(), 2U);
    EXPECT_EQ(queue.routes[0].domain, "hamburger.example");
    EXPECT_EQ(queue.routes[0].sender, "@crepes.example");
    EXPECT_EQ(queue.routes[0].to, "smtps:relay.example");
    EXPECT_EQ(queue.routes[0].tls, TlsPolicy::kVerify);
    EXPECT_EQ(queue.routes[0].username, "crepes");
    EXPECT_EQ(queue.routes[0].password_file, "/etc/staffetta/relay.secret");
    EXPECT_EQ(queue.routes[0].source, "192.0.2.9");
    EXPECT_EQ(queue.routes[1].to, "mx");
}

TEST(Config, ReadsWhatIsRewritten) {
    const std::string start = "hostname = \"m\"\ndata = \"d\"\n[[rewrite]]\n";
    const auto config = parse_config(start +
                                         "address = \"@old.example\"\nbecomes = \"@new.example\"\n"
                                         "headers = false\n[[rewrite]]\naddress = \"a@b.example\"\n"
                                         "becomes = \"c@d.example\"\n",
                                     "c.toml");
    ASSERT_TRUE(config) << config.error().text;
    ASSERT_EQ(config->rewrites.size(), 2U);
    EXPECT_EQ(config->rewrites[0].from, "@old.example");
    EXPECT_EQ(config->rewrites[0].to, "@new.example");
    EXPECT_EQ(config->rewrites[0].places, account::kInSender | account::kInRecipient);
    EXPECT_EQ(config->rewrites[1].places, account::kEverywhere);
    const auto fault = [&start](const std::string& rest) {
        const auto wrong = parse_config(start + rest, "c.toml");
        return wrong ? std::string() : wrong.error().text;
    };
    EXPECT_THAT(fault("address = \"@a.example\"\n"), ::testing::HasSubstr("becomes is missing"));
    EXPECT_THAT(fault("address = \"nobody\"\nbecomes = \"@a.example\"\n"),
                ::testing::HasSubstr("\"nobody\" cannot become \"@a.example\""));
}

TEST(Config, SaysWhatIsWrongWithARoute) {
    const auto fault = [](const std::string& rest) {
        const auto config = parse_config("hostname = \"m\"\ndata = \"d\"\n" + rest, "c.toml");
        return config ? std::string() : config.error().text;
    };
    EXPECT_THAT(fault("[[route]]\ndomain = \"x\"\n"), ::testing::HasSubstr("route.to is missing"));
    EXPECT_THAT(fault("[[route]]\nto = \"a:b\"\n"),
                ::testing::HasSubstr("route.to: \"a:b\" is no place: the port is a number"));
    EXPECT_THAT(fault("[[route]]\nto = \"a\"\nusername = \"u\"\n"),
                ::testing::HasSubstr("route.password_file is missing"));
    EXPECT_THAT(fault("[queue]\nrelay_networks = [\"ten\"]\n"),
                ::testing::HasSubstr("\"ten\" is no network"));
}

TEST(Config, DefaultsAreTheServices) {
    const Config config;
    const auto relay = smtp_options(config, smtp::Port::kRelay);
    const smtp::ServerOptions smtp;
    EXPECT_EQ(relay->command_timeout, smtp.command_timeout);
    EXPECT_EQ(relay->data_timeout, smtp.data_timeout);
    EXPECT_EQ(relay->message_timeout, smtp.message_timeout);
    EXPECT_EQ(relay->text_line_octets_max, smtp.text_line_octets_max);
    EXPECT_EQ(relay->header_octets_max, smtp.header_octets_max);
    EXPECT_EQ(relay->received_fields_max, smtp.received_fields_max);
    EXPECT_EQ(relay->errors_max, smtp.errors_max);
    EXPECT_EQ(relay->idle_commands_max, smtp.idle_commands_max);
    EXPECT_EQ(relay->offer_auth_on_relay, smtp.offer_auth_on_relay);
    const auto maildrop = pop3_options(config);
    const pop3::ServerOptions pop3;
    EXPECT_EQ(maildrop->idle_timeout_s, pop3.idle_timeout_s);
    EXPECT_EQ(maildrop->write_timeout_s, pop3.write_timeout_s);
    EXPECT_EQ(maildrop->errors_max, pop3.errors_max);
    EXPECT_EQ(maildrop->login_failures_max, pop3.login_failures_max);
    const auto mailboxes = imap_options(config);
    const imap::ServerOptions imap;
    EXPECT_EQ(mailboxes->message_octets_max, imap.message_octets_max);
    EXPECT_EQ(mailboxes->idle_timeout_s, imap.idle_timeout_s);
    EXPECT_EQ(mailboxes->login_timeout_s, imap.login_timeout_s);
    EXPECT_EQ(mailboxes->write_timeout_s, imap.write_timeout_s);
    EXPECT_EQ(mailboxes->errors_max, imap.errors_max);
    EXPECT_EQ(mailboxes->login_failures_max, imap.login_failures_max);
    EXPECT_EQ(mailboxes->message_limit, imap.message_limit);
    EXPECT_EQ(mailboxes->save_limit, imap.save_limit);
    const account::ThrottleOptions throttle;
    const account::ThrottleOptions made = authenticator_options(config).throttle;
    EXPECT_EQ(made.failures_free, throttle.failures_free);
    EXPECT_EQ(made.delay_first, throttle.delay_first);
    EXPECT_EQ(made.delay_max, throttle.delay_max);
    EXPECT_EQ(made.failures_block, throttle.failures_block);
    EXPECT_EQ(made.block, throttle.block);
    EXPECT_EQ(made.forgive_each, throttle.forgive_each);
    EXPECT_EQ(made.trusted_for, throttle.trusted_for);
}

TEST(Config, WithoutHostnameSaysSo) {
    const auto config = parse_config("data = \"x\"", "s.toml");
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().text, HasSubstr("hostname is missing"));
}

TEST(Config, ThatCannotBeReadNamesTheReason) {
    const auto config = read_config("/nonexistent/staffetta.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, base::Errc::kNotFound);
    EXPECT_THAT(config.error().text, HasSubstr("No such file"));
}

TEST(ListenAddress, IsNumericOrAPathOrSystemds) {
    for (const auto* text :
         {"127.0.0.1:25", "[::1]:0", "[2001:db8::1]:65535", "unix:/run/x", "systemd:smtp"}) {
        EXPECT_TRUE(parse_listen_address(text)) << text;
    }
    for (const auto* text : {"127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:+5",
                             "localhost:25",
                             "systemd:",
                             ""}) {
        EXPECT_FALSE(parse_listen_address(text)) << text;
    }
}

TEST(Units, SizesAreReadAndPrinted) {
    EXPECT_EQ(parse_size("50MiB"), 50ULL << 20);
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("7kB"), 7000U);
    EXPECT_EQ(parse_size("9223372036854775807B"), 9223372036854775807ULL);
    for (const auto* wrong :
         {"", "MiB", "-1", "1.5MiB", "1 MiB", "1mib", "9223372036854775808", "16777216TiB"}) {
        EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
    }
    EXPECT_EQ(format_size(50ULL << 20), "50MiB");
    EXPECT_EQ(format_size(1025), "1025B");
    EXPECT_EQ(format_size(0), "0B");
}

TEST(Units, DurationsAreReadAndPrinted) {
    EXPECT_EQ(parse_duration("5m"), std::chrono::minutes(5));
    EXPECT_EQ(parse_duration("250ms"), std::chrono::milliseconds(250));
    EXPECT_EQ(parse_duration("30d"), std::chrono::hours(720));
    for (const auto* wrong : {"", "5", "m", "-5m", "5 m", "5M", "99999999999d"}) {
        EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
    }
    EXPECT_EQ(format_duration(std::chrono::minutes(5)), "5m");
    EXPECT_EQ(format_duration(std::chrono::milliseconds(1500)), "1500ms");
    EXPECT_EQ(format_duration({}), "0s");
}

TEST(Nearest, FindsATypingMistakeOnly) {
    EXPECT_EQ(nearest("listne", {"listen", "limits"}), "listen");
    EXPECT_EQ(nearest("colour", {"listen", "limits"}), "");
}

}  // namespace
}  // namespace app
