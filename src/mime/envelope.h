// The envelope that IMAP makes of a message's header (RFC 9051 7.5.2, RFC 3501 7.4.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mime/address.h"
#include "mime/encoded_word.h"

namespace mime {

struct Envelope {
    std::string date;     // as written, unfolded
    std::string subject;  // decoded, UTF-8
    std::vector<Address> from;
    std::vector<Address> sender;    // the same as `from` when the field is absent or empty
    std::vector<Address> reply_to;  // the same
    std::vector<Address> to;
    std::vector<Address> cc;
    std::vector<Address> bcc;
    std::string in_reply_to;  // as written, unfolded
    std::string message_id;
};

// From a header block, or from Part::envelope, which holds the fields that matter. Of a field that
// stands twice the first counts; of address fields all count. Raw octets that are no UTF-8 are guessed: raw_header.h
// knows better.
[[nodiscard]] Envelope parse_envelope(std::string_view header);

// IMAP's text of the same header: "(date subject from sender reply-to to cc bcc in-reply-to message-id)".
// In kAscii form the subject and names of printable US-ASCII are as they were written, encoded words and all:
// clients decode them. Those with anything else in them, against the rules, are written anew with encoded words.
[[nodiscard]] std::string format_envelope(std::string_view header,
                                          HeaderForm form = HeaderForm::kAscii);

}  // namespace mime
