#include "smtp/grammar/command.h"

#include <algorithm>

#include "base/ascii.h"

namespace smtp {
namespace {

std::string_view trim_spaces(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return text;
}

// "FROM:" or "TO:", then perhaps the space that people put there and RFC 5321 does not.
bool skip_keyword(std::string_view& text, std::string_view keyword) {
    if (!base::istarts_with(text, keyword)) {
        return false;
    }
    text.remove_prefix(keyword.size());
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    return true;
}

}  // namespace

CommandLine split_command(std::string_view line) {
    const auto end = std::find_if_not(line.begin(), line.end(), base::is_alpha);
    const auto length = static_cast<std::size_t>(end - line.begin());
    if (length < line.size() && line[length] != ' ') {
        return {{}, trim_spaces(line)};
    }
    return {line.substr(0, length), trim_spaces(line.substr(length))};
}

namespace {

Parsed<Path> mark_path(Parsed<Path> path) {
    if (!path) {
        path.error().in_path = true;
    }
    return path;
}

}  // namespace

// Quoted local parts are left alone: who writes those knows what a domain is.
std::string complete_path(std::string_view arguments, std::string_view domain) {
    const std::size_t begin = arguments.find('<');
    const std::size_t end = arguments.find('>');
    std::string text(arguments);
    if (domain.empty() || begin == std::string_view::npos || end == std::string_view::npos ||
        end < begin + 2) {
        return text;
    }
    const std::string_view path = arguments.substr(begin + 1, end - begin - 1);
    if (path.find_first_of("@\"\\") == std::string_view::npos &&
        !base::iequals(path, "postmaster")) {
        text.insert(end, "@" + std::string(domain));
    }
    return text;
}

// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
Parsed<MailCommand> parse_mail(std::string_view arguments) {
    if (!skip_keyword(arguments, "FROM:")) {
        return syntax_fault("syntax: MAIL FROM:<address> [parameters]");
    }
    MailCommand command;
    TRY(command.sender, mark_path(parse_reverse_path(arguments)));
    TRY(command.parameters, parse_mail_parameters(arguments));
    return command;
}

// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters]
Parsed<RcptCommand> parse_rcpt(std::string_view arguments) {
    if (!skip_keyword(arguments, "TO:")) {
        return syntax_fault("syntax: RCPT TO:<address> [parameters]");
    }
    RcptCommand command;
    TRY(command.recipient, mark_path(parse_forward_path(arguments)));
    TRY(command.parameters, parse_rcpt_parameters(arguments));
    return command;
}

// bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF
// chunk-size = 1*DIGIT     end-marker = "LAST"
Parsed<BdatCommand> parse_bdat(std::string_view arguments) {
    const std::string_view size = base::split_front(arguments, ' ');
    const std::string_view marker = trim_spaces(arguments);
    const auto octets = base::parse_u64(size);
    if (!octets || (!marker.empty() && !base::iequals(marker, "LAST"))) {
        return syntax_fault("syntax: BDAT octets [LAST]");
    }
    return BdatCommand{*octets, !marker.empty()};
}

// auth-command = "AUTH" SP sasl-mech [SP initial-response]      ; "=" is an empty response
// sasl-mech    = 1*20( UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE )        ; RFC 4422 3.1
Parsed<AuthCommand> parse_auth(std::string_view arguments) {
    AuthCommand command;
    const std::string_view mechanism = base::split_front(arguments, ' ');
    const std::string_view response = trim_spaces(arguments);
    const auto legal = [](char c) { return c == '-' || c == '_' || base::is_alnum(c); };
    if (mechanism.empty() || mechanism.size() > 20 ||
        !std::all_of(mechanism.begin(), mechanism.end(), legal) ||
        response.find(' ') != std::string_view::npos) {
        return syntax_fault("syntax: AUTH mechanism [initial-response]");
    }
    command.mechanism = base::to_upper(mechanism);
    if (response == "=") {
        command.response.emplace();
    } else if (!response.empty()) {
        command.response.emplace(response);
    }
    return command;
}

std::string format_command(const MailCommand& command) {
    return "MAIL FROM:<" + command.sender.to_string() + '>' + format_parameters(command.parameters);
}

std::string format_command(const RcptCommand& command) {
    return "RCPT TO:<" + command.recipient.to_string() + '>' +
           format_parameters(command.parameters);
}

}  // namespace smtp
