// What can be switched on and off in the interactive client, and set to a value.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/shell.h"
#include "agent/terminal.h"
#include "base/ascii.h"
#include "base/environment.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

std::string environment_or(const char* name, const std::string& otherwise) {
    const std::string value = base::environment(name);
    return value.empty() ? otherwise : value;
}

base::Result<unsigned> parse_count(const std::string& text, unsigned max) {
    const auto count = base::parse_number<unsigned>(text, max);
    if (!count) {
        return fail(Errc::kSyntax, fmt::format("{} is no number up to {}", text, max));
    }
    return *count;
}

constexpr std::array<std::pair<std::string_view, ftp::ClientTls>, 4> kTlsLevels{
    {{"never", ftp::ClientTls::kNever},
     {"offered", ftp::ClientTls::kOffered},
     {"required", ftp::ClientTls::kRequired},
     {"implicit", ftp::ClientTls::kImplicit}}};

base::Result<> set_tls(FtpSettings& settings, const std::string& value) {
    const auto* level = std::find_if(
        kTlsLevels.begin(), kTlsLevels.end(), [&](const auto& row) { return row.first == value; });
    if (level == kTlsLevels.end()) {
        return fail(Errc::kSyntax, "tls is never, offered, required or implicit");
    }
    settings.tls = level->second;
    return {};
}

std::string tls_of(const FtpSettings& settings) {
    return std::string(kTlsLevels[static_cast<std::size_t>(settings.tls)].first);
}

// What lftp's users call it.
std::string_view own_name(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kNames{
        {{"cmd:fail-exit", "fail-exit"},
         {"cmd:prompt", "prompt"},
         {"ftp:anon-pass", "anonpass"},
         {"ftp:passive-mode", "passive"},
         {"ftp:prefer-epsv", "epsv"},
         {"ftp:ssl-protect-data", "protect"},
         {"ftp:use-mlsd", "mlsd"},
         {"net:limit-rate", "rate"},
         {"net:limit-total-rate", "rate"},
         {"net:max-retries", "retries"},
         {"net:timeout", "timeout"},
         {"pget:default-n", "segments"},
         {"ssl:ca-file", "cacert"},
         {"ssl:verify-certificate", "verify"}}};
    const auto* found = std::find_if(
        kNames.begin(), kNames.end(), [name](const auto& row) { return row.first == name; });
    return found == kNames.end() ? name : found->second;
}

std::optional<bool> parse_switch(std::string_view text) {
    // BSD's debug takes a level.
    const bool level = !text.empty() && base::is_digit(text[0]);
    if (text == "on" || text == "yes" || text == "true" || (level && text != "0")) {
        return true;
    }
    if (text == "off" || text == "no" || text == "false" || text == "0") {
        return false;
    }
    return std::nullopt;
}

}  // namespace

struct VariableTable {
    // A switch; for `sendport` inverted.
    struct Switch {
        std::string_view name;
        bool* (*value)(Shell&);
        bool inverted;
    };

    // A text of the user's; without a value (unset) it becomes what it was at first.
    struct Variable {
        std::string_view name;
        std::string (*get)(Shell&);
        base::Result<> (*set)(Shell&, const std::string&);
        std::string_view first;
        std::string_view help;
    };

    static FtpSettings& settings(Shell& shell) { return shell.site().settings(); }

    // clang-format off
    static constexpr std::array kSwitches{
        Switch{"bell",     [](Shell& s) { return &s.switches_.bell; }, false},
        Switch{"case",     [](Shell& s) { return &s.names_.lower_case; }, false},
        Switch{"cr",       [](Shell& s) { return &s.switches_.strip_returns; }, false},
        Switch{"debug",    [](Shell& s) { return &settings(s).debug; }, false},
        Switch{"epsv",     [](Shell& s) { return &settings(s).extended; }, false},
        Switch{"epsv4",    [](Shell& s) { return &settings(s).extended; }, false},
        Switch{"epsv6",    [](Shell& s) { return &settings(s).extended; }, false},
        Switch{"fail-exit", [](Shell& s) { return &s.switches_.fail_exit; }, false},
        Switch{"gate",     [](Shell& s) { return &s.switches_.gate; }, false},
        Switch{"glob",     [](Shell& s) { return &s.switches_.globbing; }, false},
        Switch{"hash",     [](Shell& s) { return &s.switches_.marks; }, false},
        Switch{"hidden",   [](Shell& s) { return &settings(s).list_hidden; }, false},
        Switch{"mlsd",     [](Shell& s) { return &settings(s).use_mlsd; }, false},
        Switch{"passive",  [](Shell& s) { return &settings(s).passive; }, false},
        Switch{"preserve", [](Shell& s) { return &s.switches_.keep_time; }, false},
        Switch{"progress", [](Shell& s) { return &s.switches_.meter; }, false},
        Switch{"prompt",   [](Shell& s) { return &s.switches_.ask_each; }, false},
        Switch{"protect",  [](Shell& s) { return &settings(s).protect_data; }, false},
        Switch{"runique",  [](Shell& s) { return &s.switches_.receive_unique; }, false},
        Switch{"sendport", [](Shell& s) { return &settings(s).passive; }, true},
        Switch{"sunique",  [](Shell& s) { return &s.switches_.send_unique; }, false},
        Switch{"trace",    [](Shell& s) { return &settings(s).trace; }, false},
        Switch{"verbose",  [](Shell& s) { return &settings(s).verbose; }, false},
        Switch{"verify",   [](Shell& s) { return &settings(s).verify; }, false},
    };

    static constexpr std::array kVariables{
        Variable{"anonpass", [](Shell& s) { return settings(s).anonymous_password; },
                 [](Shell& s, const std::string& v) { settings(s).anonymous_password = v; return base::Result<>(); },
                 "ftp@", "the password of anonymous ($FTPANONPASS)"},
        Variable{"cacert", [](Shell& s) { return settings(s).authorities; },
                 [](Shell& s, const std::string& v) { settings(s).authorities = v; return base::Result<>(); },
                 "", "the file of authorities to trust; empty: the system's"},
        Variable{"editor", [](Shell& s) { return s.texts_.editor; },
                 [](Shell& s, const std::string& v) { s.texts_.editor = v; return base::Result<>(); },
                 "", "what `edit` runs; empty: $EDITOR or vi"},
        Variable{"gate", [](Shell& s) { return s.texts_.gate; },
                 [](Shell& s, const std::string& v) { s.texts_.gate = v; return base::Result<>(); },
                 "", "the gateway of `gate`, HOST or HOST:PORT ($FTPSERVER)"},
        Variable{"netrc", [](Shell& s) { return netrc_path(settings(s)); },
                 [](Shell& s, const std::string& v) { settings(s).netrc = v; return base::Result<>(); },
                 "", "who we are where; empty: $NETRC or ~/.netrc"},
        Variable{"pager", [](Shell& s) { return s.texts_.pager; },
                 [](Shell& s, const std::string& v) { s.texts_.pager = v; return base::Result<>(); },
                 "", "what `page` runs; empty: $PAGER or less"},
        Variable{"prompt", [](Shell& s) { return s.texts_.prompt; },
                 [](Shell& s, const std::string& v) { s.texts_.prompt = v; return base::Result<>(); },
                 "ftp> ", "%/ folder, %M host, %m its first name, %n user ($FTPPROMPT)"},
        Variable{"rate", [](Shell& s) { return fmt::format("{}", settings(s).rate_max); },
                 [](Shell& s, const std::string& v) -> base::Result<> {
                     TRY(const std::uint64_t rate, parse_octets(v));
                     s.site().limit_rate(rate);
                     return {};
                 }, "0", "octets a second of all transfers together, as 200k; 0: no bound"},
        Variable{"retries", [](Shell& s) { return fmt::format("{}", settings(s).retries); },
                 [](Shell& s, const std::string& v) -> base::Result<> {
                     TRY(settings(s).retries, parse_count(v, 1000));
                     return {};
                 }, "3", "how often a transfer is tried again"},
        Variable{"rprompt", [](Shell& s) { return s.texts_.right_prompt; },
                 [](Shell& s, const std::string& v) { s.texts_.right_prompt = v; return base::Result<>(); },
                 "", "a prompt at the right ($FTPRPROMPT)"},
        Variable{"segments", [](Shell& s) { return fmt::format("{}", s.segments_); },
                 [](Shell& s, const std::string& v) -> base::Result<> {
                     TRY(const unsigned count, parse_count(v, 16));
                     s.segments_ = std::max(1U, count);
                     return {};
                 }, "4", "the connections of `pget`"},
        Variable{"timeout", [](Shell& s) {
                     return fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(settings(s).patience).count());
                 },
                 [](Shell& s, const std::string& v) -> base::Result<> {
                     TRY(const unsigned seconds, parse_count(v, 86400));
                     settings(s).patience = std::chrono::seconds(std::max(1U, seconds));
                     return {};
                 }, "60", "seconds of patience with a silent server"},
        Variable{"tls", [](Shell& s) { return tls_of(settings(s)); },
                 [](Shell& s, const std::string& v) { return set_tls(settings(s), v); },
                 "offered", "never, offered, required or implicit; for the next `open`"},
    };
    // clang-format on
};

void Shell::set_up_from_environment() {
    site().settings().anonymous_password = environment_or("FTPANONPASS", "ftp@");
    texts_.prompt = environment_or("FTPPROMPT", texts_.prompt);
    texts_.right_prompt = environment_or("FTPRPROMPT", texts_.right_prompt);
    texts_.gate = environment_or("FTPSERVER", "");
    const std::string mode = environment_or("FTPMODE", "");
    if (mode == "active") {
        site().settings().passive = false;
    }
    switches_.gate = mode == "gate" && !texts_.gate.empty();
}

// To the connection that is open, as far as it can still change.
void Shell::apply_settings() {
    FtpSettings& settings = site().settings();
    settings.keep_returns = !switches_.strip_returns;
    if (!site().has_client()) {
        return;
    }
    ftp::ClientOptions& options = client().options();
    options.passive = settings.passive;
    options.extended = settings.extended;
    options.use_mlsd = settings.use_mlsd;
    options.list_hidden = settings.list_hidden;
    options.keep_returns = settings.keep_returns;
    options.patience = settings.patience;
    options.protect_data = settings.protect_data;
}

// bell, case, cr, debug ...: the switches of the table.
base::Result<> Shell::on_switch(const Words& words) {
    const auto* found = std::find_if(VariableTable::kSwitches.begin(),
                                     VariableTable::kSwitches.end(),
                                     [&](const auto& row) { return row.name == words[0]; });
    CHECK(found != VariableTable::kSwitches.end());
    bool& value = *found->value(*this);
    const std::string wanted =
        words.size() > 1 ? words[1] : (value != found->inverted ? "off" : "on");
    const auto on = parse_switch(wanted);
    if (!on) {
        return fail(Errc::kSyntax, fmt::format("{} is on or off", words[0]));
    }
    value = *on != found->inverted;
    apply_settings();
    if (words[0] == "protect" && site().is_open() && client().tls() != nullptr) {
        TRY_VOID(site().run(client().set_protection(*on)));
    }
    say(fmt::format("{} is {}\n", words[0], *on ? "on" : "off"));
    return {};
}

base::Result<> Shell::assign(std::string_view named, const std::optional<std::string>& value) {
    const std::string_view name = own_name(named);
    if (name == "ftp:ssl-force" || name == "ftp:ssl-allow") {
        const bool on = parse_switch(value.value_or("on")).value_or(true);
        return set_tls(site().settings(),
                       name == "ftp:ssl-force" && on ? "required" : (on ? "offered" : "never"));
    }
    for (const auto& variable : VariableTable::kVariables) {
        if (variable.name == name) {
            TRY_VOID(variable.set(*this, value.value_or(std::string(variable.first))));
            apply_settings();
            return {};
        }
    }
    for (const auto& row : VariableTable::kSwitches) {
        if (row.name == name) {
            return on_switch({std::string(name), value.value_or("off")});
        }
    }
    return fail(Errc::kSyntax, fmt::format("{}: no such setting; `set` lists them", name));
}

std::vector<std::string> Shell::variable_names() const {
    std::vector<std::string> names;
    names.reserve(VariableTable::kVariables.size() + VariableTable::kSwitches.size());
    for (const auto& variable : VariableTable::kVariables) {
        names.emplace_back(variable.name);
    }
    for (const auto& row : VariableTable::kSwitches) {
        names.emplace_back(row.name);
    }
    return names;
}

// set [NAME [VALUE]]
base::Result<> Shell::on_set(const Words& words) {
    if (words.size() > 2) {
        return assign(words[1], words[2]);
    }
    bool found = false;
    const std::string_view name = words.size() == 1 ? "" : own_name(words[1]);
    for (const auto& variable : VariableTable::kVariables) {
        if (words.size() == 1 || variable.name == name) {
            say(fmt::format("{:<9} {:<20}  # {}\n",
                            variable.name,
                            variable.get(*this).empty() ? "\"\"" : variable.get(*this),
                            variable.help));
            found = true;
        }
    }
    if (words.size() == 1) {
        say("The switches that `status` shows can be set to on and off, too.\n");
    }
    for (const auto& row : VariableTable::kSwitches) {
        if (words.size() == 2 && !found && row.name == name) {
            say(fmt::format(
                "{} is {}\n", row.name, *row.value(*this) != row.inverted ? "on" : "off"));
            found = true;
        }
    }
    return found ? base::Result<>()
                 : base::Result<>(
                       fail(Errc::kSyntax,
                            fmt::format("{}: no such setting; `set` lists them", words[1])));
}

base::Result<> Shell::on_unset(const Words& words) {
    return assign(words[1], std::nullopt);
}

base::Result<> Shell::on_status(const Words& /*words*/) {
    if (site().is_open()) {
        const net::TlsInfo* tls = client().tls();
        const std::string protection =
            tls == nullptr ? "in clear"
                           : fmt::format("{} {}{}",
                                         tls->version,
                                         tls->cipher,
                                         client().protects_data() ? "" : ", files in clear");
        say(fmt::format("Connected to {}, {}; {}\n",
                        site().host(),
                        client().is_logged_in() ? "logged in" : "not logged in",
                        protection));
        const ftp::Representation as = representation();
        say(fmt::format("type {}, mode {}, structure {}\n",
                        ftp::type_name(as),
                        ftp::mode_letter(as.mode),
                        ftp::structure_letter(as.structure)));
    } else {
        say("Not connected\n");
    }
    if (there_) {
        say(fmt::format("proxy: {}\n",
                        there_->site->is_open() ? there_->site->host() : "not connected"));
    }
    if (!names_.pattern_in.empty()) {
        say(fmt::format("nmap {} {}\n", names_.pattern_in, names_.pattern_out));
    }
    if (!names_.characters_in.empty()) {
        say(fmt::format("ntrans {} {}\n", names_.characters_in, names_.characters_out));
    }
    std::string text;
    std::size_t column = 0;
    const std::size_t in_a_line = std::max<std::size_t>(1, (terminal_columns() + 3) / 16);
    for (const auto& row : VariableTable::kSwitches) {
        text +=
            fmt::format("{:<10}{:<3}", row.name, *row.value(*this) != row.inverted ? "on" : "off");
        text += ++column % in_a_line == 0 ? "\n" : "   ";
    }
    say(text + (text.ends_with('\n') ? "" : "\n"));
    return {};
}

base::Result<> Shell::on_rate(const Words& words) {
    // BSD's names the direction first, and may have an increment last: here one bound holds for both.
    const bool directed =
        words.size() > 1 && (words[1] == "all" || words[1] == "get" || words[1] == "put");
    const std::size_t at = directed ? 2 : 1;
    if (words.size() > at) {
        TRY_VOID(assign("rate", words[at]));
    }
    const std::uint64_t rate = site().settings().rate_max;
    say(rate == 0 ? "No bound\n" : fmt::format("At most {} a second\n", format_octets(rate)));
    return {};
}

// hash [on|off|OCTETS]
base::Result<> Shell::on_marks(const Words& words) {
    if (words.size() > 1 && words[1] != "on" && words[1] != "off") {
        TRY(const std::uint64_t octets, parse_octets(words[1]));
        mark_octets_ = std::max<std::uint64_t>(1, octets);
        switches_.marks = true;
    } else {
        switches_.marks = words.size() > 1 ? words[1] == "on" : !switches_.marks;
    }
    say(switches_.marks ? fmt::format("hash is on: a # each {}\n", format_octets(mark_octets_))
                        : "hash is off\n");
    return {};
}

// rcvbuf, sndbuf, xferbuf: kept for scripts.
base::Result<> Shell::on_buffers(const Words& words) {
    if (words.size() > 1) {
        TRY_VOID(parse_octets(words[1]));
    }
    say(fmt::format("{}: the system sizes the buffers of connections as they need\n", words[0]));
    return {};
}

base::Result<> Shell::on_ntrans(const Words& words) {
    if (words.size() > 2 && words[2].find('/') != std::string::npos) {
        // A server's name would choose the folder.
        return fail(Errc::kInvalid, "no character of a name can become a /");
    }
    names_.characters_in = words.size() > 1 ? words[1] : "";
    names_.characters_out = words.size() > 2 ? words[2] : "";
    return {};
}

base::Result<> Shell::on_nmap(const Words& words) {
    if (words.size() == 2) {
        return fail(Errc::kSyntax, "usage: nmap [PATTERN NEW-PATTERN]");
    }
    names_.pattern_in = words.size() > 2 ? words[1] : "";
    names_.pattern_out = words.size() > 2 ? words[2] : "";
    return {};
}

}  // namespace agent
