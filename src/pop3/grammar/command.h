// POP3 command lines as values: RFC 1939 3 to 7, RFC 2449 3 and 4, AUTH (RFC 5034 4), UTF-8 in names and
// passwords (RFC 6856 2.2). No I/O, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pop3 {

// RFC 2449 4: a command with its CRLF. RFC 5034 4 keeps AUTH with an initial response within it.
inline constexpr std::size_t kCommandOctetsMax = 255;
// RFC 5034 4: lines of a SASL exchange may be longer; SCRAM's and certificates' fit in amply.
inline constexpr std::size_t kSaslLineOctetsMax = 12288;
// RFC 2449 4: the first line of a response with its CRLF.
inline constexpr std::size_t kResponseOctetsMax = 512;

// Views into the line they were cut from. kSyntax where a parser says so, and nothing else.
struct CommandLine {
    std::string verb;            // upper case
    std::string_view arguments;  // behind the first space, as it came
};

// Cuts a line (without its end) at the first space. kSyntax: it does not begin with 3 or 4 letters or
// digits, or a control character stands in it.
[[nodiscard]] base::Result<CommandLine> parse_command(std::string_view line);

// One message number, from 1 on. A number too large for any maildrop is 0xffffffff.
[[nodiscard]] base::Result<std::uint32_t> parse_message_number(std::string_view arguments);

struct TopArguments {
    std::uint32_t message = 0;
    std::uint32_t lines = 0;  // of the body

    friend bool operator==(const TopArguments&, const TopArguments&) = default;
};

[[nodiscard]] base::Result<TopArguments> parse_top(std::string_view arguments);

// A user's name: 1 or more octets of UTF-8.
[[nodiscard]] base::Result<std::string_view> parse_user(std::string_view arguments);
// A password: the whole rest of the line, spaces and all (RFC 1939 7, PASS: "may treat spaces ... as part
// of the password").
[[nodiscard]] base::Result<std::string_view> parse_password(std::string_view arguments);

struct ApopArguments {
    std::string_view name;
    std::string_view digest;  // 32 hexadecimal digits

    friend bool operator==(const ApopArguments&, const ApopArguments&) = default;
};

[[nodiscard]] base::Result<ApopArguments> parse_apop(std::string_view arguments);

struct AuthArguments {
    std::string mechanism;                // upper case
    std::optional<std::string> response;  // the initial response, decoded

    friend bool operator==(const AuthArguments&, const AuthArguments&) = default;
};

[[nodiscard]] base::Result<AuthArguments> parse_auth(std::string_view arguments);

// A line that answers a SASL challenge: base64, or "*" (nothing) to give up.
[[nodiscard]] base::Result<std::optional<std::string>> parse_sasl_response(std::string_view line);

// The line as logs and --trace-peer may show it: without what PASS, APOP and AUTH carry.
[[nodiscard]] std::string redact(std::string_view line);

}  // namespace pop3
