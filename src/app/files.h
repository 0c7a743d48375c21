// Small files that `setup` and `demo` write and read: configuration, passwords.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace app {

// What errno says of `path`: kExists, kNotFound, kDenied, kNoSpace, else kIo.
[[nodiscard]] tl::unexpected<base::Error> file_error(const std::string& path);

// Writes a new file readable by its owner only; kExists when it is there already.
[[nodiscard]] base::Result<> write_new_file(const std::string& path, std::string_view text);
// The whole file, or standard input for "-". kNotFound, kDenied, kIo; kTooLong past `octets_max`.
[[nodiscard]] base::Result<std::string> read_file(const std::string& path, std::size_t octets_max);
// As read_file(), for what is never larger than 1 MiB.
[[nodiscard]] base::Result<std::string> read_small_file(const std::string& path);

}  // namespace app
