#include "imap/grammar/command.h"

#include <algorithm>

#include "base/ascii.h"
#include "imap/grammar/scanner.h"

namespace imap {
namespace {

bool is_verb_char(char c) {
    return base::is_alnum(c) || c == '-' || c == '_';
}

}  // namespace

std::string_view tag_of(std::string_view line) {
    const std::string_view tag = Scanner(line).take_while(is_tag_char);
    const bool ends_well = tag.size() == line.size() || line[tag.size()] == ' ';
    return tag.empty() || !ends_well || tag.size() > kTagOctetsMax ? "*" : tag;
}

//  command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
//  uid     = "UID" SP (copy / move / fetch / search / store / ...)
base::Result<CommandHead> parse_command_head(std::string_view line) {
    CommandHead head;
    head.tag = tag_of(line);
    if (head.tag == "*") {
        return syntax_error("no tag");
    }
    Scanner scanner(line.substr(head.tag.size()));
    if (!scanner.take(' ')) {
        return base::fail(base::Errc::kInvalid, "no command");
    }
    head.verb = base::to_upper(scanner.take_while(is_verb_char));
    if (head.verb == "UID" && scanner.take(' ')) {
        head.verb += ' ';
        head.verb += base::to_upper(scanner.take_while(is_verb_char));
    }
    if (head.verb.empty() || (!scanner.at_end() && scanner.peek() != ' ')) {
        return base::fail(base::Errc::kInvalid, "no command");
    }
    head.has_arguments = scanner.take(' ');
    head.arguments = scanner.rest();
    return head;
}

std::string redact(std::string_view line) {
    const auto head = parse_command_head(line.substr(0, line.find_first_of("\r\n")));
    const bool is_login = head && head->verb == "LOGIN";
    if (!is_login && (!head || head->verb != "AUTHENTICATE")) {
        return std::string(line);
    }
    std::string_view arguments = head->arguments;
    const std::string_view shown =
        is_login ? std::string_view() : base::split_front(arguments, ' ');
    std::string text(head->tag);
    text.append(" ").append(head->verb);
    if (!shown.empty()) {
        text.append(" ").append(shown);
    }
    return text.append(arguments.empty() ? "\r\n" : " ***\r\n");
}

}  // namespace imap
