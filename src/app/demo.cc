// The demo: a whole server on loopback, in one folder, with two domains, two people and one message
// between them. Its folder is an ordinary installation: `--config DIR/staffetta.toml` administers it.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/files.h"
#include "app/letter.h"
#include "app/offline.h"
#include "app/process.h"
#include "app/run.h"
#include "app/server.h"
#include "base/ascii.h"
#include "base/random.h"
#include "net/tls_context.h"

namespace app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAlice = "alice@crepes.example";
constexpr std::string_view kBob = "bob@hamburger.example";

struct Passwords {
    std::string alice;
    std::string bob;
};

std::string new_password(base::Random& random) {
    constexpr std::size_t kHalf = 5;
    return random.token(kHalf) + "-" + random.token(kHalf);
}

// "ADDRESS PASSWORD" a line, so that the second start prints what the first one did.
std::string format_passwords(const Passwords& passwords) {
    return fmt::format("{} {}\n{} {}\n", kAlice, passwords.alice, kBob, passwords.bob);
}

base::Result<Passwords> parse_passwords(std::string_view text) {
    Passwords passwords;
    while (!text.empty()) {
        std::string_view line = base::split_front(text, '\n');
        const std::string_view address = base::split_front(line, ' ');
        if (address == kAlice) {
            passwords.alice = line;
        } else if (address == kBob) {
            passwords.bob = line;
        }
    }
    if (passwords.alice.empty() || passwords.bob.empty()) {
        return base::fail(base::Errc::kInvalid,
                          "the demo's passwords file is not what it wrote; "
                          "remove the demo's folder to begin anew");
    }
    return passwords;
}

// With `any_port` the kernel chooses: several demos at once, or somebody else on these ports.
std::string demo_config(bool any_port) {
    const auto port = [any_port](int number) { return any_port ? 0 : number; };
    return fmt::format(
        R"(# The demo's configuration. docs/guide/configuration.md explains every key.
hostname = "mail.hamburger.example"
data = "data"

[listen]
smtp = ["127.0.0.1:{}"]
submission = ["127.0.0.1:{}"]
submissions = ["127.0.0.1:{}"]
pop3 = ["127.0.0.1:{}"]
pop3s = ["127.0.0.1:{}"]
imap = ["127.0.0.1:{}"]
imaps = ["127.0.0.1:{}"]
ftp = ["127.0.0.1:{}"]
ftps = ["127.0.0.1:{}"]
metrics = ["127.0.0.1:{}"]

[tls]
certificate = "cert.pem"
key = "key.pem"

[smtp]
vrfy_for_loopback = true

[auth]
allow_plaintext = true  # passwords without TLS: only because everything is on loopback

[log]
level = "warning"
)",
        port(2525),
        port(2587),
        port(2465),
        port(2110),
        port(2995),
        port(2143),
        port(2993),
        port(2121),
        port(2990),
        port(2910));
}

base::Result<> run_offline(OfflineStore& store, const AdminRequest& request) {
    const AdminReply reply = store.run(request);
    if (reply.status == kExitOk) {
        return {};
    }
    return base::fail(
        base::Errc::kIo,
        fmt::format("the demo's {} failed: {}", request.command, base::trim(reply.text)));
}

base::Result<> add_people(const Config& config, const Passwords& passwords) {
    TRY(const auto store, OfflineStore::open(config));
    for (const auto* domain : {"crepes.example", "hamburger.example"}) {
        TRY_VOID(
            run_offline(*store, {.command = "domain add", .arguments = {domain}, .options = {}}));
    }
    const auto add = [&](std::string_view address, const char* name, const std::string& password) {
        return run_offline(*store,
                           {.command = "account add",
                            .arguments = {std::string(address)},
                            .options = {{"name", name},
                                        {"secret", password},
                                        // Mail to postmaster wants a reader (RFC 5321 4.5.1).
                                        {"administrator", "yes"}}});
    };
    TRY_VOID(add(kAlice, "Alice", passwords.alice));
    return add(kBob, "Bob", passwords.bob);
}

// The folder's first start. The passwords are written last: a folder without them was not finished.
base::Result<> furnish(const fs::path& folder, const DemoOptions& options) {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    fs::permissions(folder, fs::perms::owner_all, ignored);
    fs::remove(folder / "staffetta.toml", ignored);
    fs::remove(folder / "cert.pem", ignored);
    fs::remove(folder / "key.pem", ignored);
    fs::remove_all(folder / "data", ignored);
    TRY_VOID(write_new_file((folder / "staffetta.toml").string(), demo_config(options.any_port)));
    TRY_VOID(net::make_self_signed(
        {"localhost", "127.0.0.1"}, (folder / "cert.pem").string(), (folder / "key.pem").string()));
    base::SystemRandom random;
    const Passwords passwords{.alice = new_password(random), .bob = new_password(random)};
    TRY(const Config config, read_config((folder / "staffetta.toml").string()));
    TRY_VOID(add_people(config, passwords));
    return write_new_file((folder / "passwords").string(), format_passwords(passwords));
}

// A folder that holds something else is left alone.
base::Result<> furnish_if_new(const fs::path& folder, const DemoOptions& options) {
    std::error_code ignored;
    if (fs::exists(folder / "passwords", ignored)) {
        return {};
    }
    if (!fs::is_empty(folder, ignored) && fs::exists(folder, ignored) &&
        !fs::exists(folder / "staffetta.toml", ignored)) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("{} is not empty and no demo's folder; choose another with "
                                      "--dir DIR",
                                      folder.string()));
    }
    return furnish(folder, options);
}

int port_of(const MailServer& server, std::string_view service) {
    for (const BoundService& bound : server.services()) {
        if (bound.service == service) {
            return bound.endpoint.port;
        }
    }
    return 0;
}

void print_people(const MailServer& server, const fs::path& folder, const Passwords& passwords) {
    fmt::print(R"(staffetta demo, all on 127.0.0.1, data in {}

  people   {:<24} password {}
           {:<24} password {}
  ports    SMTP {}, submission {} (STARTTLS) and {} (TLS), POP3 {} and {} (TLS),
           IMAP {} and {} (TLS), FTP {} and {} (TLS),
           metrics http://127.0.0.1:{}/metrics
)",
               folder.string(),
               kAlice,
               passwords.alice,
               kBob,
               passwords.bob,
               port_of(server, "smtp"),
               port_of(server, "submission"),
               port_of(server, "submissions"),
               port_of(server, "pop3"),
               port_of(server, "pop3s"),
               port_of(server, "imap"),
               port_of(server, "imaps"),
               port_of(server, "ftp"),
               port_of(server, "ftps"),
               port_of(server, "metrics"));
}

void print_how_to_read(const MailServer& server,
                       const fs::path& folder,
                       const Passwords& passwords) {
    const int pop3 = port_of(server, "pop3");
    const int pop3s = port_of(server, "pop3s");
    const std::string certificate = (folder / "cert.pem").string();
    fmt::print(R"(
  Bob reads it, by POP3:
    curl    curl -u {0}:{1} pop3://127.0.0.1:{2}/1
            curl -u {0}:{1} --cacert {4} pop3s://localhost:{3}/1
    by hand nc -C 127.0.0.1 {2}         then USER {0}, PASS {1}, LIST, RETR 1, QUIT
    mutt    mutt -f pop://bob%40hamburger.example@127.0.0.1:{2}/
    fetch   fetchmail --protocol pop3 --service {2} --username {0} --mda cat --sslproto '' 127.0.0.1
)",
               kBob,
               passwords.bob,
               pop3,
               pop3s,
               certificate);
}

void print_how_to_read_by_imap(const MailServer& server,
                               const fs::path& folder,
                               const Passwords& passwords) {
    fmt::print(R"(
  or by IMAP:
    curl    curl -u {0}:{1} "imap://127.0.0.1:{2}/INBOX;MAILINDEX=1"
            curl -u {0}:{1} --cacert {4} "imaps://localhost:{3}/INBOX;MAILINDEX=1;SECTION=HEADER"
    by hand nc -C 127.0.0.1 {2}         then a LOGIN {0} {1}, a SELECT INBOX, a FETCH 1 BODY[], a LOGOUT
    mutt    mutt -f imap://bob%40hamburger.example@127.0.0.1:{2}/
)",
               kBob,
               passwords.bob,
               port_of(server, "imap"),
               port_of(server, "imaps"),
               (folder / "cert.pem").string());
}

// How to call this program from where it was started: it may not be in the PATH.
std::string program() {
    std::error_code ignored;
    const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
    const fs::path near = fs::proximate(self, ignored);
    return near.empty() ? "staffetta" : near.string();
}

void print_how_to_keep_files(const MailServer& server,
                             const fs::path& folder,
                             const Passwords& passwords) {
    fmt::print(R"(
  Bob keeps his files, by FTP:
    curl    curl -u {0}:{1} --ssl-reqd --cacert {3} -T FILE ftp://localhost:{2}/
    ours    {4} ftp --cacert {3} ftp://bob%40hamburger.example:{1}@localhost:{2}/         then help
)",
               kBob,
               passwords.bob,
               port_of(server, "ftp"),
               (folder / "cert.pem").string(),
               program());
}

void print_how_to_go_on(const MailServer& server, const fs::path& folder) {
    const int smtp = port_of(server, "smtp");
    fmt::print(R"(
  Send one yourself:
    by hand nc -C 127.0.0.1 {0}         then HELO crepes.example, MAIL FROM:<{1}>, RCPT TO:<{2}>, DATA ...
    swaks   swaks --server 127.0.0.1:{0} --from {1} --to {2}

  Administer it: {4} account list --config {3}/staffetta.toml
  Stop it with Ctrl-C; the next start finds everything as it was.
)",
               smtp,
               kAlice,
               kBob,
               folder.string(),
               program());
    std::fflush(stdout);
}

base::Error port_in_use(base::Error error) {
    if (error.code == base::Errc::kInUse && error.text.find("unix:") == std::string::npos) {
        error.text += " (or start the demo with --any-port)";
    }
    return error;
}

int run_demo(MailServer& server, const fs::path& folder, const Passwords& passwords) {
    server.start();
    print_people(server, folder, passwords);
    const auto id = send_letter(
        {.address = "127.0.0.1",
         .port = static_cast<std::uint16_t>(port_of(server, "smtp")),
         .path = {}},
        demo_letter(kAlice, kBob, base::SystemClock().now(), base::SystemRandom().token(12)));
    if (!id) {
        return report(id.error());
    }
    fmt::print("\n  Alice has just sent Bob a message through the SMTP port: {}\n", *id);
    print_how_to_read(server, folder, passwords);
    print_how_to_read_by_imap(server, folder, passwords);
    print_how_to_keep_files(server, folder, passwords);
    print_how_to_go_on(server, folder);
    run_until_signal(server);
    return kExitOk;
}

base::Result<Passwords> read_passwords(const fs::path& folder) {
    TRY(const std::string text, read_small_file((folder / "passwords").string()));
    return parse_passwords(text);
}

}  // namespace

int demo_command(const DemoOptions& options) {
    const fs::path folder = fs::absolute(options.directory).lexically_normal();
    hold_signals();
    const auto furnished = furnish_if_new(folder, options);
    if (!furnished) {
        return report(furnished.error());
    }
    const auto passwords = read_passwords(folder);
    if (!passwords) {
        return report(passwords.error());
    }
    auto config = read_config((folder / "staffetta.toml").string());
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    auto server = MailServer::open(std::move(*config), options.trace_peer);
    if (!server) {
        return report(port_in_use(server.error()), exit_status_at_start(server.error().code));
    }
    return run_demo(**server, folder, *passwords);
}

}  // namespace app
