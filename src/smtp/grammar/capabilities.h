// What a server says it can do: the lines behind the greeting of EHLO and LHLO (RFC 5321 4.1.1.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/grammar/reply.h"

namespace smtp {

struct Capabilities {
    bool extended = false;          // EHLO or LHLO was understood; after HELO nothing below is true
    bool pipelining = false;        // RFC 2920
    bool chunking = false;          // RFC 3030
    bool binary_mime = false;       // RFC 3030; only ever with chunking
    bool eight_bit_mime = false;    // RFC 6152
    bool smtputf8 = false;          // RFC 6531
    bool dsn = false;               // RFC 3461
    bool starttls = false;          // RFC 3207
    bool enhanced_codes = false;    // RFC 2034
    bool size = false;              // RFC 1870: MAIL takes SIZE=
    std::uint64_t octets_max = 0;   // 0: no limit is known
    std::vector<std::string> auth;  // RFC 4954: mechanisms, upper case
    // RFC 9422; nothing where the server does not say.
    std::optional<std::uint64_t> messages_max;    // MAILMAX, a connection
    std::optional<std::uint64_t> recipients_max;  // RCPTMAX, a message

    [[nodiscard]] bool offers_auth(std::string_view mechanism) const;

    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// Of a positive reply to EHLO or LHLO. What makes no sense is passed over.
[[nodiscard]] Capabilities parse_capabilities(const Reply& reply);

// The name the server greets with: the first word of a greeting's or hello's text; may be empty.
[[nodiscard]] std::string_view server_name(const Reply& reply);

}  // namespace smtp
