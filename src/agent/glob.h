// Patterns as shells have them: *, ?, [a-z], [!a-z] and backslash (POSIX 2.13.1), without a shell.
#pragma once

#include <string_view>

namespace agent {

// In time proportional to both lengths multiplied, whatever the pattern. '*' matches '/' too.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text);
[[nodiscard]] bool is_glob(std::string_view text);

}  // namespace agent
