// The parameters of MAIL and RCPT: RFC 5321 4.1.2 (Mail-parameters), SIZE (1870), BODY (6152, 3030),
// SMTPUTF8 (6531), AUTH (4954 5), RET, ENVID, NOTIFY and ORCPT (3461 4), HOLDFOR and HOLDUNTIL (4865 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "smtp/grammar/fault.h"

namespace smtp {

enum class Body { k7bit, k8bitMime, kBinaryMime };

// RET: how much of the message a failure notice returns.
enum class Return { kUnsaid, kFull, kHeaders };

struct MailParameters {
    std::optional<std::uint64_t> size;  // what the client says the message has, in octets
    Body body = Body::k7bit;
    bool smtputf8 = false;
    std::optional<std::string> auth;  // AUTH=, decoded; empty for AUTH=<>: nobody we know of
    Return ret = Return::kUnsaid;
    std::optional<std::string> envid;  // decoded
    // RFC 4865: when it may leave; one of the two at most.
    std::optional<std::chrono::seconds> hold_for;
    std::optional<base::WallTime> hold_until;

    friend bool operator==(const MailParameters&, const MailParameters&) = default;
};

// NOTIFY. kUnsaid is what RFC 3461 5.2.1 leaves to us: failure, and delay perhaps.
enum NotifyFlags : unsigned {
    kNotifyUnsaid = 0,
    kNotifyNever = 1,
    kNotifySuccess = 2,
    kNotifyFailure = 4,
    kNotifyDelay = 8,
};

// RFC 3461 4.2: the whole value.
inline constexpr std::size_t kOrcptOctetsMax = 500;
// RFC 6533 3: the type of addresses outside US-ASCII.
inline constexpr std::string_view kUtf8AddressType = "utf-8";

// ORCPT: the address that the message was first sent to.
struct OriginalRecipient {
    std::string type;     // "rfc822", "utf-8" ..., in lower case
    std::string address;  // decoded from xtext; with type utf-8 as RFC 6533 3 encodes it

    friend bool operator==(const OriginalRecipient&, const OriginalRecipient&) = default;
};

struct RcptParameters {
    unsigned notify = kNotifyUnsaid;
    std::optional<OriginalRecipient> orcpt;

    friend bool operator==(const RcptParameters&, const RcptParameters&) = default;
};

// `text` is what follows the path: nothing, or parameters each with a space before it. kUnsupported: a
// keyword that is not ours (555); kSyntax, kTooLong: a value or the form is bad, or one comes twice.
[[nodiscard]] Parsed<MailParameters> parse_mail_parameters(std::string_view text);
[[nodiscard]] Parsed<RcptParameters> parse_rcpt_parameters(std::string_view text);

// As a client writes them, each with a space before it.
[[nodiscard]] std::string format_parameters(const MailParameters& parameters);
[[nodiscard]] std::string format_parameters(const RcptParameters& parameters);

}  // namespace smtp
