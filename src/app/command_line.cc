// The only translation unit that sees CLI11: its header costs seconds.
#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>

#include "agent/ftp.h"
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

// What the arguments ask for: each subcommand's callback leaves it here.
using Action = std::function<int()>;

// A request that fills up while the arguments are read.
struct AdminCall {
    std::string config;
    AdminRequest request;
    bool wants_secret = false;
    bool secret_from_stdin = false;
};

int run_admin(AdminCall& call) {
    if (call.wants_secret) {
        auto password = read_password(call.secret_from_stdin);
        if (!password) {
            return report(password.error());
        }
        call.request.options["secret"] = std::move(*password);
    }
    return administer_command(call.config, call.request);
}

CLI::Option* add_config(CLI::App& command, std::string& config) {
    config = "/etc/staffetta/staffetta.toml";
    return command.add_option("-c,--config", config, "The server's configuration file")
        ->type_name("FILE")
        ->envname("STAFFETTA_CONFIG")
        ->capture_default_str();
}

// Whose subcommands are being added: `account`, or the program itself with an empty noun.
struct Group {
    CLI::App& app;
    Action& action;
    std::string noun;
};

// One administration command; `shape` adds its arguments and options to the request.
void add_admin(const Group& group,
               const std::string& verb,
               const std::string& help,
               const std::function<void(CLI::App&, AdminCall&)>& shape) {
    auto call = std::make_shared<AdminCall>();
    CLI::App& command = *group.app.add_subcommand(verb, help);
    call->request.command = group.noun.empty() ? verb : group.noun + " " + verb;
    shape(command, *call);
    add_config(command, call->config);
    command.callback(
        [call, &action = group.action] { action = [call] { return run_admin(*call); }; });
}

void one_argument(CLI::App& command,
                  AdminCall& call,
                  const std::string& name,
                  const std::string& help) {
    command.add_option(name, call.request.arguments, help)->required()->expected(1);
}

void text_option(CLI::App& command,
                 AdminCall& call,
                 const std::string& name,
                 const std::string& type,
                 const std::string& help) {
    const CLI::callback_t take = [&call, name](const CLI::results_t& values) {
        call.request.options[name] = values.back();
        return true;
    };
    command.add_option("--" + name, take, help)->type_name(type);
}

// A flag that sets an option of the request.
void flag_option(CLI::App& command,
                 AdminCall& call,
                 const std::string& flag,
                 const std::pair<std::string, std::string>& option,
                 const std::string& help) {
    command.add_flag_callback(
        "--" + flag, [&call, option] { call.request.options[option.first] = option.second; }, help);
}

void secret_option(CLI::App& command, AdminCall& call) {
    call.wants_secret = true;
    command.add_flag(
        "--password-stdin",
        call.secret_from_stdin,
        "Take the password from the first line of standard input, not from the terminal");
}

void add_domain_commands(CLI::App& top, Action& action) {
    CLI::App& domain = *top.add_subcommand("domain", "The domains that mail is received for");
    domain.require_subcommand(1);
    add_admin(
        {domain, action, "domain"},
        "add",
        "Receive mail for DOMAIN from now on",
        [](CLI::App& c, AdminCall& call) { one_argument(c, call, "DOMAIN", "As example.org"); });
    add_admin({domain, action, "domain"},
              "remove",
              "Stop receiving mail for DOMAIN",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(c, call, "DOMAIN", "A domain without accounts and aliases");
              });
    add_admin({domain, action, "domain"},
              "list",
              "Print the domains, one a line",
              [](CLI::App&, AdminCall&) {});
}

void account_options(CLI::App& command, AdminCall& call) {
    text_option(command, call, "name", "TEXT", "The person's full name, as \"Fred Smith\"");
    text_option(
        command, call, "quota", "SIZE", "The most that the mailbox holds, as 1GiB; 0: no limit");
    flag_option(command,
                call,
                "administrator",
                {"administrator", "yes"},
                "May administer, and receives mail for postmaster");
}

void add_account_commands(CLI::App& top, Action& action) {
    CLI::App& account = *top.add_subcommand("account", "The people who have a mailbox and log in");
    account.require_subcommand(1);
    add_admin(
        {account, action, "account"},
        "add",
        "Make an account and its password",
        [](CLI::App& c, AdminCall& call) {
            one_argument(
                c, call, "ADDRESS", "NAME@DOMAIN: the mail address, and what one logs in with");
            account_options(c, call);
            secret_option(c, call);
        });
    add_admin(
        {account, action, "account"},
        "set",
        "Change what is given, keep the rest",
        [](CLI::App& c, AdminCall& call) {
            one_argument(c, call, "ADDRESS", "An account's address");
            account_options(c, call);
            flag_option(
                c, call, "no-administrator", {"administrator", "no"}, "No administrator any more");
            flag_option(c, call, "disable", {"disabled", "yes"}, "May neither log in nor receive");
            flag_option(c, call, "enable", {"disabled", "no"}, "May again");
        });
    add_admin({account, action, "account"},
              "password",
              "Give an account a new password",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(c, call, "ADDRESS", "An account's address");
                  secret_option(c, call);
              });
    add_admin({account, action, "account"},
              "remove",
              "Remove an account, its mail and files included",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(c, call, "ADDRESS", "An account's address");
              });
    add_admin({account, action, "account"},
              "list",
              "Print the accounts, one a line",
              [](CLI::App& c, AdminCall& call) {
                  c.add_option("DOMAIN", call.request.arguments, "Only those of one domain")
                      ->expected(0, 1);
              });
}

void account_argument(CLI::App& command, AdminCall& call) {
    one_argument(command, call, "ADDRESS", "An account's address");
}

void account_and_name(CLI::App& command, AdminCall& call) {
    command
        .add_option("ADDRESS-AND-NAME",
                    call.request.arguments,
                    "An account's address, and the password's name, as phone")
        ->required()
        ->expected(2);
}

void add_secret_commands(CLI::App& top, Action& action) {
    CLI::App& application = *top.add_subcommand(
        "application-password", "Passwords for one program each: named, limited, revocable");
    application.require_subcommand(1);
    const std::string noun = "application-password";
    add_admin({application, action, noun},
              "add",
              "Draw a new one and print it, this once",
              [](CLI::App& c, AdminCall& call) {
                  account_and_name(c, call);
                  text_option(c, call, "services", "LIST", "Only for these services, as smtp,pop3");
              });
    add_admin({application, action, noun}, "remove", "Revoke one", account_and_name);
    add_admin({application, action, noun},
              "list",
              "Print their names, dates and services",
              account_argument);

    CLI::App& legacy = *top.add_subcommand(
        "legacy-secret",
        "A secret of its own for CRAM-MD5 and APOP, which must be stored as it is");
    legacy.require_subcommand(1);
    add_admin({legacy, action, "legacy-secret"},
              "set",
              "Give an account one",
              [](CLI::App& c, AdminCall& call) {
                  account_argument(c, call);
                  secret_option(c, call);
              });
    add_admin({legacy, action, "legacy-secret"}, "remove", "Take it away", account_argument);
}

void add_alias_commands(CLI::App& top, Action& action) {
    CLI::App& alias = *top.add_subcommand("alias", "Addresses that stand for others");
    alias.require_subcommand(1);
    add_admin({alias, action, "alias"},
              "set",
              "Let an address stand for others, in place of what it stood for",
              [](CLI::App& c, AdminCall& call) {
                  c.add_option(
                       "ADDRESSES",
                       call.request.arguments,
                       "The alias, or @DOMAIN for all unknown users of a domain; behind it the "
                       "addresses that it stands for")
                      ->required()
                      ->expected(2, 10'000);
              });
    add_admin(
        {alias, action, "alias"}, "remove", "Forget an alias", [](CLI::App& c, AdminCall& call) {
            one_argument(c, call, "ALIAS", "The alias' address");
        });
    add_admin(
        {alias, action, "alias"},
        "show",
        "Print what an alias stands for",
        [](CLI::App& c, AdminCall& call) { one_argument(c, call, "ALIAS", "The alias' address"); });
    add_admin({alias, action, "alias"},
              "list",
              "Print a domain's aliases and what they stand for",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(c, call, "DOMAIN", "The domain whose aliases to print");
              });
}

void account_and_mailbox(CLI::App& command, AdminCall& call) {
    command
        .add_option("ACCOUNT-AND-MAILBOX",
                    call.request.arguments,
                    "An account's address, and the path of one of its mailboxes: Lists/c++")
        ->required()
        ->expected(2);
}

void add_mailbox_commands(CLI::App& top, Action& action) {
    CLI::App& mailbox = *top.add_subcommand("mailbox", "The mailboxes of an account");
    mailbox.require_subcommand(1);
    add_admin({mailbox, action, "mailbox"}, "list", "Print them", account_argument);
    add_admin({mailbox, action, "mailbox"},
              "create",
              "Make one, and the levels above it",
              [](CLI::App& c, AdminCall& call) {
                  account_and_mailbox(c, call);
                  text_option(c, call, "role", "ROLE", "archive, drafts, junk, sent, trash ...");
              });
    add_admin({mailbox, action, "mailbox"},
              "rename",
              "Give one another name, with all below it",
              [](CLI::App& c, AdminCall& call) {
                  c.add_option("ACCOUNT-FROM-TO",
                               call.request.arguments,
                               "An account's address, a mailbox' path, and its path from now on")
                      ->required()
                      ->expected(3);
              });
    add_admin({mailbox, action, "mailbox"},
              "remove",
              "Remove one with all messages in it",
              account_and_mailbox);
    add_admin({mailbox, action, "mailbox"},
              "acl",
              "Print what others may do with one, or change it",
              [](CLI::App& c, AdminCall& call) {
                  account_and_mailbox(c, call);
                  text_option(c, call, "who", "WHO", "Whose rights: an address, or anyone");
                  text_option(c,
                              call,
                              "rights",
                              "RIGHTS",
                              "Letters of lrswipkxtea (RFC 4314); + or - in front adds or takes "
                              "away; none");
              });
}

void queue_filter(CLI::App& command, AdminCall& call) {
    command.add_option("ID", call.request.arguments, "The queue id of a message")->expected(0, 1);
    text_option(command, call, "recipient", "ADDRESS", "Only for this recipient, or @DOMAIN");
    text_option(command, call, "sender", "ADDRESS", "Only from this sender, @DOMAIN, or <>");
    text_option(command, call, "destination", "NAME", "Only by this way, as the list shows it");
    text_option(command, call, "older-than", "AGE", "Only what waits for as long, as 4h");
    flag_option(command, call, "held", {"held", "yes"}, "Only what is held");
}

void queue_selection(CLI::App& command, AdminCall& call) {
    queue_filter(command, call);
    flag_option(command, call, "all", {"all", "yes"}, "The whole queue is meant");
}

void add_queue_commands(CLI::App& top, Action& action) {
    CLI::App& queue = *top.add_subcommand("queue", "Messages on their way to other servers");
    queue.require_subcommand(1);
    const Group parent{queue, action, "queue"};
    add_admin(parent, "list", "What waits, for whom and why", [](CLI::App& c, AdminCall& call) {
        queue_filter(c, call);
        flag_option(c, call, "json", {"json", "yes"}, "As JSON, with everything that is known");
    });
    add_admin(parent,
              "show",
              "One message: where it stands, and its life so far",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(c, call, "ID", "The queue id of a message");
              });
    add_admin(parent,
              "destinations",
              "Where messages wait to go, and which servers cannot be reached",
              [](CLI::App&, AdminCall&) {});
    add_admin(parent, "retry", "Try now, whatever the schedule says", queue_selection);
    add_admin(parent, "hold", "Keep here until released", queue_selection);
    add_admin(parent, "release", "Send on what was held", queue_selection);
    add_admin(parent, "remove", "Forget without a word to anybody", queue_selection);
    add_admin(parent, "bounce", "Return to the sender as undeliverable", queue_selection);
}

void share_limits(CLI::App& command, AdminCall& call) {
    one_argument(command, call, "SHARE", "Its name: a folder at the top of everybody's tree");
    text_option(command, call, "quota", "SIZE", "The most that it holds, as 10GiB; 0: no limit");
    text_option(command, call, "max-files", "N", "The most files and folders; 0: no limit");
}

void grant_arguments(CLI::App& command, AdminCall& call, const std::string& names, int count) {
    command
        .add_option(names,
                    call.request.arguments,
                    "The share; whom: an account's address, @DOMAIN, everyone, anonymous; and the "
                    "rights: list,read,create,overwrite,append,rename,delete,mkdir, or view, drop, "
                    "all, none")
        ->required()
        ->expected(count);
    text_option(command, call, "path", "PATH", "For this folder of the share and below it");
}

void add_share_commands(CLI::App& top, Action& action) {
    CLI::App& share = *top.add_subcommand("share", "Trees of files that several people see");
    share.require_subcommand(1);
    const Group group{share, action, "share"};
    add_admin(group, "add", "Make a share", share_limits);
    add_admin(group, "set", "Change what is given, keep the rest", share_limits);
    add_admin(group, "remove", "Forget a share and its grants", [](CLI::App& c, AdminCall& call) {
        one_argument(c, call, "SHARE", "Its name; its files stay on the disk");
    });
    add_admin(group, "list", "Print the shares and their grants", [](CLI::App&, AdminCall&) {});
    add_admin(group, "grant", "Say who may do what", [](CLI::App& c, AdminCall& call) {
        grant_arguments(c, call, "SHARE-WHO-RIGHTS", 3);
    });
    add_admin(group, "revoke", "Take back what was granted", [](CLI::App& c, AdminCall& call) {
        grant_arguments(c, call, "SHARE-WHO", 2);
    });
}

void add_watching_commands(CLI::App& top, Action& action) {
    add_admin({top, action, ""},
              "trace",
              "What happened to a message or a file: stored, fetched, deleted",
              [](CLI::App& c, AdminCall& call) {
                  one_argument(
                      c,
                      call,
                      "ID",
                      "The queue id of the server's 250 reply, a Message-ID, or a file's /PATH");
              });
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

// One of the two that carry mail between files and an account.
void add_carry_command(CLI::App& top,
                       Action& action,
                       const std::string& verb,
                       const std::string& summary,
                       int (*run)(const CarryOptions&)) {
    auto options = std::make_shared<CarryOptions>();
    CLI::App& command = *top.add_subcommand(verb, summary);
    const bool is_import = verb == "import";
    command
        .add_option("PATH",
                    options->path,
                    is_import ? "A maildir, an mbox file, or a folder of files that end with .mbox"
                              : "The folder to write to")
        ->required();
    command.add_option("--account", options->account, "Whose mail: NAME@DOMAIN")
        ->type_name("ADDRESS")
        ->required();
    command
        .add_option("--mailbox",
                    options->mailbox,
                    is_import
                        ? "Where it goes; folders go below it. Without it: INBOX, and folders "
                          "beside it"
                        : "Only this mailbox")
        ->type_name("PATH");
    command
        .add_option("--format",
                    options->format,
                    is_import ? "What it is, where that cannot be seen" : "What to write")
        ->check(CLI::IsMember({"maildir", "mbox"}));
    add_config(command, options->config);
    command.callback([=, &action] { action = [=] { return run(*options); }; });
}

void add_carry_commands(CLI::App& top, Action& action) {
    add_carry_command(top,
                      action,
                      "import",
                      "Bring in mail from a maildir or mbox files; what is there already stays",
                      &import_command);
    add_carry_command(top,
                      action,
                      "export",
                      "Write an account's mail as a maildir (the default) or mbox files",
                      &export_command);
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
    setting_up.add_flag("--password-stdin",
                        setup->password_from_stdin,
                        "Take postmaster's password from the first line of standard input");
    setting_up.callback([=, &action] { action = [=] { return setup_command(*setup); }; });
}

constexpr auto kBuildFooter =
    R"(The message has a Date, a Message-ID and, with --html alone, a plain text made of the HTML.
Texts are sent in UTF-8, their character set guessed when they are in another; attached files keep
every octet.

  staffetta mime build --from 'Alice <alice@crepes.example>' --to bob@hamburger.example \
      --subject 'Grüße' --text letter.txt --attach menu.pdf >message.eml
  echo '<p>Look: <img src="cid:logo.png">' |
      staffetta mime build --from alice@crepes.example --to bob@hamburger.example \
      --subject Logo --html - --inline pictures/logo.png >message.eml

Exit status: 0 done, 64 usage, 65 an address that is none, or a picture that the HTML does not show,
67 no such file, 74 a file that cannot be read or an output that cannot be written, 77 not permitted.)";

void add_mime_build(CLI::App& mime, Action& action) {
    auto options = std::make_shared<MimeBuildOptions>();
    CLI::App& build =
        *mime.add_subcommand("build", "Write a message of texts and files to standard output");
    build.footer(kBuildFooter);
    build.add_option("--from", options->from, "The author: an address, or NAME <ADDRESS>")
        ->type_name("A")
        ->required();
    const auto add_list = [&build](const char* name, auto& values, const char* type, auto help) {
        return build.add_option(name, values, help)->type_name(type)->allow_extra_args(false);
    };
    add_list("--to", options->to, "A[,A]", "The recipients; may be given again")->required();
    add_list("--cc", options->cc, "A[,A]", "Those who get a copy; may be given again");
    build.add_option("--subject", options->subject, "The subject")->type_name("S")->required();
    build.add_option("--text", options->text, "The text, or - for standard input")
        ->type_name("FILE");
    CLI::Option* html =
        build.add_option("--html", options->html, "The same as HTML, or - for standard input")
            ->type_name("FILE");
    add_list("--attach",
             options->attachments,
             "FILE",
             "Attach a file, its media type told by its octets; may be given again");
    add_list("--inline",
             options->pictures,
             "FILE",
             "A picture that the HTML shows as \"cid:NAME\"; may be given again")
        ->needs(html);
    build.add_flag("--utf8",
                   options->utf8,
                   "Write names and addresses as they are, for servers with SMTPUTF8 only");
    build.callback([=, &action] { action = [=] { return mime_build_command(*options); }; });
}

void add_mime_show(CLI::App& mime, Action& action) {
    auto options = std::make_shared<MimeShowOptions>();
    CLI::App& show = *mime.add_subcommand("show", "Print a message's structure, or one part of it");
    show.add_option("FILE", options->file, "A message, or - for standard input")->required();
    show.add_flag("--json", options->json, "The structure as JSON");
    show.add_flag("--groups",
                  options->groups,
                  "How the octets of FILE, or of the part, become base64, group by group");
    show.add_option("--part", options->part, "Print this part's octets, as 1.2")->type_name("N");
    show.add_flag(
            "--decode", options->decode, "Undo the part's transfer encoding and character set")
        ->needs("--part");
    show.callback([=, &action] { action = [=] { return mime_show_command(*options); }; });
}

void add_mime_commands(CLI::App& top, Action& action) {
    CLI::App& mime = *top.add_subcommand("mime", "Look into messages, and build them");
    mime.require_subcommand(1);
    add_mime_show(mime, action);
    add_mime_build(mime, action);
}

// The agent reads its own arguments: BSD's letters and a verb that is optional do not fit CLI11's shape.
void add_ftp_command(CLI::App& top, Action& action) {
    CLI::App& ftp = *top.add_subcommand("ftp", "Talk to an FTP server, or get, put, ls, mirror");
    ftp.set_help_flag();
    ftp.prefix_command();
    ftp.fallthrough(false);
    add_admin({ftp, action, "ftp"},
              "who",
              "The sessions of the running server, and what each does",
              [](CLI::App&, AdminCall&) {});
    ftp.callback([&ftp, &action] {
        if (!ftp.got_subcommand("who")) {
            action = [words = ftp.remaining()] { return agent::run_ftp(words); };
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

int run_command_line(int argc, char** argv) {
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
    add_mailbox_commands(top, action);
    add_queue_commands(top, action);
    add_share_commands(top, action);
    add_watching_commands(top, action);
    add_carry_commands(top, action);
    add_mime_commands(top, action);
    add_ftp_command(top, action);
    return parse_and_run(top, action, argc, argv);
}

}  // namespace app
