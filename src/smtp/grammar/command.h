// SMTP command lines as values: RFC 5321 4.1.1, BDAT (RFC 3030 2), AUTH (RFC 4954 4). No I/O, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/grammar/address.h"
#include "smtp/grammar/fault.h"
#include "smtp/grammar/parameters.h"

namespace smtp {

// Views into the line they were cut from.
struct CommandLine {
    std::string_view verb;       // as typed; empty when the line starts with no letter
    std::string_view arguments;  // without spaces at both ends
};

// Cuts a line (without its CRLF) at the first space.
[[nodiscard]] CommandLine split_command(std::string_view line);

struct MailCommand {
    Path sender;
    MailParameters parameters;

    friend bool operator==(const MailCommand&, const MailCommand&) = default;
};

struct RcptCommand {
    Path recipient;
    RcptParameters parameters;

    friend bool operator==(const RcptCommand&, const RcptCommand&) = default;
};

struct BdatCommand {
    std::uint64_t octets = 0;
    bool last = false;

    friend bool operator==(const BdatCommand&, const BdatCommand&) = default;
};

struct AuthCommand {
    std::string mechanism;                // upper case
    std::optional<std::string> response;  // the initial response, still in base64; empty for "="

    friend bool operator==(const AuthCommand&, const AuthCommand&) = default;
};

// Each takes what stands behind the verb. Faults as the parsers of paths and parameters say.
// The arguments of MAIL or RCPT with "@domain" behind a bracketed local part that stands alone, but for
// <Postmaster>; as they are otherwise, or when `domain` is empty.
[[nodiscard]] std::string complete_path(std::string_view arguments, std::string_view domain);

[[nodiscard]] Parsed<MailCommand> parse_mail(std::string_view arguments);
[[nodiscard]] Parsed<RcptCommand> parse_rcpt(std::string_view arguments);
[[nodiscard]] Parsed<BdatCommand> parse_bdat(std::string_view arguments);
[[nodiscard]] Parsed<AuthCommand> parse_auth(std::string_view arguments);

// As a client writes them, without CRLF.
[[nodiscard]] std::string format_command(const MailCommand& command);
[[nodiscard]] std::string format_command(const RcptCommand& command);

}  // namespace smtp
