// The tokens of RFC 5322 section 3.2 and their obsolete forms (section 4): comments and folding
// white space, atoms, quoted strings, domain literals; octets above 127 count as text (RFC 6532).
//
// A Lexer walks over a field body, folded or not. It never recurses, reads each octet a bounded
// number of times whatever the input, and never fails: a quoted string or comment without its end
// is no token, its first character is then an ordinary character that the caller sees with peek().
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mime {

// RFC 5322 3.2.3 atext, and every octet of a UTF-8 sequence (RFC 6532 3.2).
[[nodiscard]] bool is_atext(char c);
// RFC 2045 5.1 token: any character but space, controls and tspecials; octets above 127 are let in.
[[nodiscard]] bool is_token_char(char c);

// Space, tab, CR and LF: what may stand between tokens. A stray CR or LF is as good as a fold.
[[nodiscard]] constexpr bool is_fws(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// True when `text` can be written as it stands: 1*atext, or with inner dots.
[[nodiscard]] bool is_atom(std::string_view text);
[[nodiscard]] bool is_dot_atom(std::string_view text);
// `text` as a quoted string, with its quotes. Line ends and NUL, which no quoted string may hold,
// become spaces.
[[nodiscard]] std::string quote(std::string_view text);

class Lexer {
  public:
    // Keeps the view: `text` must outlive the lexer and every view it hands out.
    explicit Lexer(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }

    // The next octet; NUL at the end.
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }

    [[nodiscard]] std::size_t position() const { return at_; }

    [[nodiscard]] std::string_view text() const { return text_; }

    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

    void advance(std::size_t octets = 1);
    // Takes `c` if it is next.
    bool consume(char c);

    // [CFWS]: white space and comments. Returns true when anything was skipped.
    bool skip_cfws();
    bool skip_fws();
    // comment = "(" *([FWS] ccontent) [FWS] ")": what stands between the parentheses, raw. Nothing
    // when the next character is not "(" or its end is missing.
    std::optional<std::string_view> comment();

    // The longest run of atext, or of atext and dots; empty when there is none.
    std::string_view atom();
    std::string_view dot_atom();
    std::string_view token();
    // The longest run up to the first character of `stops`.
    std::string_view take_until(std::string_view stops);

    // quoted-string, without quotes, folds and quoted-pair backslashes. Nothing when the next
    // character is not a quote or the closing one is missing.
    std::optional<std::string> quoted_string();
    // domain-literal, with its brackets, without white space at both ends of its text.
    std::optional<std::string> domain_literal();

    // Set once a token without its end was met.
    [[nodiscard]] bool damaged() const { return open_comment_ || open_quote_ || open_literal_; }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
    // Once one token of a kind has no end, no later one is looked at: this keeps "((((..." linear.
    bool open_comment_ = false;
    bool open_quote_ = false;
    bool open_literal_ = false;
};

// Puts `instead` in the place of each CR, LF and NUL: what no header line can hold.
void make_one_line(std::string& text, char instead);

// The text of a comment or the inside of a quoted string: quoted pairs resolved, line ends dropped.
[[nodiscard]] std::string unescape(std::string_view raw);

}  // namespace mime
