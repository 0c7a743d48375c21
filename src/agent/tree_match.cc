#include "agent/tree_match.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "base/ascii.h"

namespace agent {
namespace {

struct Free {
    void operator()(utf8proc_uint8_t* octets) const { std::free(octets); }
};

}  // namespace

std::string composed_form(const std::string& path) {
    utf8proc_uint8_t* out = nullptr;
    const utf8proc_ssize_t size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(path.data()),
                     static_cast<utf8proc_ssize_t>(path.size()),
                     &out,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, Free> owned(out);
    return size < 0
               ? path
               : std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
}

std::map<std::string, std::string> match_forms(const Tree& source, const Tree& target) {
    std::map<std::string, std::string> by_form;  // what only the target has
    for (const auto& [path, entry] : target) {
        if (!base::is_ascii(path) && !source.contains(path)) {
            by_form.emplace(composed_form(path), path);
        }
    }
    std::map<std::string, std::string> others;
    if (by_form.empty()) {
        return others;
    }
    // The map's order puts a folder before what is in it.
    for (const auto& [path, entry] : source) {
        if (base::is_ascii(path) || target.contains(path)) {
            continue;
        }
        const auto same = by_form.find(composed_form(path));
        if (same != by_form.end()) {
            others.emplace(path, same->second);
            continue;
        }
        const std::size_t slash = path.rfind('/');
        const auto folder =
            slash == std::string::npos ? others.end() : others.find(path.substr(0, slash));
        if (folder != others.end()) {
            others.emplace(path, folder->second + path.substr(slash));
        }
    }
    return others;
}

}  // namespace agent
