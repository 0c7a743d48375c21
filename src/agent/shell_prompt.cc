// The interactive client's prompts, and what the tabulator completes.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "agent/bookmarks.h"
#include "agent/shell.h"
#include "agent/terminal.h"
#include "agent/words.h"

namespace agent {
namespace {

// What a word is completed with besides files, by the verb and the word's place.
bool is_name_of_setting(const Shell::Words& words, std::size_t place) {
    return place == 1 && (words[0] == "set" || words[0] == "unset");
}

bool takes_a_value(std::string_view option) {
    return option == "-o" || option == "-O" || option == "-n";
}

// Which names stand at a place of a command.
struct Sides {
    bool remote = false;
    bool local = false;
};

// A verb's flags tell of its first name; what it brings, or takes there, has the other side's.
Sides sides_of(const Shell::Command& command, const Shell::Words& words, std::size_t place) {
    Sides sides{.remote = (command.flags & Shell::kRemoteNames) != 0,
                .local = (command.flags & Shell::kLocalNames) != 0};
    std::size_t before = 0;
    bool reverse = false;
    for (std::size_t i = 1; i < place; ++i) {
        before += words[i].starts_with('-') || takes_a_value(words[i - 1]) ? 0 : 1;
        reverse = reverse || words[i] == "-R" || words[i] == "--reverse";
    }
    const bool is_named = words[place - 1] == "-o" || words[place - 1] == "-O";
    const bool is_tree = command.name == "mirror";
    const bool has_other =
        command.syntax.find(sides.remote ? "LOCAL" : "REMOTE") != std::string_view::npos;
    if (!is_named && has_other && command.syntax.find("...") != std::string_view::npos) {
        return {.remote = true, .local = true};
    }
    const bool is_target = is_named || ((has_other || is_tree) && before == 1);
    if (is_target != (is_tree && reverse)) {
        std::swap(sides.remote, sides.local);
    }
    return sides;
}

std::vector<std::string> local_names(const std::string& word) {
    const std::string folder = word.substr(0, word.rfind('/') + 1);
    std::vector<std::string> names;
    std::error_code failed;
    const std::string where = folder.empty() ? "." : expand_home(folder);
    for (const auto& item : std::filesystem::directory_iterator(where, failed)) {
        names.push_back(folder + item.path().filename().string() +
                        (item.is_directory(failed) ? "/" : ""));
    }
    return names;
}

}  // namespace

// BSD's: %/ the server's folder, %M and %m its host whole and up to the first dot, %n who we are, %% a percent sign.
std::string Shell::filled_prompt(std::string_view pattern) {
    std::string filled;
    const bool open = site().is_open();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 == pattern.size()) {
            filled += pattern[i];
            continue;
        }
        const std::string host = open ? site().host() : "-";
        switch (pattern[++i]) {
            case '/':
                if (open && client().is_logged_in()) {
                    const bool verbose = std::exchange(site().settings().verbose, false);
                    filled +=
                        without_controls(site().run(client().working_directory()).value_or("?"));
                    site().settings().verbose = verbose;
                }
                break;
            case 'M':
                filled += host;
                break;
            case 'm':
                filled += host.substr(0, host.find('.'));
                break;
            case 'n':
                filled += here_.login ? here_.login->user : "";
                break;
            case '%':
                filled += '%';
                break;
            default:
                filled += pattern.substr(i - 1, 2);
        }
    }
    return filled;
}

std::vector<std::string> Shell::complete(std::string_view line) {
    std::string closed(line);
    if (const char quote = open_quote(line); quote != 0) {
        closed += quote;
    }
    const auto parts = split_commands(closed);
    const Words* const words = parts ? &parts->back().words : nullptr;
    const std::string word = last_word(line);
    std::vector<std::string> names;
    const bool first = words == nullptr || words->empty() || (words->size() == 1 && !word.empty());
    const bool verb_again = words != nullptr && !first &&
                            (words->front() == "help" || words->front() == "?" ||
                             ((words->front() == "proxy" || words->front() == "queue") &&
                              words->size() - (word.empty() ? 0U : 1U) == 1));
    if (first || verb_again) {
        for (const Command& command : commands()) {
            names.emplace_back(command.name);
        }
        return names;
    }
    const auto command = find(words->front());
    if (!command) {
        return names;
    }
    Words whole = *words;
    whole[0] = (*command)->name;
    const unsigned flags = (*command)->flags;
    const std::size_t place = whole.size() - (word.empty() ? 0 : 1);
    const Sides sides = sides_of(**command, whole, place);
    if (sides.remote && site().is_open()) {
        names = remote_names(word);
    }
    if (sides.local) {
        const auto local = local_names(word);
        names.insert(names.end(), local.begin(), local.end());
    }
    if ((*command)->syntax.starts_with("FOLDER") || (*command)->syntax.starts_with("[FOLDER")) {
        std::erase_if(names, [](const std::string& name) { return !name.ends_with('/'); });
    }
    if ((flags & kSwitchable) != 0) {
        names.insert(names.end(), {"on", "off"});
    }
    if (is_name_of_setting(whole, place)) {
        names = variable_names();
    } else if (whole[0] == "open" || whole[0] == "ftp") {
        names = bookmark_names();
    } else if (whole[0] == "$" && place == 1) {
        for (const auto& [name, lines] : macros_) {
            names.push_back(name);
        }
    }
    return names;
}

std::vector<std::string> Shell::remote_names(const std::string& word) {
    const std::string folder = word.substr(0, word.rfind('/') + 1);
    const FtpSite::Silence silence(site());
    const auto entries = site().run(client().list(folder));
    std::vector<std::string> names;
    if (entries) {
        for (const ftp::RemoteEntry& entry : *entries) {
            if (on_one_line(entry.name) != entry.name) {
                continue;  // nobody types it, and the line is a terminal's
            }
            names.push_back(folder + entry.name + (entry.is_directory() ? "/" : ""));
        }
    }
    return names;
}

}  // namespace agent
