// Command lines of the interactive client as words: blanks part them, quotes and backslashes keep them together.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

// Nothing when a quote is left open. "!ls" and "$macro" are two words; a '#' at a word's beginning ends the line.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view line);
// What the line ends in, unquoted; empty behind a blank.
[[nodiscard]] std::string last_word(std::string_view line);
// With a backslash before each character that split_words() would take for its own.
[[nodiscard]] std::string quote_word(std::string_view word);

}  // namespace agent
