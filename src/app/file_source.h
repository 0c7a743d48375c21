// A file as mime reads it: in pieces, from anywhere, so that an attachment of any size is sent from disk.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "mime/octet_stream.h"

namespace app {

// A regular file is read as it is asked for; anything else (a pipe, "-" for standard input) is read to its
// end now, up to 256 MiB. Errors as of read_file.
[[nodiscard]] base::Result<std::unique_ptr<mime::OctetSource>> open_source(const std::string& path);

}  // namespace app
