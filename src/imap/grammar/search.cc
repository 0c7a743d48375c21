#include "imap/grammar/search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/search_program.h"
#include "mime/charset.h"

namespace imap {
namespace {

using base::Errc;
using base::Result;

struct ReturnRow {
    std::string_view name;
    SearchReturn option;
};

constexpr std::array<ReturnRow, 5> kReturns = {{
    {"MIN", kReturnMin},
    {"MAX", kReturnMax},
    {"ALL", kReturnAll},
    {"COUNT", kReturnCount},
    {"SAVE", kReturnSave},
}};

Result<> parse_return(Scanner& scanner, SearchReturns& returns) {
    for (const ReturnRow& row : kReturns) {
        if (scanner.take_word(row.name)) {
            returns.options |= row.option;
            return {};
        }
    }
    if (scanner.take_word("PARTIAL")) {
        // RFC 9394 3.1
        if (returns.page) {
            return syntax_error("PARTIAL twice");
        }
        TRY_VOID(scanner.space());
        TRY(returns.page, parse_page(scanner));
        return {};
    }
    return syntax_error("no such return option");
}

//  search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
// Takes the space behind it.
Result<std::optional<SearchReturns>> parse_returns(Scanner& scanner) {
    if (!scanner.take_word("RETURN")) {
        return std::nullopt;
    }
    SearchReturns returns;
    TRY_VOID(scanner.space());
    TRY_VOID(scanner.expect('('));
    if (scanner.peek() != ')') {
        do {
            TRY_VOID(parse_return(scanner, returns));
        } while (scanner.take(' '));
    }
    TRY_VOID(scanner.expect(')'));
    TRY_VOID(scanner.space());
    if (returns.options == 0 && !returns.page) {
        returns.options = kReturnAll;
    }
    // RFC 9394 3.1: PARTIAL and ALL exclude each other.
    if (returns.page && (returns.options & kReturnAll) != 0) {
        return syntax_error("PARTIAL with ALL");
    }
    return std::optional(returns);
}

// A charset that UTF-8 stands for has no name: what is in it must be UTF-8.
Result<SearchCharset> parse_charset(Scanner& scanner) {
    TRY(const std::string label, scanner.astring());
    if (base::iequals(label, "UTF-8") || base::iequals(label, "US-ASCII")) {
        return SearchCharset{{}, true};
    }
    const std::string_view charset = mime::canonical_charset(label);
    if (charset.empty()) {
        return base::fail(Errc::kUnsupported, "unknown charset");
    }
    return SearchCharset{charset, false};
}

Result<SearchProgram> parse_program(Scanner& scanner, SearchCharset charset) {
    return SearchParser(scanner, charset).run();
}

// RFC 5256 3 and RFC 5957 3
constexpr std::array<std::pair<std::string_view, mail::SortKind>, 9> kSortKinds = {{
    {"ARRIVAL", mail::SortKind::kArrival},
    {"CC", mail::SortKind::kCc},
    {"DATE", mail::SortKind::kDate},
    {"DISPLAYFROM", mail::SortKind::kDisplayFrom},
    {"DISPLAYTO", mail::SortKind::kDisplayTo},
    {"FROM", mail::SortKind::kFrom},
    {"SIZE", mail::SortKind::kSize},
    {"SUBJECT", mail::SortKind::kSubject},
    {"TO", mail::SortKind::kTo},
}};

//  sort-criterion = ["REVERSE" SP] sort-key
Result<mail::SortKey> parse_sort_key(Scanner& scanner) {
    mail::SortKey key;
    if (scanner.take_word("REVERSE")) {
        TRY_VOID(scanner.space());
        key.reverse = true;
    }
    for (const auto& [name, kind] : kSortKinds) {
        if (scanner.take_word(name)) {
            key.kind = kind;
            return key;
        }
    }
    return syntax_error("no such sort key");
}

//  sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"
// What is equal by a key is equal by it again, reversed or not: a kind counts where it stands first.
Result<std::vector<mail::SortKey>> parse_sort_keys(Scanner& scanner) {
    std::vector<mail::SortKey> keys;
    std::size_t written = 0;
    TRY_VOID(scanner.expect('('));
    do {
        TRY(const mail::SortKey key, parse_sort_key(scanner));
        if (++written > kSortKeysMax) {
            return base::fail(Errc::kTooLong, "SORT takes 20 keys at most");
        }
        if (std::ranges::find(keys, key.kind, &mail::SortKey::kind) == keys.end()) {
            keys.push_back(key);
        }
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    return keys;
}

}  // namespace

//  search         = "SEARCH" [search-return-opts] SP search-program
//  search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)
Result<SearchArguments> parse_search(std::string_view text) {
    Scanner scanner(text);
    SearchArguments arguments;
    SearchCharset charset;
    TRY(arguments.returns, parse_returns(scanner));
    arguments.has_charset = scanner.take_word("CHARSET");
    if (arguments.has_charset) {
        TRY_VOID(scanner.space());
        TRY(charset, parse_charset(scanner));
        TRY_VOID(scanner.space());
    }
    TRY(arguments.program, parse_program(scanner, charset));
    return arguments;
}

bool search_saves(std::string_view text) {
    Scanner scanner(text);
    const auto returns = parse_returns(scanner);
    return returns && *returns && ((*returns)->options & kReturnSave) != 0;
}

//  sort = ["UID" SP] "SORT" [SP "RETURN" ...] SP sort-criteria SP search-criteria
//  search-criteria = charset 1*(SP search-key)
Result<SortArguments> parse_sort(std::string_view text) {
    Scanner scanner(text);
    SortArguments arguments;
    TRY(arguments.returns, parse_returns(scanner));
    TRY(arguments.keys, parse_sort_keys(scanner));
    TRY_VOID(scanner.space());
    TRY(const SearchCharset charset, parse_charset(scanner));
    TRY_VOID(scanner.space());
    TRY(arguments.program, parse_program(scanner, charset));
    return arguments;
}

//  thread = ["UID" SP] "THREAD" SP thread-alg SP search-criteria
Result<ThreadArguments> parse_thread(std::string_view text) {
    Scanner scanner(text);
    ThreadArguments arguments;
    if (scanner.take_word("ORDEREDSUBJECT")) {
        arguments.algorithm = mail::ThreadAlgorithm::kOrderedSubject;
    } else if (scanner.take_word("REFS")) {
        arguments.algorithm = mail::ThreadAlgorithm::kRefs;
    } else if (!scanner.take_word("REFERENCES")) {
        return base::fail(Errc::kSyntax, "no such thread algorithm");
    }
    TRY_VOID(scanner.space());
    TRY(const SearchCharset charset, parse_charset(scanner));
    TRY_VOID(scanner.space());
    TRY(arguments.program, parse_program(scanner, charset));
    return arguments;
}

}  // namespace imap
