#include "agent/mirror_target.h"

#include <fmt/format.h>

#include "agent/words.h"

namespace agent {
namespace {

using base::Errc;

std::string_view last_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

// What lies in "/" and ".." is not what lies here, and with --delete would be lost.
base::Result<std::string> mirror_target(std::string_view from, std::optional<std::string_view> to) {
    const bool beneath =
        to && to->ends_with('/') && to->find_first_not_of('/') != std::string_view::npos;
    if (to && !beneath) {
        return std::string(*to);
    }
    std::string_view tree = from;
    while (!to && tree.ends_with('/')) {
        tree.remove_suffix(1);
    }
    const std::string_view name = last_name(tree);
    if (name == ".." || (!to && name.empty())) {
        return base::fail(Errc::kSyntax,
                          fmt::format("{} has no name of its own; say where to", from));
    }
    return std::string(to.value_or("")).append(name == "." && to ? "" : name);
}

}  // namespace agent
