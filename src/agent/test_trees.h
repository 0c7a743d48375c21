// Trees of files in memory, and a word in two forms: what tests of names share.
#pragma once

#include <initializer_list>
#include <string>

#include "agent/tree_match.h"

namespace agent {

inline constexpr const char* kComposed = "\u00e9t\u00e9";
inline constexpr const char* kDecomposed = "e\u0301te\u0301";

inline Tree tree(std::initializer_list<std::string> paths,
                 ftp::EntryType type = ftp::EntryType::kFile) {
    Tree made;
    for (const std::string& path : paths) {
        made[path].name = path.substr(path.rfind('/') + 1);
        made[path].type = type;
    }
    return made;
}

}  // namespace agent
