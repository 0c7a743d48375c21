#include "agent/words.h"

#include "base/ascii.h"

namespace agent {
namespace {

// "!COMMAND" and "|COMMAND" are a shell's from there on: its quotes are not ours.
bool takes_the_rest(const std::vector<std::string>& words, char c) {
    return words.empty() ? c == '!' : c == '|';
}

struct Scan {
    std::vector<std::string> words;
    bool open_word = false;  // the last one goes on
    char open_quote = 0;
};

Scan scan(std::string_view line) {
    Scan result;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        char c = line[i];
        const bool blank = quote == 0 && base::is_space(c);
        if (blank) {
            result.open_word = false;
            continue;
        }
        if (!result.open_word && quote == 0 && c == '#') {
            break;
        }
        if (!result.open_word && quote == 0 && takes_the_rest(result.words, c)) {
            const std::string_view rest = base::trim(line.substr(i + (c == '!' ? 1 : 0)));
            if (c == '!') {
                result.words.emplace_back("!");
            }
            if (!rest.empty()) {
                result.words.emplace_back(rest);
            }
            result.open_word = !rest.empty();
            return result;
        }
        if (!result.open_word) {
            result.words.emplace_back();
            result.open_word = true;
        }
        if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            c = line[++i];
        } else if (quote != 0 && c == quote) {
            quote = 0;
            continue;
        } else if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            continue;
        }
        result.words.back() += c;
        const bool alone = result.words.size() == 1 && result.words.back().size() == 1;
        if (alone && quote == 0 && c == '$') {
            result.open_word = false;
        }
    }
    result.open_quote = quote;
    return result;
}

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
    Scan result = scan(line);
    if (result.open_quote != 0) {
        return std::nullopt;
    }
    return std::move(result.words);
}

std::string last_word(std::string_view line) {
    Scan result = scan(line);
    return result.open_word && !result.words.empty() ? result.words.back() : "";
}

std::string quote_word(std::string_view word) {
    std::string quoted;
    for (const char c : word) {
        if (base::is_space(c) || c == '"' || c == '\'' || c == '\\' ||
            (quoted.empty() && (c == '#' || c == '|'))) {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted;
}

}  // namespace agent
