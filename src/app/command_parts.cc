#include "app/command_parts.h"

#include <memory>

#include "app/exit_status.h"

namespace app {
namespace {

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

}  // namespace

Group add_group(CLI::App& top, Action& action, const std::string& noun, const std::string& help) {
    CLI::App& app = *top.add_subcommand(noun, help);
    app.require_subcommand(1);
    return {app, action, noun};
}

CLI::Option* add_config(CLI::App& command, std::string& config) {
    config = "/etc/staffetta/staffetta.toml";
    return command.add_option("-c,--config", config, "The server's configuration file")
        ->type_name("FILE")
        ->envname("STAFFETTA_CONFIG")
        ->capture_default_str();
}

void add_admin(const Group& group,
               const std::string& verb,
               const std::string& help,
               const Shape& shape) {
    auto call = std::make_shared<AdminCall>();
    CLI::App& command = *group.app.add_subcommand(verb, help);
    call->request.command = group.noun.empty() ? verb : group.noun + " " + verb;
    if (shape) {
        shape(command, *call);
    }
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

Shape only(std::string name, std::string help) {
    return [name = std::move(name), help = std::move(help)](CLI::App& command, AdminCall& call) {
        one_argument(command, call, name, help);
    };
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

}  // namespace app
