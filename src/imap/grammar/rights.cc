#include "imap/grammar/rights.h"

#include <utility>

#include "imap/grammar/scanner.h"

namespace imap {
namespace {

using base::Result;

//  getmetadata-option = "MAXSIZE" SP number / "DEPTH" SP ("0" / "1" / "infinity")
Result<> parse_option(Scanner& scanner, GetMetadataArguments& arguments) {
    if (scanner.take_word("MAXSIZE")) {
        TRY_VOID(scanner.space());
        TRY(arguments.octets_max, scanner.number());
        return {};
    }
    if (!scanner.take_word("DEPTH")) {
        return syntax_error("no such option of GETMETADATA");
    }
    TRY_VOID(scanner.space());
    if (scanner.take_word("INFINITY")) {
        arguments.depth = GetMetadataArguments::kEndless;
        return {};
    }
    TRY(arguments.depth, scanner.number());
    return arguments.depth > 1 ? Result<>(syntax_error("no such depth")) : Result<>();
}

bool begins_options(const Scanner& scanner) {
    Scanner ahead(scanner);
    return ahead.take('(') && (ahead.next_is_word("MAXSIZE") || ahead.next_is_word("DEPTH"));
}

// With the space behind them.
Result<> parse_options(Scanner& scanner, GetMetadataArguments& arguments) {
    if (!scanner.take('(')) {
        return {};
    }
    do {
        TRY_VOID(parse_option(scanner, arguments));
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    return scanner.space();
}

//  entries = entry / "(" entry *(SP entry) ")"       entry = astring
Result<std::vector<std::string>> parse_entries(Scanner& scanner) {
    std::vector<std::string> entries;
    const bool is_list = scanner.take('(');
    do {
        TRY(std::string entry, scanner.astring());
        if (entries.size() == kMetadataEntriesMax) {
            return base::fail(base::Errc::kTooLong, "a command names 100 entries at most");
        }
        entries.push_back(std::move(entry));
    } while (is_list && scanner.take(' '));
    if (is_list) {
        TRY_VOID(scanner.expect(')'));
    }
    return entries;
}

//  value = nstring / literal8
Result<std::optional<std::string>> parse_value(Scanner& scanner) {
    return scanner.nstring();
}

}  // namespace

//  setacl     = "SETACL" SP mailbox SP identifier SP mod-rights
//  mod-rights = astring      ; "+rights", "-rights" or "rights"
Result<SetAclArguments> parse_set_acl(std::string_view text) {
    Scanner scanner(text);
    SetAclArguments arguments;
    TRY(arguments.mailbox, scanner.astring());
    TRY_VOID(scanner.space());
    TRY(arguments.identifier, scanner.astring());
    TRY_VOID(scanner.space());
    TRY(const std::string rights, scanner.astring());
    TRY_VOID(scanner.end());
    std::string_view letters = rights;
    if (letters.starts_with('+') || letters.starts_with('-')) {
        arguments.change.mode =
            letters.front() == '+' ? mail::RightsMode::kAdd : mail::RightsMode::kRemove;
        letters.remove_prefix(1);
    }
    TRY(arguments.change.rights, mail::parse_rights(letters));
    return arguments;
}

//  getmetadata = "GETMETADATA" [SP "(" getmetadata-option *(SP getmetadata-option) ")"] SP mailbox SP entries
// The RFC's examples have the options behind the mailbox, so clients do too.
Result<GetMetadataArguments> parse_get_metadata(std::string_view text) {
    Scanner scanner(text);
    GetMetadataArguments arguments;
    TRY_VOID(parse_options(scanner, arguments));
    TRY(arguments.mailbox, scanner.astring());
    TRY_VOID(scanner.space());
    if (begins_options(scanner)) {
        TRY_VOID(parse_options(scanner, arguments));
    }
    TRY(arguments.entries, parse_entries(scanner));
    TRY_VOID(scanner.end());
    return arguments;
}

//  setmetadata = "SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"
Result<SetMetadataArguments> parse_set_metadata(std::string_view text) {
    Scanner scanner(text);
    SetMetadataArguments arguments;
    TRY(arguments.mailbox, scanner.astring());
    TRY_VOID(scanner.space());
    TRY_VOID(scanner.expect('('));
    do {
        SetMetadataArguments::Change change;
        TRY(change.entry, scanner.astring());
        TRY_VOID(scanner.space());
        TRY(change.value, parse_value(scanner));
        if (arguments.changes.size() == kMetadataEntriesMax) {
            return base::fail(base::Errc::kTooLong, "a command names 100 entries at most");
        }
        arguments.changes.push_back(std::move(change));
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    TRY_VOID(scanner.end());
    return arguments;
}

}  // namespace imap
