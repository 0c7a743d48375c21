#include "smtp/server/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/ascii.h"
#include "smtp/server/session.h"

namespace smtp {
namespace {

// clang-format off
constexpr std::array kCommands = {
//  verb        handler                   states           flags                   syntax                                    section
Command{"AUTH", &Session::on_auth,        kReady,          kSmtp | kLast,          "AUTH mechanism [initial-response]",      "4954 4"},
Command{"BDAT", &Session::on_bdat,        kAny,            kBoth,                  "BDAT octets [LAST]",                     "3030 2"},
Command{"DATA", &Session::on_data,        kRcpt,           kBoth | kLogin | kLast | kBare, "DATA",                           "5321 4.1.1.4"},
Command{"EHLO", &Session::on_ehlo,        kAny,            kSmtp | kLast,          "EHLO Domain / address-literal",          "5321 4.1.1.1"},
Command{"EXPN", &Session::on_expn,        kAny,            kBoth | kLogin | kLast, "EXPN list",                              "5321 4.1.1.7"},
Command{"HELO", &Session::on_helo,        kAny,            kSmtp | kLast,          "HELO Domain",                            "5321 4.1.1.1"},
Command{"HELP", &Session::on_help,        kAny,            kBoth,                  "HELP [command]",                         "5321 4.1.1.8"},
Command{"LHLO", &Session::on_lhlo,        kAny,            kLmtp | kLast,          "LHLO Domain / address-literal",          "2033 4.1"},
Command{"MAIL", &Session::on_mail,        kReady,          kBoth | kLogin,         "MAIL FROM:<reverse-path> [parameters]",  "5321 4.1.1.2"},
Command{"NOOP", &Session::on_noop,        kAny,            kBoth | kLast,          "NOOP [text]",                            "5321 4.1.1.9"},
Command{"QUIT", &Session::on_quit,        kAny,            kBoth | kLast | kBare,  "QUIT",                                   "5321 4.1.1.10"},
Command{"RCPT", &Session::on_rcpt,        kMail | kRcpt,   kBoth | kLogin,         "RCPT TO:<forward-path> [parameters]",    "5321 4.1.1.3"},
Command{"RSET", &Session::on_rset,        kAny,            kBoth | kBare,          "RSET",                                   "5321 4.1.1.5"},
Command{"SAML", &Session::on_obsolete,    kAny,            kSmtp,                  "SAML FROM:<reverse-path>",               "5321 F.6"},
Command{"SEND", &Session::on_obsolete,    kAny,            kSmtp,                  "SEND FROM:<reverse-path>",               "5321 F.6"},
Command{"SOML", &Session::on_obsolete,    kAny,            kSmtp,                  "SOML FROM:<reverse-path>",               "5321 F.6"},
Command{"STARTTLS", &Session::on_starttls, kReady,         kBoth | kLast | kBare,  "STARTTLS",                               "3207 4"},
Command{"TURN", &Session::on_obsolete,    kAny,            kSmtp,                  "TURN",                                   "5321 F.1"},
Command{"VRFY", &Session::on_vrfy,        kAny,            kBoth | kLogin | kLast, "VRFY user",                              "5321 4.1.1.6"},
};

// clang-format on

constexpr bool is_before(const Command& a, const Command& b) {
    return a.verb < b.verb;
}

constexpr bool is_whole(const Command& command) {
    return command.handler != nullptr && command.states != 0 && (command.flags & kBoth) != 0 &&
           command.syntax.starts_with(command.verb) && !command.section.empty();
}

static_assert(std::is_sorted(kCommands.begin(), kCommands.end(), is_before));
static_assert(std::adjacent_find(kCommands.begin(),
                                 kCommands.end(),
                                 [](const Command& a, const Command& b) {
                                     return a.verb == b.verb;
                                 }) == kCommands.end());
static_assert(std::all_of(kCommands.begin(), kCommands.end(), is_whole));

std::string state_names(unsigned states) {
    constexpr std::array<std::pair<State, std::string_view>, 5> kNames = {{{kFresh, "fresh"},
                                                                           {kReady, "ready"},
                                                                           {kMail, "mail"},
                                                                           {kRcpt, "rcpt"},
                                                                           {kChunks, "bdat"}}};
    if (states == kAny) {
        return "any";
    }
    std::string names;
    for (const auto& [state, name] : kNames) {
        if ((states & state) != 0) {
            names += names.empty() ? "" : ",";
            names += name;
        }
    }
    return names;
}

std::string flag_names(unsigned flags) {
    std::string names = (flags & kBoth) == kBoth ? "smtp,lmtp"
                        : (flags & kSmtp) != 0   ? "smtp"
                                                 : "lmtp";
    names += (flags & kLogin) != 0 ? ",login" : "";
    names += (flags & kLast) != 0 ? ",last" : "";
    return names;
}

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

const Command* find_command(std::string_view verb) {
    const auto found = std::find_if(kCommands.begin(), kCommands.end(), [verb](const Command& row) {
        return base::iequals(row.verb, verb);
    });
    return found == kCommands.end() ? nullptr : &*found;
}

std::string dump_commands() {
    std::string text;
    for (const Command& command : kCommands) {
        fmt::format_to(std::back_inserter(text),
                       "{:<10}{:<12}{:<22}{:<40}RFC {}\n",
                       command.verb,
                       state_names(command.states),
                       flag_names(command.flags),
                       command.syntax,
                       command.section);
    }
    return text;
}

}  // namespace smtp
