// The demo's first message, and the little SMTP that sends it: a client that waits, for one recipient.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/stream.h"

namespace app {

struct Letter {
    std::string sender;
    std::string recipient;
    std::string text;  // header section and body, lines ending in CRLF, no line being a lone dot
};

// "Do you like ketchup?", written `now`; `unique` is the left side of its Message-ID.
[[nodiscard]] Letter demo_letter(std::string_view sender,
                                 std::string_view recipient,
                                 base::WallTime now,
                                 std::string_view unique);

// Sends it to the SMTP server at `endpoint`; the text of the final 250, or kDenied with the reply that
// refused.
[[nodiscard]] base::Result<std::string> send_letter(const net::Endpoint& endpoint,
                                                    const Letter& letter);

}  // namespace app
