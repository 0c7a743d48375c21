#include "files/walk.h"

#include <utility>

#include "files/path.h"

namespace files {
namespace {

// A folder on the way to the one that is looked at.
struct Level {
    std::size_t path_octets;
    std::vector<std::string> waiting;
};

}  // namespace

base::Result<> walk(const std::string& top, const EnterFolder& enter, const LeaveFolder& leave) {
    std::string path;
    std::vector<Level> levels;
    const auto go_into = [&](std::string folder) {
        path = std::move(folder);
        levels.push_back({path.size(), {}});
        return enter(path, levels.back().waiting);
    };
    TRY_VOID(go_into(top));
    while (!levels.empty()) {
        Level& level = levels.back();
        path.resize(level.path_octets);
        if (!level.waiting.empty()) {
            const std::string name = std::move(level.waiting.back());
            level.waiting.pop_back();
            TRY_VOID(go_into(child(path, name)));
            continue;
        }
        TRY_VOID(leave ? leave(path) : base::Result<>());
        levels.pop_back();
    }
    return {};
}

}  // namespace files
