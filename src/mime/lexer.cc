#include "mime/lexer.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace mime {
namespace {

constexpr std::string_view kAtextSpecials = "!#$%&'*+-/=?^_`{|}~";
constexpr std::string_view kTspecials = "()<>@,;:\\\"/[]?=";

enum : unsigned char { kAtext = 1, kToken = 2 };

constexpr std::array<unsigned char, 256> make_classes() {
    std::array<unsigned char, 256> classes{};
    for (std::size_t i = 0; i < classes.size(); ++i) {
        const char c = static_cast<char>(i);
        const bool high = base::is_8bit(c);
        if (high || base::is_alnum(c) || kAtextSpecials.find(c) != std::string_view::npos) {
            classes[i] |= kAtext;
        }
        if (high || (i > 0x20 && i < 0x7f && kTspecials.find(c) == std::string_view::npos)) {
            classes[i] |= kToken;
        }
    }
    return classes;
}

constexpr auto kClasses = make_classes();

bool has_class(char c, unsigned char wanted) {
    return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

// The offset behind the delimiter that ends a token whose first character stands at `begin`, with
// quoted pairs and, for comments, nesting; npos when it has no end.
std::size_t find_end(std::string_view text, std::size_t begin, char open, char close) {
    std::size_t depth = 0;
    for (std::size_t i = begin; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\') {
            ++i;
        } else if (c == close && (open == close ? depth > 0 : true)) {
            if (--depth == 0) {
                return i + 1;
            }
        } else if (c == open) {
            ++depth;
        }
    }
    return std::string_view::npos;
}

}  // namespace

bool is_atext(char c) {
    return has_class(c, kAtext);
}

bool is_token_char(char c) {
    return has_class(c, kToken);
}

bool is_atom(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_atext);
}

bool is_dot_atom(std::string_view text) {
    while (true) {
        const std::size_t dot = text.find('.');
        if (!is_atom(text.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

// quoted-string = [CFWS] DQUOTE *([FWS] qcontent) [FWS] DQUOTE [CFWS]      RFC 5322 3.2.4
std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    quoted += '"';
    return quoted;
}

void make_one_line(std::string& text, char instead) {
    for (char& c : text) {
        if (c == '\r' || c == '\n' || c == '\0') {
            c = instead;
        }
    }
}

// quoted-pair = ("\" (VCHAR / WSP)) / obs-qp      RFC 5322 3.2.1
std::string unescape(std::string_view raw) {
    if (raw.find_first_of("\\\r\n") == std::string_view::npos) {
        return std::string(raw);
    }
    std::string plain;
    plain.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) {
            ++i;
        }
        if (raw[i] != '\r' && raw[i] != '\n') {
            plain += raw[i];
        }
    }
    return plain;
}

void Lexer::advance(std::size_t octets) {
    at_ = std::min(at_ + octets, text_.size());
}

bool Lexer::consume(char c) {
    if (at_end() || text_[at_] != c) {
        return false;
    }
    ++at_;
    return true;
}

bool Lexer::skip_fws() {
    const std::size_t begin = at_;
    while (!at_end() && is_fws(text_[at_])) {
        ++at_;
    }
    return at_ != begin;
}

bool Lexer::skip_cfws() {
    const std::size_t begin = at_;
    do {
        skip_fws();
    } while (comment());
    return at_ != begin;
}

std::optional<std::string_view> Lexer::comment() {
    if (peek() != '(' || open_comment_) {
        return std::nullopt;
    }
    const std::size_t end = find_end(text_, at_, '(', ')');
    if (end == std::string_view::npos) {
        open_comment_ = true;
        return std::nullopt;
    }
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 2);
    at_ = end;
    return inside;
}

std::string_view Lexer::atom() {
    const std::size_t begin = at_;
    while (!at_end() && is_atext(text_[at_])) {
        ++at_;
    }
    return text_.substr(begin, at_ - begin);
}

std::string_view Lexer::dot_atom() {
    const std::size_t begin = at_;
    while (!at_end() && (is_atext(text_[at_]) || text_[at_] == '.')) {
        ++at_;
    }
    return text_.substr(begin, at_ - begin);
}

std::string_view Lexer::token() {
    const std::size_t begin = at_;
    while (!at_end() && is_token_char(text_[at_])) {
        ++at_;
    }
    return text_.substr(begin, at_ - begin);
}

std::string_view Lexer::take_until(std::string_view stops) {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(stops, at_), text_.size());
    return text_.substr(begin, at_ - begin);
}

std::optional<std::string> Lexer::quoted_string() {
    if (peek() != '"' || open_quote_) {
        return std::nullopt;
    }
    const std::size_t end = find_end(text_, at_, '"', '"');
    if (end == std::string_view::npos) {
        open_quote_ = true;
        return std::nullopt;
    }
    std::string value = unescape(text_.substr(at_ + 1, end - at_ - 2));
    at_ = end;
    return value;
}

std::optional<std::string> Lexer::domain_literal() {
    if (peek() != '[' || open_literal_) {
        return std::nullopt;
    }
    const std::size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) {
        open_literal_ = true;
        return std::nullopt;
    }
    const std::string inside = unescape(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return "[" + std::string(base::trim(inside)) + "]";
}

}  // namespace mime
