// Strings as IMAP writes them (RFC 9051 4.3, RFC 3501 4.3): quoted where that is possible, else literal.
#pragma once

#include <string>
#include <string_view>

#include "mime/encoded_word.h"

namespace mime {

// string = quoted / literal. Text outside US-ASCII is quoted with HeaderForm::kUtf8 (IMAP4rev2, or
// UTF8=ACCEPT of RFC 6855), else a literal. NUL, which no string may hold, becomes "?".
void append_string(std::string& out, std::string_view text, HeaderForm form);

// nstring = string / "NIL": NIL for an empty text.
void append_nstring(std::string& out, std::string_view text, HeaderForm form);

}  // namespace mime
