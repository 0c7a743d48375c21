// Which file of one tree is which of another, where one of the two sides changes the form of letters: macOS decomposes
// the names of its files, staffetta's server composes them (Unicode's NFD and NFC).
#pragma once

#include <map>
#include <string>

#include "ftp/client/remote_entry.h"

namespace agent {

using Tree = std::map<std::string, ftp::RemoteEntry>;  // by path below the top

// A path in NFC; what is no UTF-8 as it is.
[[nodiscard]] std::string composed_form(const std::string& path);

// Paths of `source` that `target` has in another form only, or below a folder that it has so, with what they are called
// there. A path that both trees have means itself.
[[nodiscard]] std::map<std::string, std::string> match_forms(const Tree& source,
                                                             const Tree& target);

}  // namespace agent
