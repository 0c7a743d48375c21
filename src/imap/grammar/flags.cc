#include "imap/grammar/flags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "mail/types.h"

namespace imap {
namespace {

using base::Errc;
using base::Result;

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> kSystemFlags = {{
    {"\\Answered", mail::kAnswered},
    {"\\Flagged", mail::kFlagged},
    {"\\Deleted", mail::kDeleted},
    {"\\Seen", mail::kSeen},
    {"\\Draft", mail::kDraft},
}};

Result<> add_system_flag(std::string_view name, Flags& flags) {
    for (const auto& [known, bit] : kSystemFlags) {
        if (base::iequals(name, known.substr(1))) {
            flags.system |= bit;
            return {};
        }
    }
    return syntax_error(base::iequals(name, "Recent") ? "\\Recent is not to be stored"
                                                      : "no such system flag");
}

//  flag         = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword /
//                 flag-extension
//  flag-keyword = "$MDNSent" / "$Forwarded" / "$Junk" / "$NotJunk" / "$Phishing" / atom
Result<> parse_flag(Scanner& scanner, Flags& flags) {
    if (scanner.take('\\')) {
        TRY(const std::string_view name, scanner.atom());
        return add_system_flag(name, flags);
    }
    TRY(std::string keyword, parse_keyword(scanner));
    const bool is_new =
        std::none_of(flags.keywords.begin(), flags.keywords.end(), [&](const std::string& known) {
            return base::iequals(known, keyword);
        });
    if (is_new && flags.keywords.size() == kFlagsMax) {
        return base::fail(Errc::kTooLong, "a list of flags has 100 keywords at most");
    }
    if (is_new) {
        flags.keywords.push_back(std::move(keyword));
    }
    return {};
}

}  // namespace

Result<std::string> parse_keyword(Scanner& scanner) {
    TRY(const std::string_view atom, scanner.atom());
    if (atom.size() > kKeywordOctetsMax) {
        return base::fail(Errc::kTooLong, "a keyword has 200 octets at most");
    }
    return std::string(atom);
}

//  flag-list = "(" [flag *(SP flag)] ")"
Result<Flags> parse_flag_list(Scanner& scanner) {
    Flags flags;
    TRY_VOID(scanner.expect('('));
    if (scanner.take(')')) {
        return flags;
    }
    do {
        TRY_VOID(parse_flag(scanner, flags));
    } while (scanner.take(' '));
    TRY_VOID(scanner.expect(')'));
    return flags;
}

//  store-att-flags = ... (flag-list / (flag *(SP flag)))
Result<Flags> parse_store_flags(Scanner& scanner) {
    if (scanner.peek() == '(') {
        return parse_flag_list(scanner);
    }
    Flags flags;
    do {
        TRY_VOID(parse_flag(scanner, flags));
    } while (scanner.take(' ') && !scanner.at_end());
    return flags;
}

void append_flags(std::string& out,
                  std::uint32_t system,
                  std::uint64_t keywords,
                  std::span<const std::string> names) {
    const std::size_t begin = out.size();
    const auto add = [&](std::string_view name) {
        if (out.size() > begin) {
            out += ' ';
        }
        out += name;
    };
    for (const auto& [name, bit] : kSystemFlags) {
        if ((system & bit) != 0) {
            add(name);
        }
    }
    for (std::size_t i = 0; i < names.size() && keywords >> i != 0; ++i) {
        // A name that no message had any more has made room for another, and leaves it empty until that comes.
        if (((keywords >> i) & 1U) != 0 && !names[i].empty()) {
            add(names[i]);
        }
    }
}

}  // namespace imap
