// How messages cross the control socket. After the request `carry` the client asks, a line each time:
//
//     mailboxes          reply: N, then N paths, a line each
//     subscriptions      reply: N, then N paths, a line each
//     make PATH          makes it if it is absent; reply: ok
//     adopt PATH         the same, and what was made is subscribed
//     subscribe PATH     reply: ok
//     known PATH         reply: N, then N fingerprints of 8 octets, big-endian
//     add N PATH         N messages follow; reply: ok
//     open PATH          reply: N, then N messages at most, then "end"
//
//     message = "message" SP octets SP flags SP received-ms SP uid SP N *(SP keyword) SP return-path LF *OCTET
//
// What fails is answered with `error CODE SENTENCE`. The connection goes on, unless what was asked had not been read to
// its end, or its answer had begun.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/dialogue.h"
#include "app/mail_carrier.h"
#include "app/mail_port.h"
#include "base/result.h"
#include "base/task.h"
#include "net/line_stream.h"

namespace app {

// A message's line, with its LF; and back, without the octets, which `octets` counts.
[[nodiscard]] std::string format_message_line(const CarriedMessage& message);
[[nodiscard]] base::Result<CarriedMessage> parse_message_line(std::string_view line,
                                                              std::uint64_t& octets);

// The server's end, until the client goes.
[[nodiscard]] base::Task<> serve_carry(net::LineStream& lines, MailCarrier& carrier);

// The client's end; `dialogue` has sent the request.
[[nodiscard]] std::unique_ptr<MailPort> make_remote_port(Dialogue dialogue);

}  // namespace app
