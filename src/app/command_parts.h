// What the files of the command line share: an administration command and the shapes of its arguments.
// Sees CLI11, whose header costs seconds: only command_*.cc include this.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>

#include "app/commands.h"

namespace app {

// What the arguments ask for: each subcommand's callback leaves it here.
using Action = std::function<int()>;

// A request that fills up while the arguments are read.
struct AdminCall {
    std::string config;
    AdminRequest request;
    bool wants_secret = false;
    bool secret_from_stdin = false;
};

// Whose subcommands are being added: `account`, or the program itself with an empty noun.
struct Group {
    CLI::App& app;
    Action& action;
    std::string noun;
};

// Adds `noun` and returns it for its verbs.
[[nodiscard]] Group add_group(CLI::App& top,
                              Action& action,
                              const std::string& noun,
                              const std::string& help);

// --config, with its default and environment variable.
CLI::Option* add_config(CLI::App& command, std::string& config);

// Adds the arguments and options of one command to its request.
using Shape = std::function<void(CLI::App&, AdminCall&)>;

// One administration command; without a shape it takes nothing.
void add_admin(const Group& group,
               const std::string& verb,
               const std::string& help,
               const Shape& shape = {});

// A shape: one required argument, and nothing else.
[[nodiscard]] Shape only(std::string name, std::string help);

// A required argument.
void one_argument(CLI::App& command,
                  AdminCall& call,
                  const std::string& name,
                  const std::string& help);

// --NAME TYPE, an option of the request.
void text_option(CLI::App& command,
                 AdminCall& call,
                 const std::string& name,
                 const std::string& type,
                 const std::string& help);

// A flag that sets an option of the request.
void flag_option(CLI::App& command,
                 AdminCall& call,
                 const std::string& flag,
                 const std::pair<std::string, std::string>& option,
                 const std::string& help);

// --password-stdin; the secret is asked for otherwise.
void secret_option(CLI::App& command, AdminCall& call);

// The commands that administer: domain, account, alias, mailbox, queue, share and so on.
void add_domain_commands(CLI::App& top, Action& action);
void add_account_commands(CLI::App& top, Action& action);
void add_secret_commands(CLI::App& top, Action& action);
void add_alias_commands(CLI::App& top, Action& action);
void add_list_commands(CLI::App& top, Action& action);
void add_mailbox_commands(CLI::App& top, Action& action);
void add_queue_commands(CLI::App& top, Action& action);
void add_share_commands(CLI::App& top, Action& action);

// import and export; mime.
void add_carry_commands(CLI::App& top, Action& action);
void add_mime_commands(CLI::App& top, Action& action);

}  // namespace app
