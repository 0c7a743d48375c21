// Patterns as shells have them: *, ?, [a-z], [!a-z], backslash (POSIX 2.13.1) and {a,b}, without a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace agent {

// In time proportional to both lengths multiplied, whatever the pattern. '*' matches '/' too.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);
[[nodiscard]] bool is_glob(std::string_view text);

// "a.{txt,md}" as csh has it: "a.txt" and "a.md"; at most 1000 of them, the rest stays as it is.
[[nodiscard]] std::vector<std::string> expand_braces(std::string_view text);
// A component of a path that is no pattern, without its backslashes.
[[nodiscard]] std::string unescape_glob(std::string_view text);

}  // namespace agent
