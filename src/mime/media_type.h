// A media type for a file of which only the name and the octets are known: by magic numbers first, then
// by the name's extension.
#pragma once

#include <string>
#include <string_view>

namespace mime {

// "image/png"; "text/plain" for UTF-8 text, "application/octet-stream" when nothing fits. Active types
// (HTML, scripts) are only ever told by the name, never guessed out of the content.
[[nodiscard]] std::string guess_media_type(std::string_view name, std::string_view octets);

}  // namespace mime
