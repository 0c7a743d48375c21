#include "agent/words.h"

#include <utility>

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

namespace {

// Finds where a line's commands end; quotes are as in Scan.
class Cutter {
  public:
    explicit Cutter(std::string_view line) : line_(line) {}

    // What stands before the next joint. Behind the last, all that is left.
    std::string_view take(CommandPart::Joint& next) {
        for (std::size_t at = 0; at < line_.size(); ++at) {
            const std::size_t octets = open_quote_ == 0 && !rest_is_one_ ? joint_at(at, next) : 0;
            if (octets > 0) {
                const std::string_view part = line_.substr(0, at);
                line_.remove_prefix(at + octets);
                in_word_ = first_word_ = false;
                return part;
            }
            at += pass(line_[at]) ? 1 : 0;
        }
        return std::exchange(line_, {});
    }

    [[nodiscard]] bool ended() const { return line_.empty(); }

  private:
    // How many octets the joint at `at` has; 0: there is none.
    std::size_t joint_at(std::size_t at, CommandPart::Joint& next) const {
        const std::string_view rest = line_.substr(at);
        const bool last = base::trim(rest.substr(1)).empty();
        if (rest[0] == ';' && (!in_word_ || (!last && base::is_space(rest[1])))) {
            next = CommandPart::Joint::kAlways;
            return 1;
        }
        const bool two = rest.starts_with("&&") || rest.starts_with("||");
        if (in_word_ || !two || (rest.size() > 2 && !base::is_space(rest[2]))) {
            return 0;
        }
        next = rest[0] == '&' ? CommandPart::Joint::kIfDone : CommandPart::Joint::kIfFailed;
        return 2;
    }

    // Whether the next letter is nothing but itself.
    bool pass(char c) {
        if (open_quote_ != 0) {
            const bool escape = c == '\\' && open_quote_ != '\'';
            open_quote_ = c == open_quote_ ? '\0' : open_quote_;
            return escape;
        }
        if (base::is_space(c)) {
            in_word_ = false;
            return false;
        }
        if (!in_word_) {
            rest_is_one_ |= c == '#' || c == (first_word_ ? '|' : '!');
            in_word_ = first_word_ = true;
        }
        open_quote_ = c == '"' || c == '\'' ? c : '\0';
        return c == '\\';
    }

    std::string_view line_;
    bool in_word_ = false;
    bool first_word_ = false;   // has begun
    bool rest_is_one_ = false;  // a comment, or a shell's command
    char open_quote_ = 0;
};

}  // namespace

std::optional<std::vector<CommandPart>> split_commands(std::string_view line) {
    std::vector<CommandPart> parts;
    Cutter cutter(line);
    CommandPart::Joint joint = CommandPart::Joint::kAlways;
    do {
        CommandPart::Joint next = CommandPart::Joint::kAlways;
        auto words = split_words(cutter.take(next));
        if (!words) {
            return std::nullopt;
        }
        parts.push_back({.joint = joint, .words = std::move(*words)});
        joint = next;
    } while (!cutter.ended());
    return parts;
}

std::string last_word(std::string_view line) {
    Scan result = scan(line);
    return result.open_word && !result.words.empty() ? result.words.back() : "";
}

char open_quote(std::string_view line) {
    return scan(line).open_quote;
}

std::string quote_word(std::string_view word, char quote) {
    std::string quoted;
    for (const char c : word) {
        if (quote == '\'' && c == '\'') {
            quoted += "'\\'";  // nothing is quoted in there: it is left for one letter
        } else if (quote != 0
                       ? quote == '"' && (c == '"' || c == '\\')
                       : base::is_space(c) || c == '"' || c == '\'' || c == '\\' || c == ';' ||
                             (quoted.empty() && (c == '#' || c == '|' || c == '&'))) {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted;
}

}  // namespace agent
