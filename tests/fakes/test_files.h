// Tests that stand in files, one a file: which there are, what they say, and what gtest calls them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fakes {

// Every file below `folder` whose name ends so, sorted.
[[nodiscard]] std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder,
                                                             std::string_view extension = ".txt");

// All its octets; a file that cannot be read has none.
[[nodiscard]] std::string read_whole(const std::filesystem::path& path);

// With '_' for all that gtest does not have in names.
[[nodiscard]] std::string test_name(std::string text);

}  // namespace fakes
