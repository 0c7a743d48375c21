// `staffetta alias import`: an alias file with the files that it includes, read where the command runs, and
// sent to the server as the lines of one file without includes.
#pragma once

#include <string>
#include <vector>

#include "account/alias_file.h"
#include "base/result.h"

namespace app {

struct FlatAliases {
    std::vector<account::AliasEntry> entries;  // with addresses only
    std::vector<std::string> refused;          // a sentence each
};

// Included files may include others, eight deep; a relative path is beside the including file. kNotFound,
// kIo: `path` itself cannot be read; what it includes and cannot be read is refused.
[[nodiscard]] base::Result<FlatAliases> read_alias_file(const std::string& path);

}  // namespace app
