#include "imap/grammar/scanner.h"

#include <array>

#include "base/ascii.h"
#include "imap/grammar/literal.h"

namespace imap {
namespace {

using base::Errc;
using base::Result;

constexpr std::uint64_t kNumber64Max = (std::uint64_t{1} << 63U) - 1;

enum Class : std::uint8_t {
    kAtom = 1U << 0U,
    kAstring = 1U << 1U,
    kList = 1U << 2U,
    kTag = 1U << 3U,
};

//  ATOM-CHAR       = <any CHAR except atom-specials>
//  atom-specials   = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
//  ASTRING-CHAR    = ATOM-CHAR / resp-specials
//  list-char       = ATOM-CHAR / list-wildcards / resp-specials
//  tag             = 1*<any ASTRING-CHAR except "+">
//  list-wildcards  = "%" / "*"       quoted-specials = DQUOTE / "\"       resp-specials = "]"
constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> classes{};
    for (unsigned octet = 0x21; octet < 0x7f; ++octet) {
        const auto c = static_cast<char>(octet);
        std::uint8_t bits = kAtom | kAstring | kList | kTag;
        if (c == '(' || c == ')' || c == '{' || c == '"' || c == '\\') {
            bits = 0;
        } else if (c == '%' || c == '*') {
            bits = kList;
        } else if (c == ']') {
            bits = kAstring | kList | kTag;
        } else if (c == '+') {
            bits = kAtom | kAstring | kList;
        }
        classes[octet] = bits;
    }
    return classes;
}

constexpr auto kClasses = make_classes();

bool is(char c, Class wanted) {
    return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

}  // namespace

bool is_atom_char(char c) {
    return is(c, kAtom);
}

bool is_astring_char(char c) {
    return is(c, kAstring);
}

bool is_list_char(char c) {
    return is(c, kList);
}

bool is_tag_char(char c) {
    return is(c, kTag);
}

tl::unexpected<base::Error> syntax_error(const char* what) {
    return base::fail(Errc::kSyntax, what);
}

std::string_view Scanner::cut(std::size_t octets) {
    const std::string_view front = rest_.substr(0, octets);
    rest_.remove_prefix(octets);
    return front;
}

bool Scanner::take(char c) {
    if (peek() != c || rest_.empty()) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

bool Scanner::next_is_word(std::string_view word) const {
    return base::istarts_with(rest_, word) &&
           (rest_.size() == word.size() || !is_atom_char(rest_[word.size()]));
}

bool Scanner::take_word(std::string_view word) {
    if (!next_is_word(word)) {
        return false;
    }
    rest_.remove_prefix(word.size());
    return true;
}

Result<> Scanner::expect(char c) {
    return take(c) ? Result<>() : Result<>(syntax_error("another character is expected"));
}

Result<> Scanner::end() {
    static_cast<void>(take(' '));
    return at_end() ? Result<>() : Result<>(syntax_error("more than the command takes"));
}

//  atom = 1*ATOM-CHAR
Result<std::string_view> Scanner::atom() {
    const std::string_view text = take_while(is_atom_char);
    return text.empty() ? Result<std::string_view>(syntax_error("no atom")) : text;
}

Result<std::string> Scanner::word() {
    TRY(const std::string_view text, atom());
    return base::to_upper(text);
}

//  string = quoted / literal
Result<std::string> Scanner::string() {
    return peek() == '"' ? quoted() : literal();
}

//  astring = 1*ASTRING-CHAR / string
Result<std::string> Scanner::astring() {
    const std::string_view plain = take_while(is_astring_char);
    return plain.empty() ? string() : std::string(plain);
}

//  list-mailbox = 1*list-char / string
Result<std::string> Scanner::list_mailbox() {
    const std::string_view plain = take_while(is_list_char);
    return plain.empty() ? string() : std::string(plain);
}

//  nstring = string / nil
Result<std::optional<std::string>> Scanner::nstring() {
    if (take_word("NIL")) {
        return std::nullopt;
    }
    TRY(std::string text, string());
    return std::optional(std::move(text));
}

//  quoted = DQUOTE *QUOTED-CHAR DQUOTE
//  QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-2 / UTF8-3 / UTF8-4
// Octets above 127 are taken in every mode when they are UTF-8: clients send them before they ENABLE.
Result<std::string> Scanner::quoted() {
    if (!take('"')) {
        return syntax_error("no string");
    }
    std::string text;
    while (true) {
        text += take_while(
            [](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n' && c != '\0'; });
        if (take('"')) {
            break;
        }
        if (!take('\\') || (peek() != '"' && peek() != '\\')) {
            return syntax_error("a quoted string does not end");
        }
        text += cut(1);
    }
    if (!base::is_utf8(text)) {
        return syntax_error("a quoted string is not UTF-8");
    }
    return text;
}

//  literal  = "{" number64 ["+"] "}" CRLF *CHAR8
//  literal8 = "~{" number64 ["+"] "}" CRLF *OCTET
Result<std::string> Scanner::literal() {
    const std::size_t line_end = rest_.find("\r\n");
    const auto header = rest_.starts_with('{') || rest_.starts_with("~{")
                            ? find_literal(rest_.substr(0, line_end))
                            : std::nullopt;
    if (!header || header->begin != 0 || line_end == std::string_view::npos) {
        return syntax_error("no string");
    }
    rest_.remove_prefix(line_end + 2);
    if (header->octets > rest_.size()) {
        return syntax_error("a literal is cut short");
    }
    const std::string_view text = cut(static_cast<std::size_t>(header->octets));
    if (!header->is_binary && text.find('\0') != std::string_view::npos) {
        return syntax_error("NUL in a literal");
    }
    return std::string(text);
}

Result<std::uint64_t> Scanner::number64() {
    const auto value = base::parse_u64(take_while(base::is_digit), kNumber64Max);
    return value ? Result<std::uint64_t>(*value) : Result<std::uint64_t>(syntax_error("no number"));
}

Result<std::uint32_t> Scanner::number() {
    const auto value = base::parse_number<std::uint32_t>(take_while(base::is_digit));
    return value ? Result<std::uint32_t>(*value) : Result<std::uint32_t>(syntax_error("no number"));
}

//  nz-number = digit-nz *DIGIT     ; 0 < n < 4,294,967,296
Result<std::uint32_t> Scanner::nz_number() {
    TRY(const std::uint32_t value, number());
    return value == 0 ? Result<std::uint32_t>(syntax_error("a number is zero")) : value;
}

}  // namespace imap
