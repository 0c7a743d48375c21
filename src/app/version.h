// The version that `staffetta --version` and the greetings' documentation name; CMakeLists.txt has it too.
#pragma once

#include <string_view>

namespace app {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace app
