#include "agent/words.h"

#include "base/ascii.h"

namespace agent {
namespace {

// "!COMMAND" and "|COMMAND" are a shell's from there on: its quotes are not ours.
bool takes_the_rest(const std::vector<std::string>& words, char c) {
    return words.empty() ? c == '!' : c == '|';
}

// Reads a line into words, letter by letter.
struct Scan {
    std::vector<std::string> words;
    bool open_word = false;  // the last one goes on
    char open_quote = 0;

    // Whether the line goes on behind `c`, the letter that stands before `rest`.
    bool take(char c, std::string_view& rest) {
        if (open_quote == 0 && base::is_space(c)) {
            open_word = false;
            return true;
        }
        if (!open_word && open_quote == 0 && c == '#') {
            return false;
        }
        if (!open_word && open_quote == 0 && takes_the_rest(words, c)) {
            take_rest(c, rest);
            return false;
        }
        if (!open_word) {
            words.emplace_back();
            open_word = true;
        }
        take_in_word(c, rest);
        return true;
    }

  private:
    void take_rest(char c, std::string_view rest) {
        std::string command(rest);
        if (c == '!') {
            words.emplace_back("!");
        } else {
            command.insert(0, 1, c);
        }
        const std::string_view trimmed = base::trim(command);
        open_word = !trimmed.empty();
        if (open_word) {
            words.emplace_back(trimmed);
        }
    }

    void take_in_word(char c, std::string_view& rest) {
        if (c == '\\' && open_quote != '\'' && !rest.empty()) {
            c = rest[0];
            rest.remove_prefix(1);
        } else if (open_quote != 0 && c == open_quote) {
            open_quote = 0;
            return;
        } else if (open_quote == 0 && (c == '"' || c == '\'')) {
            open_quote = c;
            return;
        }
        words.back() += c;
        // A macro's name stands right behind its $.
        if (words.size() == 1 && words.back() == "$" && open_quote == 0) {
            open_word = false;
        }
    }
};

Scan scan(std::string_view line) {
    Scan result;
    bool more = true;
    while (more && !line.empty()) {
        const char c = line[0];
        line.remove_prefix(1);
        more = result.take(c, line);
    }
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
