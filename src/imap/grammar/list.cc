#include "imap/grammar/list.h"

#include <algorithm>
#include <array>
#include <utility>

namespace imap {
namespace {

using base::Result;

struct Option {
    std::string_view name;
    std::uint32_t bit;
};

constexpr std::array<Option, 11> kStatusItems = {{
    {"APPENDLIMIT", kStatusAppendLimit},
    {"DELETED", kStatusDeleted},
    {"DELETED-STORAGE", kStatusDeletedStorage},
    {"HIGHESTMODSEQ", kStatusHighestModseq},
    {"MAILBOXID", kStatusMailboxId},
    {"MESSAGES", kStatusMessages},
    {"RECENT", kStatusRecent},
    {"SIZE", kStatusSize},
    {"UIDNEXT", kStatusUidNext},
    {"UIDVALIDITY", kStatusUidValidity},
    {"UNSEEN", kStatusUnseen},
}};

constexpr std::array<Option, 4> kSelectOptions = {{
    {"RECURSIVEMATCH", kSelectRecursiveMatch},
    {"REMOTE", kSelectRemote},
    {"SPECIAL-USE", kSelectSpecialUse},
    {"SUBSCRIBED", kSelectSubscribed},
}};

constexpr std::array<Option, 3> kReturnOptions = {{
    {"CHILDREN", kReturnChildren},
    {"SPECIAL-USE", kReturnSpecialUse},
    {"SUBSCRIBED", kReturnSubscribed},
}};

template <std::size_t size>
Result<std::uint32_t> take_option(Scanner& scanner, const std::array<Option, size>& options) {
    for (const Option& option : options) {
        if (scanner.take_word(option.name)) {
            return option.bit;
        }
    }
    return syntax_error("no such option");
}

//  list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"
Result<> parse_select_options(Scanner& scanner, ListArguments& arguments) {
    if (!scanner.take('(')) {
        return {};
    }
    arguments.is_extended = true;
    if (!scanner.take(')')) {
        do {
            TRY(const std::uint32_t bit, take_option(scanner, kSelectOptions));
            arguments.options |= bit;
        } while (scanner.take(' '));
        TRY_VOID(scanner.expect(')'));
    }
    // RFC 5258 3: RECURSIVEMATCH needs an option to match by.
    constexpr std::uint32_t kBases = kSelectSubscribed | kSelectSpecialUse;
    if ((arguments.options & kSelectRecursiveMatch) != 0 && (arguments.options & kBases) == 0) {
        return syntax_error("RECURSIVEMATCH alone");
    }
    return scanner.space();
}

//  mbox-or-pat = list-mailbox / patterns      patterns = "(" list-mailbox *(SP list-mailbox) ")"
Result<> parse_patterns(Scanner& scanner, ListArguments& arguments) {
    const bool is_list = scanner.take('(');
    arguments.is_extended |= is_list;
    do {
        TRY(std::string pattern, scanner.list_mailbox());
        if (arguments.patterns.size() == kPatternsMax || pattern.size() > kPatternOctetsMax) {
            return base::fail(base::Errc::kTooLong,
                              "LIST takes 100 patterns of 1000 octets at most");
        }
        arguments.patterns.push_back(std::move(pattern));
    } while (is_list && scanner.take(' '));
    return is_list ? scanner.expect(')') : Result<>();
}

//  return-option =/ "STATUS" SP status-option       ; RFC 5819 4
Result<> parse_return_option(Scanner& scanner, ListArguments& arguments) {
    if (scanner.take_word("STATUS")) {
        TRY_VOID(scanner.space());
        TRY(arguments.status, parse_status_items(scanner));
        return {};
    }
    TRY(const std::uint32_t bit, take_option(scanner, kReturnOptions));
    arguments.options |= bit;
    return {};
}

//  list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
Result<> parse_return_options(Scanner& scanner, ListArguments& arguments) {
    if (!scanner.rest().starts_with(' ') || scanner.rest().size() == 1) {
        return {};
    }
    TRY_VOID(scanner.space());
    if (!scanner.take_word("RETURN")) {
        return syntax_error("RETURN is expected");
    }
    arguments.is_extended = true;
    TRY_VOID(scanner.space());
    TRY_VOID(scanner.expect('('));
    if (scanner.take(')')) {
        return {};
    }
    do {
        TRY_VOID(parse_return_option(scanner, arguments));
    } while (scanner.take(' '));
    return scanner.expect(')');
}

}  // namespace

//  list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
Result<ListArguments> parse_list(std::string_view text) {
    Scanner scanner(text);
    ListArguments arguments;
    TRY_VOID(parse_select_options(scanner, arguments));
    TRY(arguments.reference, scanner.astring());
    TRY_VOID(scanner.space());
    TRY_VOID(parse_patterns(scanner, arguments));
    TRY_VOID(parse_return_options(scanner, arguments));
    TRY_VOID(scanner.end());
    return arguments;
}

//  lsub = "LSUB" SP mailbox SP list-mailbox
Result<ListArguments> parse_lsub(std::string_view text) {
    TRY(ListArguments arguments, parse_list(text));
    if (arguments.is_extended) {
        return syntax_error("LSUB is not extended");
    }
    return arguments;
}

//  "(" status-att *(SP status-att) ")"
Result<std::uint32_t> parse_status_items(Scanner& scanner) {
    std::uint32_t items = 0;
    TRY_VOID(scanner.expect('('));
    do {
        TRY(const std::uint32_t bit, take_option(scanner, kStatusItems));
        items |= bit;
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    return items;
}

//  status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
Result<StatusArguments> parse_status(std::string_view text) {
    Scanner scanner(text);
    StatusArguments arguments;
    TRY(arguments.mailbox, scanner.astring());
    TRY_VOID(scanner.space());
    TRY(arguments.items, parse_status_items(scanner));
    TRY_VOID(scanner.end());
    return arguments;
}

}  // namespace imap
