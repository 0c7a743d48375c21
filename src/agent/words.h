// Command lines of the interactive client as words: blanks part them, quotes and backslashes keep them together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

// Nothing when a quote is left open. "$macro" is two words; behind a '!' at the beginning, and from a '|' at a later
// word's beginning, the rest is one word as it stands: a shell's. A '#' at a word's beginning ends the line.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view line);

struct CommandPart {
    enum class Joint { kAlways, kIfDone, kIfFailed };

    Joint joint = Joint::kAlways;  // with the part before
    std::vector<std::string> words;
};

// The commands of a line: parted by a word "&&" or "||", and by a ';' that begins a word or ends one before another. So
// "A.TXT;1" and "OPTS MLST Size;" stay what they are. Nothing when a quote is left open.
[[nodiscard]] std::optional<std::vector<CommandPart>> split_commands(std::string_view line);
// What the line ends in, unquoted; empty behind a blank.
[[nodiscard]] std::string last_word(std::string_view line);
// The quote that the line leaves open; 0 for none.
[[nodiscard]] char open_quote(std::string_view line);
// With a backslash before each character that split_words() would take for its own. Behind an open `quote`: before those
// that it would take for its own there.
[[nodiscard]] std::string quote_word(std::string_view word, char quote = 0);

}  // namespace agent
