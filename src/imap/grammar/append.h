// APPEND and REPLACE (RFC 9051 6.3.12, RFC 3502, RFC 4469, RFC 6855 4, RFC 8508), read as they come: the messages
// are literals that stream, so each piece of text between two of them is parsed by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/literal.h"
#include "imap/grammar/scanner.h"
#include "imap/grammar/sequence_set.h"

namespace imap {

// Of what stands in front of a literal in the arguments of such a command: the literal is an argument (the
// mailbox's name), not a message. `before` begins behind the verb; REPLACE's begins with a number.
[[nodiscard]] bool literal_is_mailbox(std::string_view before, bool is_replace);

struct AppendHead {
    std::optional<SequenceSet> replaced;  // REPLACE's message: a sequence number or UID, or "*"
    std::string mailbox;                  // as on the wire
};

// Up to the space in front of the first message.
[[nodiscard]] base::Result<AppendHead> parse_append_head(Scanner& scanner, bool is_replace);

// What stands in front of a message, or of its first part.
struct AppendOptions {
    Flags flags;
    std::optional<std::int64_t> received_s;  // INTERNALDATE
    enum class Form : std::uint8_t {
        kLiteral,   // the text ends with the literal that is the message
        kUtf8,      // UTF8 (~{...}: the same within parentheses
        kCatenate,  // CATENATE (: parts follow
    };
    Form form = Form::kLiteral;
};

// Leaves the scanner at the literal, or behind the parenthesis of CATENATE.
[[nodiscard]] base::Result<AppendOptions> parse_append_options(Scanner& scanner);

// RFC 4469 5: a part of a message put together at the server.
struct CatenatePart {
    std::optional<std::string> url;  // else the text ends with the literal that is the part
};

// Of what a part begins with: the literal that the text ends with and that is its URL.
[[nodiscard]] std::optional<Literal> find_url_literal(std::string_view text);
[[nodiscard]] base::Result<CatenatePart> parse_catenate_part(Scanner& scanner);

// The literal that the rest of the text is.
[[nodiscard]] base::Result<Literal> parse_message_literal(Scanner& scanner);

// A URL of RFC 4469: relative to the server or to the selected mailbox. Only the forms that name a message
// or a section of it.
struct MessageUrl {
    std::optional<std::string> mailbox;  // UTF-8; nothing: the selected one
    std::optional<std::uint32_t> uid_validity;
    std::uint32_t uid = 0;
    std::string section;  // as BODY[...] has it
};

// kInvalid for any other URL.
[[nodiscard]] base::Result<MessageUrl> parse_message_url(std::string_view url);

}  // namespace imap
