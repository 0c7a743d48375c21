// `staffetta list`: mailing lists, and who is on them.
#include <memory>

#include "app/command_parts.h"

namespace app {
namespace {

void list_options(CLI::App& command, AdminCall& call) {
    one_argument(command, call, "LIST", "The address to post to, as team@example.org");
    text_option(
        command, call, "description", "TEXT", "What it is about, for people's mail programs");
    text_option(command, call, "posting", "WHO", "Who may post: members, owners or anybody");
    text_option(command,
                call,
                "unsubscribe-url",
                "URL",
                "A page that takes RFC 8058's one-click request, as https://...; empty for none");
    text_option(
        command,
        call,
        "suspend-after",
        "DAYS",
        "On how many days mail for a member may fail before they get nothing more; 0: never");
}

void list_argument(CLI::App& command, AdminCall& call) {
    one_argument(command, call, "LIST", "A list's address");
}

void owner_flag(CLI::App& command, AdminCall& call) {
    flag_option(command,
                call,
                "owner",
                {"owner", "yes"},
                "Owners are meant: they get what is sent to LIST-owner, and may always post");
}

void list_and_members(CLI::App& command, AdminCall& call) {
    command
        .add_option("LIST-AND-ADDRESSES",
                    call.request.arguments,
                    "A list's address, then those of people, here or elsewhere, or of other lists")
        ->required()
        ->expected(2, 10'000);
    owner_flag(command, call);
}

void add_list_import(const Group& list) {
    auto options = std::make_shared<ListImportOptions>();
    CLI::App& command =
        *list.app.add_subcommand("import", "Put everybody on it whom a file names, a line each");
    command.add_option("LIST", options->list, "A list's address")->required();
    command.add_option("FILE", options->path, "The file, or - for standard input")->required();
    command.add_flag("--owner", options->owners, "As owners");
    add_config(command, options->config);
    command.callback(
        [=, &action = list.action] { action = [=] { return import_members_command(*options); }; });
}

}  // namespace

void add_list_commands(CLI::App& top, Action& action) {
    const Group list = add_group(top, action, "list", "Mailing lists, and who is on them");
    add_admin(list, "add", "Make a list", list_options);
    add_admin(list, "set", "Change what is given, keep the rest", list_options);
    add_admin(list, "remove", "Remove a list and forget its members", list_argument);
    add_admin(list, "show", "What is known of a list, and how many are on it", list_argument);
    add_admin(list, "list", "Print the lists, one a line", [](CLI::App& c, AdminCall& call) {
        c.add_option("DOMAIN", call.request.arguments, "Only those of one domain")->expected(0, 1);
    });
    add_admin(list, "members", "Print who is on it", [](CLI::App& c, AdminCall& call) {
        list_argument(c, call);
        owner_flag(c, call);
        flag_option(c,
                    call,
                    "bouncing",
                    {"bouncing", "yes"},
                    "Only members for whom mail has failed, with what is known of that");
    });
    add_admin(list, "join", "Put people on it", list_and_members);
    add_admin(list, "leave", "Take people off it", list_and_members);
    add_admin(list,
              "resume",
              "Let members on again for whom mail has failed",
              [](CLI::App& c, AdminCall& call) {
                  c.add_option("LIST-AND-ADDRESSES",
                               call.request.arguments,
                               "A list's address, then those of members")
                      ->required()
                      ->expected(2, 10'000);
              });
    add_list_import(list);
}

}  // namespace app
