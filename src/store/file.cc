#include "store/file.h"

#include <filesystem>
#include <system_error>

namespace store {

using base::Errc;
using base::Result;
namespace fs = std::filesystem;

Result<> FileSystem::create_directory(const std::string& directory) {
    std::error_code ignored;
    fs::path at = fs::absolute(directory, ignored).lexically_normal();
    if (!at.has_filename()) {
        at = at.parent_path();  // it ended in a slash
    }
    std::vector<fs::path> missing;  // the innermost first
    auto made = make_directory(at.string());
    while (!made && made.error().code == Errc::kNotFound && at.has_relative_path()) {
        missing.push_back(at);
        at = at.parent_path();
        made = make_directory(at.string());
    }
    while (made) {
        TRY_VOID(sync_directory(at.parent_path().string()));
        if (missing.empty()) {
            return {};
        }
        at = missing.back();
        missing.pop_back();
        made = make_directory(at.string());
    }
    return made.error().code == Errc::kExists && missing.empty() ? Result<>() : made;
}

}  // namespace store
