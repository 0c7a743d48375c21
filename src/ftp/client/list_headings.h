// What stands around the files of a listing; of list_parser.cc alone.
#pragma once

#include <string_view>

namespace ftp {

// Whether `line` is known to name no file: blank, a total, the heading of a table, VMS's and DOS's frame around a folder.
// Not a server's complaint ("ls: cannot open directory"): what that hides may be a file.
[[nodiscard]] bool is_list_heading(std::string_view line);

// "Name VV.MM Created ...": members of a z/OS library follow.
[[nodiscard]] bool is_members_heading(std::string_view line);

}  // namespace ftp
