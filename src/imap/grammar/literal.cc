#include "imap/grammar/literal.h"

#include <algorithm>

#include "base/ascii.h"

namespace imap {

//  literal = "{" number64 ["+"] "}" CRLF *CHAR8      literal8 = "~" literal, with any octets
std::optional<Literal> find_literal(std::string_view line) {
    Literal literal;
    if (!line.ends_with('}')) {
        return std::nullopt;
    }
    const std::size_t brace = line.rfind('{');
    if (brace == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view digits = line.substr(brace + 1, line.size() - brace - 2);
    if (digits.ends_with('+')) {
        literal.is_synchronizing = false;
        digits.remove_suffix(1);
    }
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), base::is_digit)) {
        return std::nullopt;
    }
    literal.octets = base::parse_u64(digits, Literal::kEndless >> 1U).value_or(Literal::kEndless);
    literal.is_binary = brace > 0 && line[brace - 1] == '~';
    literal.begin = literal.is_binary ? brace - 1 : brace;
    return literal;
}

}  // namespace imap
