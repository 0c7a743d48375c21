// The beginning of a command: its tag and its verb (RFC 9051 9 "command"), and what of it may be shown to
// whoever looks over the client's shoulder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace imap {

inline constexpr std::size_t kTagOctetsMax = 100;

struct CommandHead {
    std::string_view tag;        // a view into the line
    std::string verb;            // upper case; "UID FETCH" is one verb
    std::string_view arguments;  // behind the verb and its space
    bool has_arguments = false;  // a space stands behind the verb
};

// kSyntax: there is no tag, and the answer is an untagged BAD; kInvalid: there is a tag (in `tag`), and
// no verb behind it.
[[nodiscard]] base::Result<CommandHead> parse_command_head(std::string_view line);

// The tag that `line` begins with, or "*" when none can be made out: what a BAD is answered with.
[[nodiscard]] std::string_view tag_of(std::string_view line);

// The line without what LOGIN and AUTHENTICATE carry.
[[nodiscard]] std::string redact(std::string_view line);

}  // namespace imap
