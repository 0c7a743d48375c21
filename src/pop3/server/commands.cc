#include "pop3/server/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pop3/server/server.h"
#include "pop3/server/session.h"

namespace pop3 {
namespace {

// clang-format off
// RFC 1939 5 to 7, RFC 2449 5, RFC 2595 4, RFC 5034 4, RFC 6856 2.1 and 3.
constexpr std::array kCommands{
//          verb    handler             states          flags         capability   syntax                                  section
    Command{"APOP", &Session::on_apop,  kAuthorization, kArguments,   "",          "APOP name digest",                     "1939 7"},
    Command{"AUTH", &Session::on_auth,  kAuthorization, 0,            "SASL",      "AUTH mechanism [initial-response]",    "5034 4"},
    Command{"CAPA", &Session::on_capa,  kAnyState,      kNoArguments, "",          "CAPA",                                 "2449 5"},
    Command{"DELE", &Session::on_dele,  kTransaction,   kArguments,   "",          "DELE msg",                             "1939 5"},
    Command{"LANG", &Session::on_lang,  kAnyState,      0,            "LANG",      "LANG [language]",                      "6856 3"},
    Command{"LIST", &Session::on_list,  kTransaction,   0,            "",          "LIST [msg]",                           "1939 5"},
    Command{"NOOP", &Session::on_noop,  kTransaction,   kNoArguments, "",          "NOOP",                                 "1939 5"},
    Command{"PASS", &Session::on_pass,  kAuthorization, kArguments,   "",          "PASS string",                          "1939 7"},
    Command{"QUIT", &Session::on_quit,  kAnyState,      kNoArguments, "",          "QUIT",                                 "1939 6"},
    Command{"RETR", &Session::on_retr,  kTransaction,   kArguments,   "",          "RETR msg",                             "1939 5"},
    Command{"RSET", &Session::on_rset,  kTransaction,   kNoArguments, "",          "RSET",                                 "1939 5"},
    Command{"STAT", &Session::on_stat,  kTransaction,   kNoArguments, "",          "STAT",                                 "1939 5"},
    Command{"STLS", &Session::on_stls,  kAuthorization, kNoArguments, "STLS",      "STLS",                                 "2595 4"},
    Command{"TOP",  &Session::on_top,   kTransaction,   kArguments,   "TOP",       "TOP msg n",                            "1939 7"},
    Command{"UIDL", &Session::on_uidl,  kTransaction,   0,            "UIDL",      "UIDL [msg]",                           "1939 7"},
    Command{"USER", &Session::on_user,  kAuthorization, kArguments,   "USER",      "USER name",                            "1939 7"},
    Command{"UTF8", &Session::on_utf8,  kAuthorization, kNoArguments, "UTF8 USER", "UTF8",                                 "6856 2.1"},
};
// clang-format on

static_assert(std::ranges::is_sorted(kCommands, {}, &Command::verb));
static_assert(std::ranges::adjacent_find(kCommands, {}, &Command::verb) == kCommands.end());
static_assert(std::ranges::all_of(kCommands, [](const Command& command) {
    return command.syntax.starts_with(command.verb) && command.states != 0 &&
           command.flags != (kNoArguments | kArguments) &&
           ((command.flags & kNoArguments) == 0 || command.syntax == command.verb);
}));

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

const Command* find_command(std::string_view verb) {
    const auto* const row = std::ranges::lower_bound(kCommands, verb, {}, &Command::verb);
    return row != kCommands.end() && row->verb == verb ? row : nullptr;
}

std::string dump_commands() {
    std::string text;
    for (const Command& command : kCommands) {
        const std::string_view states = command.states == kAnyState        ? "any"
                                        : command.states == kAuthorization ? "authorization"
                                                                           : "transaction";
        fmt::format_to(std::back_inserter(text),
                       "{:<5} {:<14} {:<36} RFC {}\n",
                       command.verb,
                       states,
                       command.syntax,
                       command.section);
    }
    return text;
}

}  // namespace pop3
