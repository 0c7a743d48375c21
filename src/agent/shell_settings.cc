// How the interactive client has files represented on their way.
#include <fmt/format.h>

#include <array>

#include "agent/shell.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

// Of the next transfer; the server is told no sooner than it has to know.
ftp::Representation Shell::representation() {
    ftp::Representation chosen =
        site().has_client() ? client().representation() : ftp::Representation();
    chosen.type = type_;
    chosen.form = form_;
    return chosen;
}

// Chosen at any time. A server that knows us is asked at once, since it may refuse; any other when it has to know.
base::Result<> Shell::choose(ftp::Type type, ftp::Form form) {
    if (site().is_open() && here_.login) {
        TRY_VOID(site().run(client().set_type(type, form)));
    }
    type_ = type;
    form_ = form;
    return {};
}

base::Result<> Shell::on_type(const Words& words) {
    const std::string& wanted = words[0] == "type" && words.size() > 1 ? words[1] : words[0];
    if (wanted == "type") {
        say(ftp::type_name(representation()) + "\n");
        return {};
    }
    constexpr std::array<std::pair<std::string_view, ftp::Type>, 5> kTypes{
        {{"ascii", ftp::Type::kAscii},
         {"binary", ftp::Type::kImage},
         {"image", ftp::Type::kImage},
         {"ebcdic", ftp::Type::kEbcdic},
         {"tenex", ftp::Type::kLocal8}}};
    for (const auto& [name, type] : kTypes) {
        // RFC 959's letters, but for L: "tenex" has none.
        const bool is_letter = wanted.size() == 1 && base::to_lower(wanted[0]) == name[0];
        if (name == wanted || is_letter) {
            TRY_VOID(choose(type, form_));
            say(site().settings().verbose ? fmt::format("type is {}\n", name) : "");
            return {};
        }
    }
    return fail(Errc::kSyntax, "type is ascii, binary, ebcdic or tenex");
}

// RFC 959 3.1.1.5
base::Result<> Shell::on_form(const Words& words) {
    constexpr std::array<std::pair<std::string_view, ftp::Form>, 3> kForms{
        {{"non-print", ftp::Form::kNonPrint},
         {"telnet", ftp::Form::kTelnet},
         {"carriage-control", ftp::Form::kCarriageControl}}};
    for (const auto& [name, form] : kForms) {
        if (words.size() == 1 && form == form_) {
            say(fmt::format("{}\n", name));
            return {};
        }
        if (words.size() > 1 && name.starts_with(words[1])) {
            TRY_VOID(choose(type_, form));
            const bool heeded = type_ == ftp::Type::kAscii || type_ == ftp::Type::kEbcdic;
            say(site().settings().verbose
                    ? fmt::format("form is {}{}\n", name, heeded ? "" : ", in type ascii or ebcdic")
                    : "");
            return {};
        }
    }
    return fail(Errc::kSyntax, "form is non-print, telnet or carriage-control");
}

base::Result<> Shell::on_mode(const Words& words) {
    if (words.size() == 1) {
        say(fmt::format("{}\n", ftp::mode_letter(client().representation().mode)));
        return {};
    }
    const std::string letter(1, words[1] == "deflate" ? 'Z' : base::to_upper(words[1][0]));
    TRY(const ftp::Mode mode, ftp::parse_mode(letter));
    TRY_VOID(site().run(client().set_mode(mode)));
    site().settings().mode = mode;
    return {};
}

base::Result<> Shell::on_struct(const Words& words) {
    if (words.size() == 1) {
        say(fmt::format("{}\n", ftp::structure_letter(client().representation().structure)));
        return {};
    }
    TRY(const ftp::Structure structure,
        ftp::parse_structure(std::string(1, base::to_upper(words[1][0]))));
    TRY_VOID(site().run(client().set_structure(structure)));
    site().settings().structure = structure;
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

}  // namespace agent
