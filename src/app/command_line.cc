#include "app/command_line.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include "agent/ftp.h"
#include "app/command_parts.h"
#include "app/commands.h"
#include "app/exit_status.h"
#include "app/version.h"
#include "net/address.h"

namespace app {
namespace {

constexpr auto kDescription =
    R"(One program that is the mail and file server of an organisation, a home or a networking class.

  staffetta demo                                  try everything, on loopback
  staffetta setup example.org --dir /etc/staffetta    begin in earnest
  staffetta serve --config /etc/staffetta/staffetta.toml)";

constexpr auto kFooter =
    R"(Exit status: 0 done, 64 usage, 65 bad input or a damaged store, 67 no such domain, account or message,
69 unavailable, 73 exists already, 74 disk, 75 try again, 77 not permitted, 78 configuration.
`staffetta COMMAND --help` says more of each command.)";

void add_watching_commands(CLI::App& top, Action& action) {
    add_admin(
        {top, action, ""},
        "trace",
        "What happened to a message or a file: stored, fetched, deleted",
        only("ID", "The queue id of the server's 250 reply, a Message-ID, or a file's /PATH"));
    add_admin({top, action, ""},
              "check",
              "Verify every record, count, reference and message; name what is broken",
              [](CLI::App& c, AdminCall& call) {
                  flag_option(c,
                              call,
                              "rebuild-index",
                              {"rebuild-index", "yes"},
                              "Build the search index anew instead");
              });
    add_admin({top, action, ""},
              "backup",
              "Copy store and files into DIR, consistent, while the server runs",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(c, call, "DIR", "A folder that is empty or absent");
                  c.get_option("DIR")->transform([](const std::string& path) {
                      return std::filesystem::absolute(path).lexically_normal().string();
                  });
              });
    auto from = std::make_shared<std::string>();
    auto config = std::make_shared<std::string>();
    CLI::App& restore = *top.add_subcommand(
        "restore", "Bring back what `backup` copied, into the server's empty data folder");
    restore.add_option("DIR", *from, "The folder that `backup` wrote")->required();
    add_config(restore, *config);
    restore.callback([=, &action] { action = [=] { return restore_command(*from, *config); }; });
}

void add_server_commands(CLI::App& top,
                         Action& action,
                         const std::shared_ptr<std::string>& trace_peer) {
    auto serve = std::make_shared<ServeOptions>();
    CLI::App& serving =
        *top.add_subcommand("serve", "Run the server until SIGTERM; SIGHUP reloads certificates");
    add_config(serving, serve->config);
    serving.callback([=, &action] {
        action = [=] {
            serve->trace_peer = *trace_peer;
            return serve_command(*serve);
        };
    });

    auto demo = std::make_shared<DemoOptions>();
    CLI::App& demonstrating =
        *top.add_subcommand("demo", "Everything on loopback, with sample domains and people");
    demonstrating.add_option("--dir", demo->directory, "Where the demo keeps its data")
        ->type_name("DIR")
        ->capture_default_str();
    demonstrating.add_flag(
        "--any-port",
        demo->any_port,
        "Take ports that are free instead of 2525, 2110 and so on (first start only)");
    demonstrating.callback([=, &action] {
        action = [=] {
            demo->trace_peer = *trace_peer;
            return demo_command(*demo);
        };
    });

    auto setup = std::make_shared<SetupOptions>();
    CLI::App& setting_up = *top.add_subcommand(
        "setup",
        "Write a configuration, keys and the first account; print the DNS records to publish");
    setting_up.add_option("DOMAIN", setup->domain, "The domain to receive mail for")->required();
    setting_up.add_option("--dir", setup->directory, "Where to write")
        ->type_name("DIR")
        ->required();
    setting_up
        .add_option("--hostname", setup->hostname, "The server's name; by default mail.DOMAIN")
        ->type_name("NAME");
    setting_up
        .add_option("--user",
                    setup->user,
                    "Whom the server becomes once its ports are open; what is written is his")
        ->type_name("NAME");
    setting_up.add_flag("--password-stdin",
                        setup->password_from_stdin,
                        "Take postmaster's password from the first line of standard input");
    setting_up.callback([=, &action] { action = [=] { return setup_command(*setup); }; });
}

// The agent reads its own arguments: BSD's letters and a verb that is optional do not fit CLI11's shape.
void add_ftp_command(CLI::App& top, Action& action, mode_t users_umask) {
    CLI::App& ftp = *top.add_subcommand("ftp", "Talk to an FTP server, or get, put, ls, mirror");
    ftp.set_help_flag();
    ftp.prefix_command();
    ftp.fallthrough(false);
    add_admin({ftp, action, "ftp"},
              "who",
              "The sessions of the running server, and what each does",
              [](CLI::App& c, AdminCall& call) {
                  // CLI11 hands both down from the agent, whose words are its own affair: ours must be known.
                  c.set_help_flag("-h,--help", "Print this help message and exit");
                  c.prefix_command(false);
                  flag_option(c, call, "json", {"json", "yes"}, "As JSON, an object a session");
              });
    ftp.callback([&ftp, &action, users_umask] {
        if (!ftp.got_subcommand("who")) {
            action = [words = ftp.remaining(), users_umask] {
                ::umask(users_umask);
                return agent::run_ftp(words);
            };
        }
    });
}

void add_top_options(CLI::App& top,
                     Action& action,
                     const std::shared_ptr<std::string>& trace_peer) {
    top.set_version_flag("--version", fmt::format("staffetta {}", kVersion));
    top.add_option_function<std::string>(
           "--dump-commands",
           [&action](const std::string& protocol) {
               action = [protocol] { return dump_commands_command(protocol); };
           },
           "Print the command table of a protocol (smtp, pop3, imap, ftp) and its RFC sections")
        ->type_name("PROTOCOL");
    top.add_option("--trace-peer",
                   *trace_peer,
                   "With serve or demo: print the dialogues of this address, secrets concealed")
        ->type_name("ADDR")
        ->check([](const std::string& text) {
            return net::AddressBlock::parse(text)
                       ? std::string()
                       : text +
                             " is no address; write one as 192.0.2.7, 2001:db8::7 or 192.0.2.0/24";
        });
}

int parse_and_run(CLI::App& top, Action& action, int argc, char** argv) {
    try {
        top.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return top.exit(error) == 0 ? int{kExitOk} : int{kExitUsage};
    }
    if (!action) {
        fmt::print(stderr, "{}", top.help());
        return kExitUsage;
    }
    return action();
}

}  // namespace

int run_command_line(int argc, char** argv, mode_t users_umask) {
    CLI::App top(kDescription, "staffetta");
    Action action;
    const auto trace_peer = std::make_shared<std::string>();
    top.footer(kFooter);
    top.require_subcommand(0, 1);
    top.fallthrough();
    add_top_options(top, action, trace_peer);
    add_server_commands(top, action, trace_peer);
    add_domain_commands(top, action);
    add_account_commands(top, action);
    add_secret_commands(top, action);
    add_alias_commands(top, action);
    add_list_commands(top, action);
    add_mailbox_commands(top, action);
    add_queue_commands(top, action);
    add_share_commands(top, action);
    add_watching_commands(top, action);
    add_carry_commands(top, action);
    add_mime_commands(top, action);
    add_ftp_command(top, action, users_umask);
    return parse_and_run(top, action, argc, argv);
}

}  // namespace app
