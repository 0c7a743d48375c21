// Pieces of responses (RFC 9051 7 and 9): strings in the shortest legal form, flags, dates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mime/encoded_word.h"

namespace imap {

// astring: an atom when that is unambiguous, else quoted, else a literal.
void append_astring(std::string& out, std::string_view text, mime::HeaderForm form);
// A literal, or a literal8 when NUL stands in it.
void append_literal(std::string& out, std::string_view octets);

void append_number(std::string& out, std::uint64_t number);

// Text behind a status or a code: what resp-text allows. Line ends and 8-bit octets become "?".
[[nodiscard]] std::string response_text(std::string_view text);

}  // namespace imap
