// The commands that administer a server, running or stopped.
#include <memory>

#include "app/command_parts.h"

namespace app {
namespace {

void account_options(CLI::App& command, AdminCall& call) {
    text_option(command, call, "name", "TEXT", "The person's full name, as \"Fred Smith\"");
    text_option(
        command, call, "quota", "SIZE", "The most that the mailbox holds, as 1GiB; 0: no limit");
    text_option(command, call, "quota-messages", "N", "The most messages; 0: no limit");
    flag_option(command,
                call,
                "administrator",
                {"administrator", "yes"},
                "May administer, and receives mail for postmaster");
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

void account_and_mailbox(CLI::App& command, AdminCall& call) {
    command
        .add_option("ACCOUNT-AND-MAILBOX",
                    call.request.arguments,
                    "An account's address, and the path of one of its mailboxes: Lists/c++")
        ->required()
        ->expected(2);
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

void add_alias_import(const Group& alias) {
    auto options = std::make_shared<AliasImportOptions>();
    CLI::App& command =
        *alias.app.add_subcommand("import", "Take over the aliases of a file such as /etc/aliases");
    command.add_option("FILE", options->path, "The file, or - for standard input")->required();
    command.add_option("--domain", options->domain, "The domain of names that have none")
        ->type_name("DOMAIN")
        ->required();
    add_config(command, options->config);
    command.callback(
        [=, &action = alias.action] { action = [=] { return import_aliases_command(*options); }; });
}

}  // namespace

void add_domain_commands(CLI::App& top, Action& action) {
    const Group domain = add_group(top, action, "domain", "The domains that mail is received for");
    add_admin(
        domain, "add", "Receive mail for DOMAIN from now on", only("DOMAIN", "As example.org"));
    add_admin(domain,
              "remove",
              "Stop receiving mail for DOMAIN",
              only("DOMAIN", "A domain without accounts and aliases"));
    add_admin(domain, "list", "Print the domains, one a line");
}

void add_account_commands(CLI::App& top, Action& action) {
    const Group account =
        add_group(top, action, "account", "The people who have a mailbox and log in");
    add_admin(account, "add", "Make an account and its password", [](CLI::App& c, AdminCall& call) {
        one_argument(
            c, call, "ADDRESS", "NAME@DOMAIN: the mail address, and what one logs in with");
        account_options(c, call);
        secret_option(c, call);
    });
    add_admin(
        account, "set", "Change what is given, keep the rest", [](CLI::App& c, AdminCall& call) {
            one_argument(c, call, "ADDRESS", "An account's address");
            account_options(c, call);
            flag_option(
                c, call, "no-administrator", {"administrator", "no"}, "No administrator any more");
            flag_option(c, call, "disable", {"disabled", "yes"}, "May neither log in nor receive");
            flag_option(c, call, "enable", {"disabled", "no"}, "May again");
        });
    add_admin(
        account, "password", "Give an account a new password", [](CLI::App& c, AdminCall& call) {
            one_argument(c, call, "ADDRESS", "An account's address");
            secret_option(c, call);
        });
    add_admin(account,
              "remove",
              "Remove an account, its mail and files included",
              only("ADDRESS", "An account's address"));
    add_admin(account, "list", "Print the accounts, one a line", [](CLI::App& c, AdminCall& call) {
        c.add_option("DOMAIN", call.request.arguments, "Only those of one domain")->expected(0, 1);
    });
}

void add_secret_commands(CLI::App& top, Action& action) {
    const Group application =
        add_group(top,
                  action,
                  "application-password",
                  "Passwords for one program each: named, limited, revocable");
    add_admin(application,
              "add",
              "Draw a new one and print it, this once",
              [](CLI::App& c, AdminCall& call) {
                  account_and_name(c, call);
                  text_option(c, call, "services", "LIST", "Only for these services, as smtp,pop3");
              });
    add_admin(application, "remove", "Revoke one", account_and_name);
    add_admin(application, "list", "Print their names, dates and services", account_argument);

    const Group legacy =
        add_group(top,
                  action,
                  "legacy-secret",
                  "A secret of its own for CRAM-MD5 and APOP, which must be stored as it is");
    add_admin(legacy, "set", "Give an account one", [](CLI::App& c, AdminCall& call) {
        account_argument(c, call);
        secret_option(c, call);
    });
    add_admin(legacy, "remove", "Take it away", account_argument);
}

void add_alias_commands(CLI::App& top, Action& action) {
    const Group alias = add_group(top, action, "alias", "Addresses that stand for others");
    add_admin(alias,
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
    add_admin(alias, "remove", "Forget an alias", only("ALIAS", "The alias' address"));
    add_admin(alias, "show", "Print what an alias stands for", only("ALIAS", "The alias' address"));
    add_admin(alias,
              "list",
              "Print a domain's aliases and what they stand for",
              only("DOMAIN", "The domain whose aliases to print"));
    add_alias_import(alias);
}

void add_mailbox_commands(CLI::App& top, Action& action) {
    const Group mailbox = add_group(top, action, "mailbox", "The mailboxes of an account");
    add_admin(mailbox, "list", "Print them", account_argument);
    add_admin(
        mailbox, "create", "Make one, and the levels above it", [](CLI::App& c, AdminCall& call) {
            account_and_mailbox(c, call);
            text_option(c, call, "role", "ROLE", "archive, drafts, junk, sent, trash ...");
        });
    add_admin(mailbox,
              "rename",
              "Give one another name, with all below it",
              [](CLI::App& c, AdminCall& call) {
                  c.add_option("ACCOUNT-FROM-TO",
                               call.request.arguments,
                               "An account's address, a mailbox' path, and its path from now on")
                      ->required()
                      ->expected(3);
              });
    add_admin(mailbox, "remove", "Remove one with all messages in it", account_and_mailbox);
    add_admin(mailbox,
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

void add_queue_commands(CLI::App& top, Action& action) {
    const Group queue = add_group(top, action, "queue", "Messages on their way to other servers");
    add_admin(queue, "list", "What waits, for whom and why", [](CLI::App& c, AdminCall& call) {
        queue_filter(c, call);
        flag_option(c, call, "json", {"json", "yes"}, "As JSON, with everything that is known");
    });
    add_admin(queue,
              "show",
              "One message: where it stands, and its life so far",
              only("ID", "The queue id of a message"));
    add_admin(
        queue, "destinations", "Where messages wait to go, and which servers cannot be reached");
    add_admin(queue, "retry", "Try now, whatever the schedule says", queue_selection);
    add_admin(queue, "hold", "Keep here until released", queue_selection);
    add_admin(queue, "release", "Send on what was held", queue_selection);
    add_admin(queue, "remove", "Forget without a word to anybody", queue_selection);
    add_admin(queue, "bounce", "Return to the sender as undeliverable", queue_selection);
}

void add_share_commands(CLI::App& top, Action& action) {
    const Group share = add_group(top, action, "share", "Trees of files that several people see");
    add_admin(share, "add", "Make a share", share_limits);
    add_admin(share, "set", "Change what is given, keep the rest", share_limits);
    add_admin(share,
              "remove",
              "Forget a share and its grants",
              only("SHARE", "Its name; its files stay on the disk"));
    add_admin(share, "list", "Print the shares and their grants");
    add_admin(share, "grant", "Say who may do what", [](CLI::App& c, AdminCall& call) {
        grant_arguments(c, call, "SHARE-WHO-RIGHTS", 3);
    });
    add_admin(share, "revoke", "Take back what was granted", [](CLI::App& c, AdminCall& call) {
        grant_arguments(c, call, "SHARE-WHO", 2);
    });
}

}  // namespace app
