#include "mime/encoded_word.h"

#include <algorithm>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/lexer.h"

namespace mime {
namespace {

constexpr std::size_t kCharsetMax = 80;

// What labels of charsets are made of, with the star of RFC 2231 5.
bool is_charset_char(char c) {
    return base::is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '+' ||
           c == '*';
}

// Six bits of a character of base64; -1 for any other.
int base64_value(char c) {
    if (base::is_upper(c)) return c - 'A';
    if (base::is_lower(c)) return c - 'a' + 26;
    if (base::is_digit(c)) return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

int hex_value(char c) {
    if (base::is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// Appends `text` without its line ends.
void append_one_line(std::string_view text, std::string& out) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        out += text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// US-ASCII without controls: it is what it says.
bool is_plain_line(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// By whatever label: relays write words of their own between others.
bool is_same_charset(std::string_view a, std::string_view b) {
    return base::iequals(a, b) ||
           (!canonical_charset(a).empty() && canonical_charset(a) == canonical_charset(b));
}

// RFC 2047 4.2. A fold inside the word, line end and white space, is no part of it.
void decode_q(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '_') {
            out += ' ';
        } else if (c == '=' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                   hex_value(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else if (c == '\r' || c == '\n') {
            while (i + 1 < text.size() && is_fws(text[i + 1])) {
                ++i;
            }
        } else {
            out += c;
        }
    }
}

// RFC 2047 4.1. `group` holds the characters of an incomplete group before and after, so that a
// writer who cut base64 anywhere is still read; padding ends a group.
void decode_b(std::string_view text, std::string& group, std::string& out) {
    for (const char c : text) {
        if (c == '=') {
            group.clear();
        }
        if (base64_value(c) < 0) {
            continue;
        }
        group += c;
        if (group.size() == 1) {
            continue;
        }
        const auto last = static_cast<unsigned>(base64_value(group[group.size() - 1]));
        const auto before = static_cast<unsigned>(base64_value(group[group.size() - 2]));
        const auto shift = 2 * (group.size() - 1);
        out += static_cast<char>(((before << shift) | (last >> (6 - shift))) & 0xffU);
        if (group.size() == 4) {
            group.clear();
        }
    }
}

}  // namespace

// encoded-word = "=?" charset "?" encoding "?" encoded-text "?="      RFC 2047 2
std::optional<EncodedWord> match_encoded_word(std::string_view text) {
    if (!text.starts_with("=?")) {
        return std::nullopt;
    }
    std::size_t mark = 2;
    while (mark < text.size() && mark < kCharsetMax && is_charset_char(text[mark])) {
        ++mark;
    }
    if (mark + 3 > text.size() || text[mark] != '?' || text[mark + 2] != '?') {
        return std::nullopt;
    }
    const char encoding = base::to_upper(text[mark + 1]);
    // RFC 2231 5: a language may stand behind the charset, not in its place
    if (mark == 2 || text[2] == '*' || (encoding != 'B' && encoding != 'Q')) {
        return std::nullopt;
    }
    std::string_view charset = text.substr(2, mark - 2);
    charset = charset.substr(0, charset.find('*'));
    const std::size_t begin = mark + 3;
    std::size_t end = begin;
    for (; end < text.size(); ++end) {
        const std::string_view next = text.substr(end, 3);
        if (next.starts_with("?=")) {
            return EncodedWord{charset, text.substr(begin, end - begin), encoding, end + 2};
        }
        if (next.starts_with("=?") && next != "=?=") {
            break;
        }
    }
    // The end is missing: the word ends where its white space begins.
    std::string_view inside = text.substr(begin, end - begin);
    inside = inside.substr(0, inside.find_first_of(" \t\r\n"));
    end = begin + inside.size();
    if (inside.ends_with('?')) {
        inside.remove_suffix(1);
    }
    if (inside.empty()) {
        return std::nullopt;
    }
    return EncodedWord{charset, inside, encoding, end};
}

void EncodedText::add_space(std::string_view space) {
    append_one_line(space, space_);
}

void EncodedText::add_text(std::string_view text) {
    flush_word();
    in_run_ = false;
    literal_ += space_;
    space_.clear();
    append_one_line(text, literal_);
}

void EncodedText::add_word(const EncodedWord& word) {
    if (!in_run_) {
        literal_ += space_;
        flush_literal();
    } else if (!is_same_charset(word.charset, charset_)) {
        flush_word();
    }
    space_.clear();
    in_run_ = true;
    charset_ = word.charset;
    if (word.encoding == 'B') {
        decode_b(word.text, base64_, octets_);
    } else {
        base64_.clear();
        decode_q(word.text, octets_);
    }
}

void EncodedText::add_mixed(std::string_view text) {
    std::size_t search = 0;
    while (true) {
        const std::size_t at = text.find("=?", search);
        if (at == std::string_view::npos) {
            break;
        }
        const auto word = match_encoded_word(text.substr(at));
        if (!word) {
            search = at + 1;
            continue;
        }
        add_literal(text.substr(0, at));
        add_word(*word);
        text.remove_prefix(at + word->size);
        search = 0;
    }
    add_literal(text);
}

// Text with white space at its ends, which the rules for encoded words ask to be told of.
void EncodedText::add_literal(std::string_view text) {
    constexpr std::string_view kSpaces = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpaces);
    if (first == std::string_view::npos) {
        add_space(text);
        return;
    }
    const std::size_t last = text.find_last_not_of(kSpaces);
    add_space(text.substr(0, first));
    add_text(text.substr(first, last - first + 1));
    add_space(text.substr(last + 1));
}

void EncodedText::flush_word() {
    if (!octets_.empty()) {
        out_ += to_utf8(octets_, charset_);
        octets_.clear();
    }
    base64_.clear();
}

void EncodedText::flush_literal() {
    if (!literal_.empty()) {
        out_ += to_utf8(literal_, {});
        literal_.clear();
    }
}

std::string EncodedText::take() {
    flush_word();
    literal_ += space_;
    flush_literal();
    make_one_line(out_, ' ');
    return std::move(out_);
}

std::string decode_unstructured(std::string_view body) {
    if (body.find("=?") == std::string_view::npos && is_plain_line(body)) {
        return std::string(base::trim(body));  // nearly every field
    }
    EncodedText text;
    text.add_mixed(body);
    std::string decoded = text.take();
    const std::string_view trimmed = base::trim(decoded);
    return trimmed.size() == decoded.size() ? decoded : std::string(trimmed);
}

// phrase = 1*word / obs-phrase ; word = atom / quoted-string      RFC 5322 3.2.5
std::string decode_phrase(std::string_view phrase, EncodedWords words) {
    const bool keep = words == EncodedWords::kKeep;
    EncodedText text;
    Lexer lexer(phrase);
    lexer.skip_cfws();
    while (!lexer.at_end()) {
        if (const auto quoted = lexer.quoted_string()) {
            keep ? text.add_text(*quoted) : text.add_mixed(*quoted);
        } else if (const auto word = match_encoded_word(lexer.rest())) {
            keep ? text.add_text(lexer.rest().substr(0, word->size)) : text.add_word(*word);
            lexer.advance(word->size);
        } else {
            const std::size_t begin = lexer.position();
            do {
                lexer.advance();
                lexer.take_until(" \t\r\n\"(=");
            } while (lexer.peek() == '=' && !lexer.rest().starts_with("=?"));
            text.add_text(phrase.substr(begin, lexer.position() - begin));
        }
        if (lexer.skip_cfws() && !lexer.at_end()) {
            text.add_space(" ");
        }
    }
    return text.take();
}

}  // namespace mime
