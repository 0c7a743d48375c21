// `staffetta ftp`: the interactive client, and get, put, ls and mirror in one go.
#pragma once

#include <string>
#include <vector>

namespace agent {

// What stands behind `staffetta ftp`. The exit status, see exit_status.h.
[[nodiscard]] int run_ftp(const std::vector<std::string>& words);

}  // namespace agent
