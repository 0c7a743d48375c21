// What can be switched in the interactive client, and this machine's side of it.
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "agent/shell.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

base::Result<> Shell::on_type(const Words& words) {
    const std::string& wanted = words[0] == "type" && words.size() > 1 ? words[1] : words[0];
    if (wanted == "type") {
        say(ftp::type_name(client().representation()) + "\n");
        return {};
    }
    constexpr std::array<std::pair<std::string_view, ftp::Type>, 5> kTypes{
        {{"ascii", ftp::Type::kAscii},
         {"binary", ftp::Type::kImage},
         {"image", ftp::Type::kImage},
         {"ebcdic", ftp::Type::kEbcdic},
         {"tenex", ftp::Type::kLocal8}}};
    for (const auto& [name, type] : kTypes) {
        if (name == wanted) {
            ascii_ = type == ftp::Type::kAscii;
            return site_.run(client().set_type(type));
        }
    }
    return fail(Errc::kSyntax, "type is ascii, binary, ebcdic or tenex");
}

base::Result<> Shell::on_mode(const Words& words) {
    if (words.size() == 1) {
        say(fmt::format("{}\n", ftp::mode_letter(client().representation().mode)));
        return {};
    }
    const std::string letter(1, words[1] == "deflate" ? 'Z' : base::to_upper(words[1][0]));
    TRY(const ftp::Mode mode, ftp::parse_mode(letter));
    return site_.run(client().set_mode(mode));
}

base::Result<> Shell::on_struct(const Words& words) {
    if (words.size() == 1) {
        say(fmt::format("{}\n", ftp::structure_letter(client().representation().structure)));
        return {};
    }
    TRY(const ftp::Structure structure,
        ftp::parse_structure(std::string(1, base::to_upper(words[1][0]))));
    return site_.run(client().set_structure(structure));
}

// bell, case, debug, epsv, glob, passive, preserve, progress, prompt, runique, sendport, sunique, verbose
base::Result<> Shell::on_switch(const Words& words) {
    FtpSettings& settings = site_.settings();
    const std::array<std::pair<std::string_view, bool*>, 12> switches{
        {{"bell", &switches_.bell},
         {"case", &switches_.lower_case},
         {"debug", &settings.debug},
         {"epsv", &settings.extended},
         {"glob", &switches_.globbing},
         {"passive", &settings.passive},
         {"preserve", &switches_.keep_time},
         {"progress", &switches_.meter},
         {"prompt", &switches_.ask_each},
         {"runique", &switches_.receive_unique},
         {"sunique", &switches_.send_unique},
         {"verbose", &settings.verbose}}};
    const bool inverted = words[0] == "sendport";
    const std::string_view wanted = inverted ? "passive" : std::string_view(words[0]);
    for (const auto& [name, value] : switches) {
        if (name != wanted) {
            continue;
        }
        if (words.size() > 1 && words[1] != "on" && words[1] != "off") {
            return fail(Errc::kSyntax, fmt::format("{} is on or off", words[0]));
        }
        *value = words.size() > 1 ? (words[1] == "on") != inverted : !*value;
        say(fmt::format("{} is {}\n", words[0], *value != inverted ? "on" : "off"));
    }
    if (site_.has_client()) {
        client().options().passive = settings.passive;
        client().options().extended = settings.extended;
    }
    return {};
}

base::Result<> Shell::on_rate(const Words& words) {
    if (words.size() > 1) {
        TRY(site_.settings().rate_max, parse_octets(words[1]));
    }
    const std::uint64_t rate = site_.settings().rate_max;
    say(rate == 0 ? "No bound\n" : fmt::format("At most {} a second\n", format_octets(rate)));
    return {};
}

base::Result<> Shell::on_restart(const Words& words) {
    if (words.size() > 1) {
        const auto octets = base::parse_u64(words[1]);
        if (!octets) {
            return fail(Errc::kSyntax, "restart wants a number of octets");
        }
        restart_ = *octets;
    }
    say(fmt::format("The next get begins at {}\n", restart_));
    return {};
}

base::Result<> Shell::on_status(const Words& /*words*/) {
    const auto word = [](bool on) { return on ? "on" : "off"; };
    const FtpSettings& settings = site_.settings();
    if (site_.is_open()) {
        const net::TlsInfo* tls = client().tls();
        say(fmt::format("Connected to {}, {}; {}; type {}\n",
                        site_.host(),
                        client().is_logged_in() ? "logged in" : "not logged in",
                        tls == nullptr ? "in clear" : tls->version + " " + tls->cipher,
                        ftp::type_name(client().representation())));
    } else {
        say("Not connected\n");
    }
    say(
        fmt::format("passive {}, epsv {}, glob {}, prompt {}, progress {}, preserve {}\n"
                    "case {}, runique {}, sunique {}, bell {}, verbose {}, debug {}\n",
                    word(settings.passive),
                    word(settings.extended),
                    word(switches_.globbing),
                    word(switches_.ask_each),
                    word(switches_.meter),
                    word(switches_.keep_time),
                    word(switches_.lower_case),
                    word(switches_.receive_unique),
                    word(switches_.send_unique),
                    word(switches_.bell),
                    word(settings.verbose),
                    word(settings.debug)));
    return {};
}

base::Result<> Shell::on_lcd(const Words& words) {
    const char* home = std::getenv("HOME");
    const std::string folder = words.size() > 1 ? words[1] : (home == nullptr ? "/" : home);
    std::error_code failed;
    std::filesystem::current_path(folder, failed);
    if (failed) {
        return fail(Errc::kNotFound, fmt::format("{}: {}", folder, failed.message()));
    }
    return on_lpwd(words);
}

base::Result<> Shell::on_lpwd(const Words& /*words*/) {
    std::error_code failed;
    say(std::filesystem::current_path(failed).string() + "\n");
    return {};
}

base::Result<> Shell::on_lpage(const Words& words) {
    const char* pager = std::getenv("PAGER");
    return on_shell({"!", pager == nullptr ? "less" : pager, words[1]});
}

base::Result<> Shell::on_shell(const Words& words) {
    const char* shell = std::getenv("SHELL");
    std::string line;
    for (std::size_t i = 1; i < words.size(); ++i) {
        line += (i > 1 ? " " : "") + words[i];
    }
    if (line.empty()) {
        line = shell == nullptr ? "/bin/sh" : shell;
    }
    if (std::system(line.c_str()) != 0) {
        return fail(Errc::kIo, fmt::format("{} failed", line));
    }
    return {};
}

}  // namespace agent
