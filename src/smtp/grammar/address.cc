#include "smtp/grammar/address.h"

#include <algorithm>

#include "base/ascii.h"

namespace smtp {
namespace {

using base::Errc;

// RFC 5322 3.2.3 atext; RFC 6531 3.3 adds UTF8-non-ascii.
constexpr bool is_atext(char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
    return base::is_alnum(c) || base::is_8bit(c) || kMarks.find(c) != std::string_view::npos;
}

// qtextSMTP = %d32-33 / %d35-91 / %d93-126     ; RFC 6531 adds UTF8-non-ascii
constexpr bool is_qtext(char c) {
    return base::is_8bit(c) || (c >= ' ' && c <= '~' && c != '"' && c != '\\');
}

// Let-dig = ALPHA / DIGIT                      ; RFC 6531: a U-label's octets too
constexpr bool is_let_dig(char c) {
    return base::is_alnum(c) || base::is_8bit(c);
}

// dcontent = %d33-90 / %d94-126
constexpr bool is_dcontent(char c) {
    return c > ' ' && c <= '~' && c != '[' && c != '\\' && c != ']';
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

template <class Predicate>
std::string_view take_while(std::string_view& text, Predicate predicate) {
    const auto end = std::find_if_not(text.begin(), text.end(), predicate);
    const auto count = static_cast<std::size_t>(end - text.begin());
    const std::string_view taken = text.substr(0, count);
    text.remove_prefix(count);
    return taken;
}

// Dot-string = Atom *("." Atom)
bool is_dot_string(std::string_view text) {
    char before = '.';
    for (const char c : text) {
        if (c == '.' ? before == '.' : !is_atext(c)) {
            return false;
        }
        before = c;
    }
    return before != '.';
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE
// QcontentSMTP  = qtextSMTP / quoted-pairSMTP
// quoted-pairSMTP = %d92 %d32-126
Parsed<std::string> parse_quoted_string(std::string_view& text) {
    std::string value;
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') {
        if (take(text, '\\')) {
            if (text.empty() || text.front() < ' ' || text.front() > '~') {
                return syntax_fault("bad quoted pair in the local part");
            }
        } else if (!is_qtext(text.front())) {
            return syntax_fault("bad character in a quoted local part");
        }
        value += text.front();
        text.remove_prefix(1);
    }
    if (!take(text, '"')) {
        return syntax_fault("quoted local part without an end");
    }
    return value;
}

// Local-part = Dot-string / Quoted-string
Parsed<std::string> parse_local_part(std::string_view& text) {
    std::string local;
    if (text.starts_with('"')) {
        TRY(local, parse_quoted_string(text));
    } else {
        const auto word = take_while(text, [](char c) { return c == '.' || is_atext(c); });
        if (!is_dot_string(word)) {
            return syntax_fault("bad local part");
        }
        local = word;
    }
    if (local.size() > kLocalPartOctetsMax) {
        return fault(Errc::kTooLong, "local part longer than 252 octets");
    }
    if (!base::is_utf8(local)) {
        return syntax_fault("local part is not UTF-8");
    }
    return local;
}

// Domain / address-literal, whichever stands at the front.
Parsed<std::string> parse_domain(std::string_view& text) {
    std::string_view word;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        word = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
        text.remove_prefix(word.size());
        if (!is_address_literal(word)) {
            return syntax_fault("bad address literal");
        }
        return std::string(word);
    }
    word = take_while(text, [](char c) { return c == '.' || c == '-' || is_let_dig(c); });
    if (word.size() > kDomainOctetsMax) {
        return fault(Errc::kTooLong, "domain longer than 255 octets");
    }
    if (!is_domain(word)) {
        return syntax_fault("bad domain");
    }
    return std::string(word);
}

// Mailbox = Local-part "@" ( Domain / address-literal )
// `domain_optional`: <Postmaster> (RFC 5321 4.1.1.3) stands without one.
Parsed<Path> parse_mailbox(std::string_view& text, bool domain_optional) {
    Path path;
    TRY(path.local, parse_local_part(text));
    if (!take(text, '@')) {
        if (domain_optional && base::iequals(path.local, "postmaster")) {
            return path;
        }
        return syntax_fault("address without a domain");
    }
    TRY(path.domain, parse_domain(text));
    if (path.local.size() + path.domain.size() + 3 > kPathOctetsMax) {
        return fault(Errc::kTooLong, "path longer than 256 octets");
    }
    return path;
}

// A-d-l = At-domain *( "," At-domain )     At-domain = "@" Domain
// Path  = "<" [ A-d-l ":" ] Mailbox ">"
// RFC 5321 C: source routes are accepted and ignored.
Parsed<void> skip_source_route(std::string_view& text) {
    while (take(text, '@')) {
        const auto domain = parse_domain(text);
        if (!domain) {
            return syntax_fault("bad source route");
        }
        if (take(text, ':')) {
            return {};
        }
        if (!take(text, ',') || !text.starts_with('@')) {
            break;
        }
    }
    return syntax_fault("bad source route");
}

Parsed<Path> parse_path(std::string_view& text, bool domain_optional) {
    const bool bracketed = take(text, '<');
    if (bracketed && text.starts_with('@')) {
        TRY_VOID(skip_source_route(text));
    }
    TRY(Path path, parse_mailbox(text, domain_optional));
    path.bracketed = bracketed;
    if (bracketed && !take(text, '>')) {
        return syntax_fault("path without a closing bracket");
    }
    return path;
}

// Snum = 1*3DIGIT                              ; 0-255
// IPv4-address-literal = Snum 3("." Snum)
bool is_ipv4(std::string_view text) {
    int numbers = 0;
    while (!text.empty() && numbers < 4) {
        const std::string_view number = take_while(text, base::is_digit);
        if (number.size() > 3 || !base::parse_u64(number, 255)) {
            return false;
        }
        ++numbers;
        if (numbers < 4 && !take(text, '.')) {
            return false;
        }
    }
    return numbers == 4 && text.empty();
}

constexpr bool is_hex_digit(char c) {
    const char lower = base::to_lower(c);
    return base::is_digit(c) || (lower >= 'a' && lower <= 'f');
}

// IPv6-addr = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp: eight groups of up to four hex digits,
// the last two perhaps as an IPv4 address, one "::" for a run of zero groups.
bool is_ipv6(std::string_view text) {
    int groups = 0;
    bool compressed = false;
    if (text.starts_with("::")) {
        compressed = true;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
            groups += 2;
            return is_ipv4(text) && (compressed ? groups <= 7 : groups == 8);
        }
        const std::size_t digits = take_while(text, is_hex_digit).size();
        if (digits == 0 || digits > 4 || ++groups > 8) {
            return false;
        }
        if (text.empty()) {
            break;
        }
        if (!take(text, ':') || text.empty()) {
            return false;
        }
        if (take(text, ':')) {
            if (compressed) {
                return false;
            }
            compressed = true;
        }
    }
    return compressed ? groups <= 7 : groups == 8;
}

// Ldh-str = *( ALPHA / DIGIT / "-" ) Let-dig   ; and RFC 1035 2.3.4: 63 octets a label
bool is_sub_domain(std::string_view label) {
    return !label.empty() && label.size() <= 63 && is_let_dig(label.front()) &&
           is_let_dig(label.back());
}

}  // namespace

// Domain = sub-domain *("." sub-domain)        sub-domain = Let-dig [Ldh-str]
bool is_domain(std::string_view text) {
    if (text.empty() || text.size() > kDomainOctetsMax || text.ends_with('.') ||
        !base::is_utf8(text)) {
        return false;
    }
    const auto legal = [](char c) { return c == '.' || c == '-' || is_let_dig(c); };
    if (!std::all_of(text.begin(), text.end(), legal)) {
        return false;
    }
    while (!text.empty()) {
        if (!is_sub_domain(base::split_front(text, '.'))) {
            return false;
        }
    }
    return true;
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
// IPv6-address-literal    = "IPv6:" IPv6-addr
// General-address-literal = Standardized-tag ":" 1*dcontent
bool is_address_literal(std::string_view text) {
    if (text.size() < 3 || text.size() > kDomainOctetsMax || text.front() != '[' ||
        text.back() != ']') {
        return false;
    }
    text = text.substr(1, text.size() - 2);
    if (is_ipv4(text)) {
        return true;
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    const std::string_view tag = text.substr(0, colon);
    const std::string_view content = text.substr(colon + 1);
    if (base::iequals(tag, "IPv6")) {
        return is_ipv6(content);
    }
    const auto ldh = [](char c) { return c == '-' || base::is_alnum(c); };
    return !tag.empty() && base::is_alnum(tag.back()) && std::all_of(tag.begin(), tag.end(), ldh) &&
           !content.empty() && std::all_of(content.begin(), content.end(), is_dcontent);
}

bool is_hello_name(std::string_view text) {
    const auto printable = [](char c) { return c > ' ' && c != 0x7f; };
    const auto legal = [printable](char c) { return base::is_8bit(c) || printable(c); };
    return !text.empty() && text.size() <= kDomainOctetsMax &&
           std::all_of(text.begin(), text.end(), legal) && base::is_utf8(text);
}

// Reverse-path = Path / "<>"
Parsed<Path> parse_reverse_path(std::string_view& text) {
    if (text.starts_with("<>")) {
        text.remove_prefix(2);
        return Path{};
    }
    return parse_path(text, false);
}

// Forward-path = Path / "<Postmaster>"         ; RFC 5321 4.1.1.3
Parsed<Path> parse_forward_path(std::string_view& text) {
    return parse_path(text, true);
}

bool Path::is_ascii() const {
    return base::is_ascii(local) && base::is_ascii(domain);
}

std::string quote_local_part(std::string_view local) {
    if (is_dot_string(local)) {
        return std::string(local);
    }
    std::string quoted = "\"";
    for (const char c : local) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted += '"';
}

std::string Path::to_string() const {
    if (is_null()) {
        return {};
    }
    std::string text = quote_local_part(local);
    if (!domain.empty()) {
        text += '@';
        text += domain;
    }
    return text;
}

}  // namespace smtp
