// Replies as a client reads them (RFC 5321 4.2, RFC 2034 4): gathered line by line from whoever the peer is.
#pragma once

#include <cstddef>
#include <string_view>

#include "smtp/grammar/fault.h"
#include "smtp/grammar/reply.h"

namespace smtp {

// More than RFC 5321 4.5.3.1.5 allows: what a peer writes into its refusals is worth reading all the same.
inline constexpr std::size_t kPeerReplyLineOctetsMax = 4096;
inline constexpr std::size_t kPeerReplyOctetsMax = std::size_t{64} * 1024;

class ReplyParser {
  public:
    // Takes one line without its end: true when it ended the reply. kSyntax for what is no reply line or
    // changes the code midway, kTooLong past 64 KiB of text. After an error it begins anew.
    [[nodiscard]] Parsed<bool> feed(std::string_view line);

    // The reply once feed() returned true; the parser is then ready for the next one. Its text is the
    // peer's own, lines separated by '\n', without the enhanced codes that agree with the reply's class
    // (RFC 2034 4; the last one counts); whatever is no printable UTF-8 became '?'.
    [[nodiscard]] Reply take();

  private:
    [[nodiscard]] Parsed<bool> take_line(std::string_view line);

    Reply reply_;
    bool begun_ = false;
};

}  // namespace smtp
