// What the server tells of itself: SYST, HELP, NOOP (RFC 959 4.1.3), FEAT (RFC 2389 3), LANG (RFC 2640 4.1),
// CLNT, CSID.
#include <fmt/format.h>

#include "base/ascii.h"
#include "ftp/server/session.h"

namespace ftp {

namespace {

constexpr std::size_t kHelpColumns = 8;

std::string list_verbs(std::span<const Command> table) {
    std::string text;
    std::size_t column = 0;
    for (const Command& command : table) {
        text += fmt::format("{:<8}", command.verb);
        if (++column % kHelpColumns == 0) {
            text += '\n';
        }
    }
    return text + (text.ends_with('\n') ? "" : "\n");
}

}  // namespace

Session::Answer Session::on_syst(std::string /*arguments*/) {
    co_return reply(215, "UNIX Type: L8");
}

Session::Answer Session::on_noop(std::string /*arguments*/) {
    co_return reply(200, "Ok");
}

Session::Answer Session::on_help(std::string arguments) {
    const std::string verb = base::to_upper(base::trim(arguments));
    if (verb.empty()) {
        co_return reply(214,
                        "The commands are (HELP command says more):\n" + list_verbs(commands()) +
                            "RFC 959 and its extensions");
    }
    std::string_view site_verb = verb;
    if (base::split_front(site_verb, ' ') == "SITE") {
        co_return co_await on_site_help(std::string(site_verb));
    }
    const Command* const command = find_command(commands(), verb);
    if (command == nullptr) {
        co_return reply(501, "There is no such command");
    }
    co_return reply(214, fmt::format("Syntax: {}", command->syntax));
}

// A feature's line, or nothing when it is not to be had now.
std::string Session::feature_line(const Command& command) const {
    const std::string_view feature = command.feature;
    const bool tls = lines_.stream().tls() != nullptr;
    if (feature == "AUTH TLS") {
        return tls || lines_.stream().can_start_tls() ? std::string(feature) : "";
    }
    if (feature == "PBSZ" || feature == "PROT") {
        return services_.tls || tls || lines_.stream().can_start_tls() ? std::string(feature) : "";
    }
    if (feature == "CCC") {
        return options_.allow_ccc && !options_.implicit_tls ? std::string(feature) : "";
    }
    if (feature == "EPRT") {
        return options_.active ? std::string(feature) : "";
    }
    if (feature == "LANG") {
        return italian_ ? "LANG EN;IT*" : "LANG EN*;IT";
    }
    if (feature == "MLST") {
        return "MLST " + list_facts(settings_.facts);
    }
    if (feature == "HASH") {
        return hash_feature();
    }
    return std::string(feature);
}

Session::Answer Session::on_feat(std::string /*arguments*/) {
    std::string text = "Features:\n";
    for (const Command& command : commands()) {
        const std::string line = feature_line(command);
        text += line.empty() ? "" : line + '\n';
    }
    text += "TVFS\nUTF8\n";
    co_return reply(211, text + "End");
}

// RFC 2640 4.1: without a tag, the language of the greeting.
Session::Answer Session::on_lang(std::string arguments) {
    std::string_view tag = base::trim(arguments);
    const std::string_view primary = base::split_front(tag, '-');
    const bool italian = base::iequals(primary, "it");
    if (!italian && !primary.empty() && !base::iequals(primary, "en")) {
        co_return reply(504, "Replies are in English and Italian");
    }
    italian_ = italian;
    co_return reply(200, italian ? "Replies are in Italian" : "Replies are in English");
}

Session::Answer Session::on_clnt(std::string arguments) {
    services_.log.debug("ftp client", {{"session", id_}, {"name", arguments}});
    co_return reply(200, "Noted");
}

Session::Answer Session::on_csid(std::string arguments) {
    services_.log.debug("ftp client", {{"session", id_}, {"name", arguments}});
    co_return reply(200, "Name=staffetta; OS=Unix; CaseSensitive=1; DirSep=/;");
}

}  // namespace ftp
