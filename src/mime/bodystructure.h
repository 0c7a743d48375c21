// IMAP's BODY and BODYSTRUCTURE (RFC 9051 7.5.2, RFC 3501 7.4.2) out of a message's structure alone.
#pragma once

#include <string>

#include "mime/encoded_word.h"
#include "mime/structure.h"

namespace mime {

enum class BodyForm {
    kBody,           // BODY: without extension data
    kBodyStructure,  // BODYSTRUCTURE
};

// The parenthesised text. A multipart in which no part was found is shown as an empty or plain text,
// since the grammar knows no multipart without parts, and a message that was not looked into as octets.
// Parameter values outside US-ASCII stand as NAME* in the form of RFC 2231 unless `text` is kUtf8.
[[nodiscard]] std::string format_body(const Structure& structure,
                                      BodyForm form,
                                      HeaderForm text = HeaderForm::kAscii);

}  // namespace mime
