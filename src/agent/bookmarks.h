// Servers by name, in a file of the user's: "NAME URL", a line each. Passwords belong into .netrc, and are not kept here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/ftp_url.h"
#include "base/result.h"

namespace agent {

using Bookmarks = std::map<std::string, std::string>;

[[nodiscard]] Bookmarks read_bookmarks();
[[nodiscard]] base::Result<> write_bookmarks(const Bookmarks& bookmarks);
[[nodiscard]] std::vector<std::string> bookmark_names();

// As parse_ftp_url() reads it, without the password.
[[nodiscard]] std::string format_ftp_url(const FtpUrl& url);

}  // namespace agent
