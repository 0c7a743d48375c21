// Variables of the environment. The program never sets one, so reading them is safe on every thread.
#pragma once

#include <cstdlib>
#include <string>

namespace base {

// The value of `name`, "" where it is unset: both mean that nobody chose.
[[nodiscard]] inline std::string environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
    return value == nullptr ? "" : value;
}

}  // namespace base
