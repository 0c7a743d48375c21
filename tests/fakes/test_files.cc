#include "fakes/test_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/ascii.h"

namespace fakes {

std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder,
                                               std::string_view extension) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == extension) {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string read_whole(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string test_name(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return !base::is_alnum(c); }, '_');
    return text;
}

}  // namespace fakes
