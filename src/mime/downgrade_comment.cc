#include "mime/downgrade_comment.h"

#include "base/ascii.h"
#include "mime/encoded_word.h"
#include "mime/lexer.h"

namespace mime {
namespace {

// Takes what is no comment: a quoted string, a domain literal, or one character.
void skip_other(Lexer& lexer) {
    if (!lexer.quoted_string() && !lexer.domain_literal()) {
        lexer.advance();
    }
}

// The text between two parentheses. Its words that are not US-ASCII, or that a comment cannot hold beside
// an encoded word as they are, become encoded words; white space at its ends stays outside them.
void append_text(std::string_view raw, std::string& out) {
    const std::string_view text = base::trim(raw);
    if (base::is_ascii(text)) {
        out += raw;
        return;
    }
    EncodedText decoded;
    decoded.add_mixed(unescape(text));
    const auto before = static_cast<std::size_t>(text.data() - raw.data());
    out += raw.substr(0, before);
    out += encode_phrase(decoded.take());
    out += raw.substr(before + text.size());
}

//  comment  = "(" *([FWS] ccontent) [FWS] ")"
//  ccontent = ctext / quoted-pair / comment / encoded-word        RFC 5322 3.2.2, RFC 2047 5 (2)
void append_comment(std::string_view comment, std::string& out) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < comment.size(); ++at) {
        if (comment[at] == '\\') {
            ++at;
        } else if (comment[at] == '(' || comment[at] == ')') {
            append_text(comment.substr(begin, at - begin), out);
            out += comment[at];
            begin = at + 1;
        }
    }
}

}  // namespace

std::string encode_comments(std::string_view body) {
    std::string out;
    Lexer lexer(body);
    while (!lexer.at_end()) {
        const std::size_t begin = lexer.position();
        const bool is_comment = lexer.comment().has_value();
        if (!is_comment) {
            skip_other(lexer);
        }
        const std::string_view raw = body.substr(begin, lexer.position() - begin);
        if (is_comment) {
            append_comment(raw, out);
        } else {
            out += raw;
        }
    }
    return out;
}

std::vector<std::string_view> comments_of(std::string_view body) {
    std::vector<std::string_view> comments;
    Lexer lexer(body);
    while (!lexer.at_end()) {
        const std::size_t begin = lexer.position();
        if (lexer.comment()) {
            comments.push_back(body.substr(begin, lexer.position() - begin));
        } else {
            skip_other(lexer);
        }
    }
    return comments;
}

}  // namespace mime
