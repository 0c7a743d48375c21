#include "pop3/grammar/command.h"

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "base/base64.h"

namespace pop3 {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint32_t kNumberMax = std::numeric_limits<std::uint32_t>::max();

tl::unexpected<base::Error> syntax(const char* what) {
    return fail(Errc::kSyntax, what);
}

// Trailing spaces are typed by people and sent by some programs; they mean nothing.
std::string_view without_trailing_spaces(std::string_view text) {
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return text;
}

// 1*DIGIT. Larger than any maildrop is still a number: there is just no such message.
base::Result<std::uint32_t> parse_digits(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), base::is_digit)) {
        return syntax("not a number");
    }
    return base::parse_number<std::uint32_t>(text).value_or(kNumberMax);
}

// RFC 4422 3.1: sasl-mech = 1*20mech-char; mech-char = UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE
bool is_mechanism(std::string_view text) {
    return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
        return base::is_alnum(c) || c == '-' || c == '_';
    });
}

}  // namespace

// command = keyword *(SP param) CRLF    ; RFC 2449 3
// keyword = 3*4VCHAR
base::Result<CommandLine> parse_command(std::string_view line) {
    if (std::any_of(line.begin(), line.end(), base::is_control)) {
        return syntax("a control character");
    }
    const std::string_view whole = line;
    const std::string_view verb = base::split_front(line, ' ');
    if (verb.size() < 3 || verb.size() > 4 ||
        !std::all_of(verb.begin(), verb.end(), base::is_alnum)) {
        return syntax("no command");
    }
    return CommandLine{base::to_upper(verb), whole.size() == verb.size() ? "" : line};
}

base::Result<std::uint32_t> parse_message_number(std::string_view arguments) {
    TRY(const std::uint32_t number, parse_digits(without_trailing_spaces(arguments)));
    if (number == 0) {
        return syntax("messages are counted from 1");
    }
    return number;
}

// TOP msg n    ; RFC 1939 7
base::Result<TopArguments> parse_top(std::string_view arguments) {
    arguments = without_trailing_spaces(arguments);
    const std::string_view number = base::split_front(arguments, ' ');
    TopArguments top;
    TRY(top.message, parse_message_number(number));
    TRY(top.lines, parse_digits(arguments));
    return top;
}

// RFC 6856 2.2: names and passwords that are not UTF-8 are refused.
base::Result<std::string_view> parse_user(std::string_view arguments) {
    arguments = without_trailing_spaces(arguments);
    if (arguments.empty() || !base::is_utf8(arguments)) {
        return syntax("no name in UTF-8");
    }
    return arguments;
}

base::Result<std::string_view> parse_password(std::string_view arguments) {
    if (arguments.empty() || !base::is_utf8(arguments)) {
        return syntax("no password in UTF-8");
    }
    return arguments;
}

// APOP name digest    ; RFC 1939 7. The digest is the last word: a name may hold spaces.
base::Result<ApopArguments> parse_apop(std::string_view arguments) {
    arguments = without_trailing_spaces(arguments);
    const std::size_t space = arguments.rfind(' ');
    if (space == std::string_view::npos) {
        return syntax("no digest");
    }
    ApopArguments apop;
    TRY(apop.name, parse_user(arguments.substr(0, space)));
    apop.digest = arguments.substr(space + 1);
    if (apop.digest.size() != 32 || !base::hex_decode(apop.digest)) {
        return syntax("the digest is not 32 hexadecimal digits");
    }
    return apop;
}

// AUTH mechanism [SP initial-response]    ; RFC 5034 4; "=" is an empty initial response
base::Result<AuthArguments> parse_auth(std::string_view arguments) {
    arguments = without_trailing_spaces(arguments);
    const std::string_view mechanism = base::split_front(arguments, ' ');
    if (!is_mechanism(mechanism)) {
        return syntax("no mechanism");
    }
    AuthArguments auth{base::to_upper(mechanism), std::nullopt};
    if (arguments == "=") {
        auth.response.emplace();
    } else if (!arguments.empty()) {
        auth.response = base::base64_decode(arguments);
        if (!auth.response) {
            return syntax("the initial response is not base64");
        }
    }
    return auth;
}

base::Result<std::optional<std::string>> parse_sasl_response(std::string_view line) {
    if (line == "*") {
        return std::nullopt;
    }
    auto octets = base::base64_decode(line);
    if (!octets) {
        return syntax("not base64");
    }
    return octets;
}

std::string redact(std::string_view line) {
    std::string_view rest = line;
    const std::string_view verb = base::split_front(rest, ' ');
    const bool alone = verb.size() == line.size();
    if (alone) {
        return std::string(line);
    }
    if (base::iequals(verb, "PASS")) {
        return std::string(verb) + " ***";
    }
    if (base::iequals(verb, "APOP") || base::iequals(verb, "AUTH")) {
        const std::string_view name = base::split_front(rest, ' ');
        return std::string(verb) + ' ' + std::string(name) + (rest.empty() ? "" : " ***");
    }
    return std::string(line);
}

}  // namespace pop3
