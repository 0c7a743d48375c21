// The interactive client's macros, macdef and $, as .netrc has them too; and aliases.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/shell.h"
#include "agent/words.h"
#include "base/ascii.h"

namespace agent {

using base::Errc;
using base::fail;

namespace {

constexpr int kDepthMax = 8;

// $1 to $9 are the words behind the macro's name, "$i" each of them in turn, a backslash keeps what follows it.
std::string fill(std::string_view line, const Shell::Words& words, std::size_t each) {
    std::string filled;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool two = i + 1 < line.size();
        if (line[i] == '\\' && two && line[i + 1] == '$') {
            filled += line[++i];
        } else if (line[i] == '$' && two && (base::is_digit(line[i + 1]) || line[i + 1] == 'i')) {
            ++i;
            const std::size_t index =
                line[i] == 'i' ? each : static_cast<std::size_t>(line[i] - '0') + 1;
            filled += index < words.size() ? quote_word(words[index]) : "";
        } else {
            filled += line[i];
        }
    }
    return filled;
}

bool goes_round(const Shell::Words& lines) {
    for (const std::string& line : lines) {
        if (line.find("$i") != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace

void Shell::record(const std::string& line) {
    if (line.empty()) {
        recorded_macro_.reset();
        return;
    }
    macros_[*recorded_macro_].push_back(line);
}

base::Result<> Shell::on_macdef(const Words& words) {
    if (words.size() == 1) {
        for (const auto& [name, lines] : macros_) {
            say(name + "\n");
        }
        return {};
    }
    recorded_macro_ = words[1];
    macros_[words[1]].clear();
    say(typed_ ? "The macro line by line; an empty one ends it\n" : "");
    return {};
}

// alias NAME WORDS, alias NAME "WORDS"; without words it is one no more.
base::Result<> Shell::on_alias(const Words& words) {
    if (words.size() == 1) {
        for (const auto& [name, meaning] : aliases_) {
            say(fmt::format("{}: {}\n", name, fmt::join(meaning, " ")));
        }
        return {};
    }
    if (words.size() == 2) {
        aliases_.erase(words[1]);
        return {};
    }
    Words meaning(words.begin() + 2, words.end());
    if (meaning.size() == 1) {
        meaning = split_words(meaning[0]).value_or(Words());
    }
    if (meaning.empty()) {
        return fail(Errc::kSyntax, words[1] + " must mean something");
    }
    aliases_[words[1]] = std::move(meaning);
    return {};
}

base::Result<> Shell::on_unalias(const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (aliases_.erase(words[i]) == 0) {
            return fail(Errc::kNotFound, words[i] + ": no such alias");
        }
    }
    return {};
}

// Once: an alias may bear the name of the verb that it means.
Shell::Words Shell::without_alias(const Words& words) const {
    const auto alias = aliases_.find(words[0]);
    if (alias == aliases_.end()) {
        return words;
    }
    Words whole = alias->second;
    whole.insert(whole.end(), words.begin() + 1, words.end());
    return whole;
}

// With $i in it a macro runs once for each word.
base::Result<> Shell::on_macro(const Words& words) {
    const auto macro = macros_.find(words[1]);
    if (macro == macros_.end()) {
        return fail(Errc::kNotFound, words[1] + ": no such macro");
    }
    if (depth_ == kDepthMax) {
        return fail(Errc::kTooLong, "files and macros call one another too deeply");
    }
    ++depth_;
    const Words lines = macro->second;
    const std::size_t rounds = goes_round(lines) ? words.size() - 2 : 1;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (const std::string& line : lines) {
            run_line(fill(line, words, round + 2));
        }
    }
    --depth_;
    return {};
}

}  // namespace agent
