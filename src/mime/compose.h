// Drafts made out of a message that was received: replies and forwards (RFC 5322 3.6.3-3.6.5, RFC 2369
// for lists). What comes out is for a person, or a client, to go on with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mime/address.h"
#include "mime/builder.h"
#include "mime/structure.h"

namespace mime {

enum class ReplyTo {
    kSender,  // Reply-To, else From
    kAll,     // Mail-Followup-To, else the sender and all recipients
    kList,    // the address of List-Post; the same as kSender when there is none
};

struct ReplyOptions {
    ReplyTo to = ReplyTo::kSender;
    std::vector<Mailbox>
        own;            // the addresses of who replies: never answered, and one of them is From
    bool quote = true;  // the text of the message, marked with ">"
};

// Subject "Re: ...", In-Reply-To and References (RFC 5322 3.6.4), recipients without `own` and without
// doubles. A reply to one's own message goes to those it went to.
[[nodiscard]] Draft make_reply(std::string_view message,
                               const Structure& structure,
                               const ReplyOptions& options);

enum class ForwardAs {
    kInline,      // its text within the text, its files as attachments
    kAttachment,  // the message as it is, as message/rfc822
};

// Subject "Fwd: ...", without recipients.
[[nodiscard]] Draft make_forward(std::string_view message,
                                 const Structure& structure,
                                 ForwardAs as,
                                 const std::vector<Mailbox>& own);

}  // namespace mime
