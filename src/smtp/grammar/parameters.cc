#include "smtp/grammar/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/log.h"
#include "smtp/grammar/xtext.h"

namespace smtp {
namespace {

using base::Errc;

struct Parameter {
    std::string_view keyword;
    std::string_view value;
    bool has_value = false;
};

// esmtp-param   = esmtp-keyword ["=" esmtp-value]
// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
// esmtp-value   = 1*(%d33-60 / %d62-126)       ; RFC 6531 3.6 adds UTF8-non-ascii
Parsed<Parameter> parse_parameter(std::string_view text) {
    Parameter parameter;
    const std::size_t equals = text.find('=');
    parameter.keyword = text.substr(0, equals);
    if (equals != std::string_view::npos) {
        parameter.value = text.substr(equals + 1);
        parameter.has_value = true;
    }
    const auto in_keyword = [](char c) { return c == '-' || base::is_alnum(c); };
    const auto in_value = [](char c) {
        return base::is_8bit(c) || (c > ' ' && c <= '~' && c != '=');
    };
    const std::string_view keyword = parameter.keyword;
    const std::string_view value = parameter.value;
    if (keyword.empty() || keyword.front() == '-' ||
        !std::all_of(keyword.begin(), keyword.end(), in_keyword)) {
        return syntax_fault("bad parameter");
    }
    if ((parameter.has_value && value.empty()) ||
        !std::all_of(value.begin(), value.end(), in_value) || !base::is_utf8(value)) {
        return syntax_fault("bad parameter value");
    }
    return parameter;
}

using Fill = Parsed<void> (*)(std::string_view value, MailParameters& into);
using FillRcpt = Parsed<void> (*)(std::string_view value, RcptParameters& into);

enum class Value { kNone, kNeeded };

template <class FillFunction>
struct Known {
    std::string_view keyword;
    Value value = Value::kNone;
    FillFunction fill;
};

// A number of exactly `digits` digits off the front of `text`, and the character behind it.
std::optional<unsigned> take_number(std::string_view& text,
                                    std::size_t digits,
                                    std::string_view behind) {
    if (text.size() < digits + behind.size() || text.substr(digits, behind.size()) != behind) {
        return std::nullopt;
    }
    const auto number = base::parse_number<unsigned>(text.substr(0, digits));
    text.remove_prefix(digits + behind.size());
    return number;
}

// full-date "T" time-hour ":" time-minute ":" time-second [time-secfrac] "Z"      ; RFC 3339 5.6
std::optional<base::WallTime> parse_utc_time(std::string_view text) {
    const auto year = take_number(text, 4, "-");
    const auto month = take_number(text, 2, "-");
    const auto day = take_number(text, 2, "T");
    const auto hour = take_number(text, 2, ":");
    const auto minute = take_number(text, 2, ":");
    const auto second = take_number(text, 2, "");
    if (text.size() > 2 && text.front() == '.') {  // less than a second is nobody's wish
        const std::string_view fraction = text.substr(1, text.size() - 2);
        const bool digits = std::all_of(fraction.begin(), fraction.end(), base::is_digit);
        text = digits ? text.substr(text.size() - 1) : std::string_view();
    }
    if (!year || !month || !day || !hour || !minute || !second || text != "Z") {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month),
                                           std::chrono::day(*day)};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

// SIZE=size-value   size-value = 1*20DIGIT       ; RFC 1870 5
Parsed<void> fill_size(std::string_view value, MailParameters& into) {
    into.size = value.size() <= 20 ? base::parse_u64(value) : std::nullopt;
    if (!into.size) {
        return syntax_fault("bad SIZE");
    }
    return {};
}

// BODY=7BIT / 8BITMIME (RFC 6152 2) / BINARYMIME (RFC 3030 3)
Parsed<void> fill_body(std::string_view value, MailParameters& into) {
    if (base::iequals(value, "7BIT")) {
        into.body = Body::k7bit;
    } else if (base::iequals(value, "8BITMIME")) {
        into.body = Body::k8bitMime;
    } else if (base::iequals(value, "BINARYMIME")) {
        into.body = Body::kBinaryMime;
    } else {
        return syntax_fault("unknown BODY");
    }
    return {};
}

Parsed<void> fill_smtputf8(std::string_view /*value*/, MailParameters& into) {
    into.smtputf8 = true;
    return {};
}

// AUTH=xtext of a mailbox, or "<>"               ; RFC 4954 5
Parsed<void> fill_auth(std::string_view value, MailParameters& into) {
    into.auth = value == "<>" ? std::string() : decode_xtext(value);
    if (!into.auth) {
        return syntax_fault("bad AUTH");
    }
    return {};
}

// RET=FULL / HDRS                                ; RFC 3461 4.3
Parsed<void> fill_ret(std::string_view value, MailParameters& into) {
    if (base::iequals(value, "FULL")) {
        into.ret = Return::kFull;
    } else if (base::iequals(value, "HDRS")) {
        into.ret = Return::kHeaders;
    } else {
        return syntax_fault("bad RET");
    }
    return {};
}

// Whether UTF-8 has controls beyond ASCII: U+0080 to U+009F, of which U+0085 ends lines, as U+2028 and U+2029 do, and up to
// U+202E what turns the direction of writing.
bool has_wide_controls(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const std::string_view rest = text.substr(i);
        if ((rest[0] == '\xc2' && rest[1] <= '\x9f') ||
            (rest.starts_with("\xe2\x80") && rest.size() > 2 && rest[2] >= '\xa8' &&
             rest[2] <= '\xae')) {
            return true;
        }
    }
    return false;
}

// What ENVID and ORCPT stand for goes into the fields of notices.
std::optional<std::string> decode_printable(std::string_view xtext) {
    auto text = decode_xtext(xtext);
    if (text && (!base::is_utf8(*text) || std::ranges::any_of(*text, base::is_control) ||
                 has_wide_controls(*text))) {
        text.reset();
    }
    return text;
}

// ENVID=xtext, 100 characters at most            ; RFC 3461 4.4
Parsed<void> fill_envid(std::string_view value, MailParameters& into) {
    if (value.size() > 100) {
        return fault(Errc::kTooLong, "ENVID longer than 100 characters");
    }
    into.envid = decode_printable(value);
    if (!into.envid || std::ranges::any_of(*into.envid, base::is_8bit)) {
        return syntax_fault("bad ENVID");
    }
    return {};
}

// HOLDFOR=future-release-interval   future-release-interval = 1*9DIGIT, seconds       ; RFC 4865 4.3
Parsed<void> fill_hold_for(std::string_view value, MailParameters& into) {
    const auto seconds = value.size() <= 9 ? base::parse_u64(value) : std::nullopt;
    if (!seconds || *seconds == 0) {
        return syntax_fault("bad HOLDFOR");
    }
    if (into.hold_until) {
        return syntax_fault("HOLDFOR and HOLDUNTIL exclude each other");
    }
    into.hold_for = std::chrono::seconds(*seconds);
    return {};
}

// HOLDUNTIL=date-time, as RFC 3339 5.6 has it, in UTC                                 ; RFC 4865 4.3
Parsed<void> fill_hold_until(std::string_view value, MailParameters& into) {
    into.hold_until = parse_utc_time(value);
    if (!into.hold_until) {
        return syntax_fault("bad HOLDUNTIL: write a moment as 2026-12-31T23:00:00Z");
    }
    if (into.hold_for) {
        return syntax_fault("HOLDFOR and HOLDUNTIL exclude each other");
    }
    return {};
}

// NOTIFY=NEVER / 1#( SUCCESS / FAILURE / DELAY ) ; RFC 3461 4.1
Parsed<void> fill_notify(std::string_view value, RcptParameters& into) {
    if (base::iequals(value, "NEVER")) {
        into.notify = kNotifyNever;
        return {};
    }
    if (value.ends_with(',')) {
        return syntax_fault("bad NOTIFY");
    }
    while (!value.empty()) {
        const std::string_view word = base::split_front(value, ',');
        if (base::iequals(word, "SUCCESS")) {
            into.notify |= kNotifySuccess;
        } else if (base::iequals(word, "FAILURE")) {
            into.notify |= kNotifyFailure;
        } else if (base::iequals(word, "DELAY")) {
            into.notify |= kNotifyDelay;
        } else {
            return syntax_fault("bad NOTIFY");
        }
    }
    return {};
}

// ORCPT=original-recipient-address = addr-type ";" xtext, 500 characters at most    ; RFC 3461 4.2
// That is printable US-ASCII, but what Postfix hands on of a recipient outside ASCII is rfc822 with its UTF-8 in xtext.
// With addr-type utf-8 the address is utf-8-addr-xtext or utf-8-addr-unitext (RFC 6533 3): kept as it
// is, since decoding needs to know where it goes next.
Parsed<void> fill_orcpt(std::string_view value, RcptParameters& into) {
    if (value.size() > kOrcptOctetsMax) {
        return fault(Errc::kTooLong, "ORCPT longer than 500 characters");
    }
    const std::size_t semicolon = value.find(';');
    const std::string_view type = value.substr(0, semicolon);
    const auto in_type = [](char c) { return c == '-' || base::is_alnum(c); };
    if (semicolon == std::string_view::npos || type.empty() || semicolon + 1 == value.size() ||
        !std::all_of(type.begin(), type.end(), in_type)) {
        return syntax_fault("bad ORCPT");
    }
    OriginalRecipient original{base::to_lower(type), std::string(value.substr(semicolon + 1))};
    if (original.type != kUtf8AddressType) {
        const auto decoded = decode_printable(original.address);
        if (!decoded) {
            return syntax_fault("bad ORCPT");
        }
        original.address = *decoded;
    }
    into.orcpt = std::move(original);
    return {};
}

constexpr std::array<Known<Fill>, 8> kMail{{
    {"AUTH", Value::kNeeded, fill_auth},
    {"BODY", Value::kNeeded, fill_body},
    {"ENVID", Value::kNeeded, fill_envid},
    {"HOLDFOR", Value::kNeeded, fill_hold_for},
    {"HOLDUNTIL", Value::kNeeded, fill_hold_until},
    {"RET", Value::kNeeded, fill_ret},
    {"SIZE", Value::kNeeded, fill_size},
    {"SMTPUTF8", Value::kNone, fill_smtputf8},
}};

constexpr std::array<Known<FillRcpt>, 2> kRcpt{{
    {"NOTIFY", Value::kNeeded, fill_notify},
    {"ORCPT", Value::kNeeded, fill_orcpt},
}};

// Mail-parameters = esmtp-param *(SP esmtp-param). Trailing spaces are let pass (RFC 5321 4.1.1).
template <class Parameters, class Table>
Parsed<Parameters> parse_all(std::string_view text, const Table& table) {
    Parameters parameters;
    unsigned seen = 0;
    if (!text.empty() && text.front() != ' ') {
        return syntax_fault("no space after the path");
    }
    while (!text.empty()) {
        const std::string_view word = base::split_front(text, ' ');
        if (word.empty()) {
            continue;
        }
        TRY(const Parameter parameter, parse_parameter(word));
        const auto known = std::find_if(table.begin(), table.end(), [&](const auto& row) {
            return base::iequals(row.keyword, parameter.keyword);
        });
        if (known == table.end()) {
            return fault(Errc::kUnsupported, "unknown parameter");
        }
        const unsigned bit = 1U << static_cast<unsigned>(known - table.begin());
        if ((seen & bit) != 0) {
            return syntax_fault("a parameter comes twice");
        }
        seen |= bit;
        if (parameter.has_value != (known->value == Value::kNeeded)) {
            return syntax_fault("parameter with a value missing or in excess");
        }
        TRY_VOID(known->fill(parameter.value, parameters));
    }
    return parameters;
}

}  // namespace

Parsed<MailParameters> parse_mail_parameters(std::string_view text) {
    return parse_all<MailParameters>(text, kMail);
}

Parsed<RcptParameters> parse_rcpt_parameters(std::string_view text) {
    return parse_all<RcptParameters>(text, kRcpt);
}

std::string format_parameters(const MailParameters& parameters) {
    std::string text;
    if (parameters.size) {
        text += fmt::format(" SIZE={}", *parameters.size);
    }
    if (parameters.body != Body::k7bit) {
        text += parameters.body == Body::k8bitMime ? " BODY=8BITMIME" : " BODY=BINARYMIME";
    }
    if (parameters.smtputf8) {
        text += " SMTPUTF8";
    }
    if (parameters.auth) {
        text += " AUTH=" + (parameters.auth->empty() ? "<>" : encode_xtext(*parameters.auth));
    }
    if (parameters.ret != Return::kUnsaid) {
        text += parameters.ret == Return::kFull ? " RET=FULL" : " RET=HDRS";
    }
    if (parameters.envid) {
        text += " ENVID=" + encode_xtext(*parameters.envid);
    }
    if (parameters.hold_for) {
        text += fmt::format(" HOLDFOR={}", parameters.hold_for->count());
    }
    if (parameters.hold_until) {
        text += " HOLDUNTIL=" + base::format_rfc3339(*parameters.hold_until);
    }
    return text;
}

std::string format_parameters(const RcptParameters& parameters) {
    std::string text;
    if (parameters.notify != kNotifyUnsaid) {
        std::string words;
        const auto add = [&](unsigned flag, std::string_view word) {
            if ((parameters.notify & flag) != 0) {
                words += words.empty() ? "" : ",";
                words += word;
            }
        };
        add(kNotifyNever, "NEVER");
        add(kNotifySuccess, "SUCCESS");
        add(kNotifyFailure, "FAILURE");
        add(kNotifyDelay, "DELAY");
        text += " NOTIFY=" + words;
    }
    if (parameters.orcpt) {
        const OriginalRecipient& original = *parameters.orcpt;
        text +=
            " ORCPT=" + original.type + ';' +
            (original.type == kUtf8AddressType ? original.address : encode_xtext(original.address));
    }
    return text;
}

}  // namespace smtp
