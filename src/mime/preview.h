// The preview of a message (RFC 8970): the beginning of its text on one line.
#pragma once

#include <string>
#include <string_view>

#include "mime/structure.h"

namespace mime {

// RFC 8970 3.1: a preview has at most 256 characters, and 200 are wanted.
inline constexpr std::size_t kPreviewCharactersWanted = 200;
inline constexpr std::size_t kPreviewCharactersMax = 256;

// UTF-8, without control characters and double spaces; cut behind a word where one ends between the
// 200th and the 256th character. Quoted lines, what introduces them and signatures are left out unless
// there is nothing else. Of a message that is one file without readable text, the file's name; else, and of an
// encrypted one, empty (RFC 8970 3.2, 3.3).
[[nodiscard]] std::string make_preview(std::string_view message, const Structure& structure);

// The same of text that is at hand, as readable_text gives it.
[[nodiscard]] std::string preview_of_text(std::string_view text);
// Its two special cases: what a message has for its preview whose text is empty; and one that has none, whatever its text.
[[nodiscard]] std::string preview_without_text(const Structure& structure);
[[nodiscard]] bool is_encrypted(const Structure& structure);

}  // namespace mime
