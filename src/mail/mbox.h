// The mbox family of mail files: mboxo, mboxrd, mboxcl and mboxcl2, read; mboxrd, written (RFC 4155 names the
// common ground). Status, X-Status and X-Keywords carry flags, as mutt, Dovecot and others write them.
//
// Fields that describe the file go neither way: Status, X-Status, X-Keywords, X-UID, X-IMAP, X-IMAPbase and
// Content-Length are no part of the message that is read, and one that has them is written without: a reader would take them
// for the file's, and its sender could set flags or hide the messages behind it. So a file that was read and
// written again stays the same when that is repeated.
//
// BUGS: a message's own fields of these names are lost on the way, since nobody can tell them from the file's; and
// line ends become CRLF, whatever they were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "mail/types.h"

namespace mail {

// One message of a file; views into it.
struct MboxMessage {
    std::string_view sender;  // of the From line; empty for MAILER-DAEMON or none
    std::optional<base::WallTime> received;
    std::string_view header;  // as it stands in the file, up to and including the empty line
    std::string_view body;    // without the empty line that ends it in the file
    bool is_quoted = true;    // lines of the body that begin with From are quoted with ">"
};

// A line "From SENDER DATE", without its line end, that begins a message.
[[nodiscard]] bool is_from_line(std::string_view line);

// Walks through a file that is all there. A file that does not begin with a From line has no message.
class MboxReader {
  public:
    explicit MboxReader(std::string_view file);

    [[nodiscard]] std::optional<MboxMessage> next();

    // Octets read so far.
    [[nodiscard]] std::size_t position() const { return at_; }

  private:
    [[nodiscard]] std::optional<std::size_t> end_by_length(std::string_view header,
                                                           std::size_t body) const;
    [[nodiscard]] std::size_t end_by_from_line(std::size_t body) const;

    [[nodiscard]] std::optional<MboxMessage> read();

    std::string_view file_;
    std::size_t at_ = 0;
    bool is_first_ = true;
    std::size_t from_line_ =
        0;  // the last that was looked for: messages by length may lie before it
};

// What becomes of it in a mailbox.
struct MboxContent {
    std::string octets;  // with CRLF, unquoted, without the fields that describe the file
    std::uint32_t flags = 0;
    std::vector<std::string> keywords;
};

[[nodiscard]] MboxContent read_content(const MboxMessage& message);

// A message as mboxrd, its From line in front and an empty line behind, without such fields of its own. `sender` may be
// empty.
[[nodiscard]] std::string format_mbox(std::string_view octets,
                                      std::string_view sender,
                                      base::WallTime received,
                                      std::uint32_t flags,
                                      const std::vector<std::string>& keywords);

// Line ends as CRLF, or as LF.
[[nodiscard]] std::string to_crlf(std::string_view text);
[[nodiscard]] std::string to_lf(std::string_view text);

}  // namespace mail
