#include "imap/grammar/arguments.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "imap/grammar/scanner.h"

namespace imap {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kEnableMax = 100;
constexpr std::size_t kUsesMax = 20;
constexpr std::size_t kIdPairsMax = 30;
constexpr std::size_t kIdFieldOctetsMax = 30;
constexpr std::size_t kIdValueOctetsMax = 1024;

//  seq-match-data = SP "(" known-sequence-set SP known-uid-set ")"     ; RFC 7162 7
Result<> parse_match_data(Scanner& scanner, QresyncParameter& parameter) {
    TRY(parameter.match_numbers, parse_known_set(scanner));
    TRY_VOID(scanner.space());
    TRY(parameter.match_uids, parse_known_set(scanner));
    TRY_VOID(scanner.expect(')'));
    if (parameter.match_numbers.size() != parameter.match_uids.size()) {
        return syntax_error("not as many sequence numbers as UIDs");
    }
    return {};
}

//  select-param =/ "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
Result<QresyncParameter> parse_qresync(Scanner& scanner) {
    QresyncParameter parameter;
    TRY_VOID(scanner.space());
    TRY_VOID(scanner.expect('('));
    TRY(parameter.uid_validity, scanner.nz_number());
    TRY_VOID(scanner.space());
    TRY(parameter.modseq, scanner.number64());
    bool more = scanner.take(' ');
    if (more && scanner.peek() != '(') {
        TRY(parameter.known_uids, parse_known_set(scanner));
        more = scanner.take(' ');
    }
    if (more) {
        TRY_VOID(scanner.expect('('));
        TRY_VOID(parse_match_data(scanner, parameter));
    }
    TRY_VOID(scanner.expect(')'));
    return parameter;
}

//  select-params = SP "(" select-param *(SP select-param) ")"      ; RFC 4466 2.1
Result<> parse_select_params(Scanner& scanner, SelectArguments& arguments) {
    TRY_VOID(scanner.expect('('));
    do {
        if (scanner.take_word("CONDSTORE")) {
            arguments.condstore = true;
        } else if (scanner.take_word("QRESYNC")) {
            TRY(arguments.qresync, parse_qresync(scanner));
        } else {
            return syntax_error("no such parameter of SELECT");
        }
    } while (scanner.take(' '));
    return scanner.expect(')');
}

//  "(" [use-attr *(SP use-attr)] ")"                                ; RFC 6154 6
Result<std::vector<std::string>> parse_uses(Scanner& scanner) {
    std::vector<std::string> uses;
    TRY_VOID(scanner.expect('('));
    if (scanner.take(')')) {
        return uses;
    }
    do {
        TRY_VOID(scanner.expect('\\'));
        TRY(const std::string_view use, scanner.atom());
        if (uses.size() == kUsesMax) {
            return base::fail(Errc::kTooLong, "a mailbox has 20 special uses at most");
        }
        uses.push_back("\\" + std::string(use));
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    return uses;
}

//  store-modifier = "UNCHANGEDSINCE" SP mod-sequence-valzer        ; RFC 7162 7
Result<std::optional<std::uint64_t>> parse_store_modifier(Scanner& scanner) {
    if (!scanner.take('(')) {
        return std::nullopt;
    }
    if (!scanner.take_word("UNCHANGEDSINCE")) {
        return syntax_error("no such modifier of STORE");
    }
    TRY_VOID(scanner.space());
    TRY(const std::uint64_t modseq, scanner.number64());
    TRY_VOID(scanner.expect(')'));
    TRY_VOID(scanner.space());
    return std::optional(modseq);
}

}  // namespace

Result<std::string> parse_one_astring(std::string_view text) {
    Scanner scanner(text);
    TRY(std::string one, scanner.astring());
    TRY_VOID(scanner.end());
    return one;
}

Result<std::pair<std::string, std::string>> parse_two_astrings(std::string_view text) {
    Scanner scanner(text);
    TRY(std::string first, scanner.astring());
    TRY_VOID(scanner.space());
    TRY(std::string second, scanner.astring());
    TRY_VOID(scanner.end());
    return std::pair(std::move(first), std::move(second));
}

//  select = "SELECT" SP mailbox [select-params]
Result<SelectArguments> parse_select(std::string_view text) {
    Scanner scanner(text);
    SelectArguments arguments;
    TRY(arguments.mailbox, scanner.astring());
    if (scanner.rest().starts_with(" (")) {
        TRY_VOID(scanner.space());
        TRY_VOID(parse_select_params(scanner, arguments));
    }
    TRY_VOID(scanner.end());
    return arguments;
}

//  create       = "CREATE" SP mailbox [SP "(" create-param ")"]
//  create-param = "USE" SP "(" [use-attr *(SP use-attr)] ")"
Result<CreateArguments> parse_create(std::string_view text) {
    Scanner scanner(text);
    CreateArguments arguments;
    TRY(arguments.mailbox, scanner.astring());
    if (scanner.rest().starts_with(" (")) {
        TRY_VOID(scanner.space());
        TRY_VOID(scanner.expect('('));
        if (!scanner.take_word("USE")) {
            return syntax_error("no such parameter of CREATE");
        }
        TRY_VOID(scanner.space());
        TRY(arguments.uses, parse_uses(scanner));
        TRY_VOID(scanner.expect(')'));
    }
    TRY_VOID(scanner.end());
    return arguments;
}

//  copy = "COPY" SP sequence-set SP mailbox
Result<CopyArguments> parse_copy(std::string_view text) {
    Scanner scanner(text);
    CopyArguments arguments;
    TRY(arguments.set, parse_sequence_set(scanner));
    TRY_VOID(scanner.space());
    TRY(arguments.mailbox, scanner.astring());
    TRY_VOID(scanner.end());
    return arguments;
}

//  setquota          = "SETQUOTA" SP quota-root-name SP setquota-list          ; RFC 9208 7
//  setquota-list     = "(" [setquota-resource *(SP setquota-resource)] ")"
//  setquota-resource = resource-name SP resource-limit
Result<SetquotaArguments> parse_setquota(std::string_view text) {
    Scanner scanner(text);
    SetquotaArguments arguments;
    TRY(arguments.root, scanner.astring());
    TRY_VOID(scanner.space());
    TRY_VOID(scanner.expect('('));
    if (scanner.peek() != ')') {
        do {
            TRY(std::string resource, scanner.word());
            TRY_VOID(scanner.space());
            TRY(const std::uint64_t limit, scanner.number64());
            arguments.limits.emplace_back(std::move(resource), limit);
        } while (scanner.take(' '));
    }
    TRY_VOID(scanner.expect(')'));
    TRY_VOID(scanner.end());
    return arguments;
}

//  store           = "STORE" SP sequence-set [store-modifier] SP store-att-flags
//  store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
Result<StoreArguments> parse_store(std::string_view text) {
    Scanner scanner(text);
    StoreArguments arguments;
    TRY(arguments.set, parse_sequence_set(scanner));
    TRY_VOID(scanner.space());
    TRY(arguments.unchanged_since, parse_store_modifier(scanner));
    if (scanner.take('+')) {
        arguments.action = StoreAction::kAdd;
    } else if (scanner.take('-')) {
        arguments.action = StoreAction::kRemove;
    }
    arguments.silent = scanner.take_word("FLAGS.SILENT");
    if (!arguments.silent && !scanner.take_word("FLAGS")) {
        return syntax_error("only FLAGS can be stored");
    }
    TRY_VOID(scanner.space());
    TRY(arguments.flags, parse_store_flags(scanner));
    TRY_VOID(scanner.end());
    return arguments;
}

Result<SequenceSet> parse_set_alone(std::string_view text) {
    Scanner scanner(text);
    TRY(SequenceSet set, parse_sequence_set(scanner));
    TRY_VOID(scanner.end());
    return set;
}

//  enable = "ENABLE" 1*(SP capability)
Result<std::vector<std::string>> parse_enable(std::string_view text) {
    Scanner scanner(text);
    std::vector<std::string> names;
    do {
        if (scanner.at_end() && !names.empty()) {
            break;
        }
        TRY(std::string name, scanner.word());
        if (names.size() == kEnableMax) {
            return base::fail(Errc::kTooLong, "ENABLE takes 100 names at most");
        }
        names.push_back(std::move(name));
    } while (scanner.take(' '));
    TRY_VOID(scanner.end());
    return names;
}

//  id = "ID" SP id-params-list      id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
// Some clients leave the quotes out, of a version for instance.
Result<IdFields> parse_id(std::string_view text) {
    Scanner scanner(text);
    IdFields fields;
    if (scanner.take_word("NIL")) {
        TRY_VOID(scanner.end());
        return fields;
    }
    TRY_VOID(scanner.expect('('));
    while (scanner.peek() != ')') {
        TRY(std::string name, scanner.astring());
        TRY_VOID(scanner.space());
        std::optional<std::string> value;
        if (!scanner.take_word("NIL")) {
            TRY(value, scanner.astring());
        }
        if (fields.size() == kIdPairsMax || name.size() > kIdFieldOctetsMax ||
            value.value_or("").size() > kIdValueOctetsMax) {
            return base::fail(Errc::kTooLong, "more than ID may say");
        }
        fields.emplace_back(std::move(name), std::move(value));
        if (!scanner.take(' ')) {
            break;
        }
    }
    TRY_VOID(scanner.expect(')'));
    TRY_VOID(scanner.end());
    return fields;
}

//  login = "LOGIN" SP userid SP password      ; both astring
Result<LoginArguments> parse_login(std::string_view text) {
    TRY(auto both, parse_two_astrings(text));
    return LoginArguments{std::move(both.first), std::move(both.second)};
}

//  authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp]     initial-resp = (base64 / "=")
Result<AuthenticateArguments> parse_authenticate(std::string_view text) {
    Scanner scanner(text);
    AuthenticateArguments arguments;
    TRY(arguments.mechanism, scanner.word());
    if (scanner.take(' ') && !scanner.at_end()) {
        arguments.response = scanner.rest() == "=" ? std::optional<std::string>("")
                                                   : base::base64_decode(scanner.rest());
        if (!arguments.response) {
            return syntax_error("the initial response is not base64");
        }
        return arguments;
    }
    TRY_VOID(scanner.end());
    return arguments;
}

Result<std::optional<std::string>> parse_sasl_response(std::string_view line) {
    if (line == "*") {
        return std::nullopt;
    }
    auto octets = base::base64_decode(line);
    if (!octets) {
        return syntax_error("not base64");
    }
    return octets;
}

}  // namespace imap
