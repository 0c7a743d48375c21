// `staffetta setup DOMAIN --dir DIR`: what a new installation needs, written once.
#include <fmt/format.h>

#include <filesystem>

#include "account/address.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/files.h"
#include "app/offline.h"
#include "app/process.h"
#include "base/ascii.h"
#include "net/tls_context.h"

namespace app {
namespace {

namespace fs = std::filesystem;

std::string first_config(const SetupOptions& options) {
    return fmt::format(
        R"(# Written by `staffetta setup`. docs/guide/configuration.md explains every key.
hostname = "{}"
data = "data"
{:<30}# whom to become, when started as root, once the ports are open

[listen]                      # a list a service; leave one out and it is off
smtp = ["0.0.0.0:25", "[::]:25"]
submission = ["0.0.0.0:587", "[::]:587"]
submissions = ["0.0.0.0:465", "[::]:465"]
pop3s = ["0.0.0.0:995", "[::]:995"]
imaps = ["0.0.0.0:993", "[::]:993"]
ftp = ["0.0.0.0:21", "[::]:21"]
ftps = ["0.0.0.0:990", "[::]:990"]
metrics = ["127.0.0.1:9525"]

[tls]                         # self-signed: put a certificate that others trust in their place
certificate = "cert.pem"
key = "key.pem"

[smtp]
max_message_size = "50MiB"
)",
        options.hostname,
        options.user.empty() ? R"(# user = "staffetta")"
                             : fmt::format("user = \"{}\"", options.user));
}

base::Result<> write_folder(const SetupOptions& options, const fs::path& folder) {
    std::error_code code;
    if (fs::create_directories(folder, code)) {
        // The `user` of the configuration passes through it to its data.
        fs::permissions(
            folder, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec, code);
    }
    if (code) {
        return base::fail(base::Errc::kDenied,
                          fmt::format("{}: cannot be made: {}", folder.string(), code.message()));
    }
    const std::string config = (folder / "staffetta.toml").string();
    const std::string certificate = (folder / "cert.pem").string();
    const std::string key = (folder / "key.pem").string();
    TRY_VOID(write_new_file(config, first_config(options)));
    TRY_VOID(net::make_self_signed({options.hostname}, certificate, key));
    if (!options.user.empty()) {
        // The server reads them again when it is told to.
        for (const std::string& file : {config, certificate, key}) {
            TRY_VOID(give_to(options.user, file));
        }
    }
    return {};
}

base::Result<> add_first_account(const SetupOptions& options,
                                 const fs::path& folder,
                                 const std::string& password) {
    TRY(const Config config, read_config((folder / "staffetta.toml").string()));
    TRY(const auto store, OfflineStore::open(config));
    const AdminRequest requests[] = {
        {.command = "domain add", .arguments = {options.domain}, .options = {}},
        {.command = "account add",
         .arguments = {"postmaster@" + options.domain},
         .options = {{"secret", password}, {"administrator", "yes"}}}};
    for (const AdminRequest& request : requests) {
        const AdminReply reply = store->run(request);
        if (reply.status != kExitOk) {
            return base::fail(base::Errc::kInvalid, std::string(base::trim(reply.text)));
        }
    }
    return {};
}

void print_next_steps(const SetupOptions& options, const fs::path& folder) {
    fmt::print(R"(Written to {0}: staffetta.toml, cert.pem, key.pem and the store, with the account
postmaster@{1}, the administrator.

Publish these DNS records, with your server's addresses:
    {2}.    A      192.0.2.1
    {2}.    AAAA   2001:db8::1
    {1}.    MX     10 {2}.
    {1}.    TXT    "v=spf1 mx -all"
    _submissions._tcp.{1}.  SRV  0 1 465 {2}.
    _submission._tcp.{1}.   SRV  5 1 587 {2}.
    _imaps._tcp.{1}.        SRV  0 1 993 {2}.
    _pop3s._tcp.{1}.        SRV  10 1 995 {2}.
and have your provider's reverse DNS name {2} for the address.

Then:
    staffetta account add NAME@{1} --config {0}/staffetta.toml
    staffetta serve --config {0}/staffetta.toml
)",
               folder.string(),
               options.domain,
               options.hostname);
}

}  // namespace

int setup_command(const SetupOptions& given) {
    SetupOptions options = given;
    if (options.hostname.empty()) {
        options.hostname = "mail." + options.domain;
    }
    const auto domain = account::normalize_domain(options.domain);
    const auto hostname = account::normalize_domain(options.hostname);
    if (!domain || !hostname) {
        return report(
            {base::Errc::kInvalid,
             fmt::format("{} is no domain name", domain ? options.hostname : options.domain)},
            kExitUsage);
    }
    const auto may = options.user.empty() ? base::Result<>() : expect_user(options.user);
    if (!may) {
        return may.error().code == base::Errc::kInvalid ? report(may.error(), kExitUsage)
                                                        : report(may.error());
    }
    options.domain = *domain;
    options.hostname = *hostname;
    const fs::path folder = fs::absolute(options.directory).lexically_normal();
    auto password = read_password(options.password_from_stdin);
    if (!password) {
        return report(password.error());
    }
    const auto written = write_folder(options, folder);
    if (!written) {
        return report(written.error());
    }
    const auto added = add_first_account(options, folder, *password);
    if (!added) {
        return report(added.error());
    }
    print_next_steps(options, folder);
    return kExitOk;
}

}  // namespace app
