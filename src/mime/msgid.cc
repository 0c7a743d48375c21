#include "mime/msgid.h"

#include "base/ascii.h"
#include "mime/lexer.h"

namespace mime {
namespace {

// msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]      RFC 5322 3.6.4
// The lexer stands behind "<". An identifier without ">" ends at the next "<" or at the end.
std::string angle_id(Lexer& lexer) {
    std::string id;
    while (lexer.skip_cfws(), !lexer.at_end()) {
        const char c = lexer.peek();
        if (c == '<' || lexer.consume('>')) {
            break;
        }
        const std::size_t begin = lexer.position();
        if (!lexer.quoted_string() && !lexer.domain_literal()) {
            lexer.advance();
        }
        id += lexer.text().substr(begin, lexer.position() - begin);
    }
    return id;
}

std::vector<std::string> bare_ids(std::string_view body) {
    std::vector<std::string> ids;
    Lexer lexer(body);
    while (lexer.skip_cfws(), !lexer.at_end()) {
        const std::string_view word = lexer.take_until(" \t\r\n,;>");
        if (!word.empty()) {
            ids.emplace_back(word);
        } else {
            lexer.advance();
        }
    }
    return ids;
}

}  // namespace

std::vector<std::string> parse_message_ids(std::string_view body, std::size_t ids_max) {
    std::vector<std::string> ids;
    if (body.find('<') == std::string_view::npos) {
        ids = bare_ids(body);
    }
    Lexer lexer(body);
    while (ids.empty() || !lexer.at_end()) {
        lexer.skip_cfws();
        if (lexer.at_end()) {
            break;
        }
        if (lexer.peek() == '"' && lexer.quoted_string()) {
            continue;
        }
        if (!lexer.consume('<')) {
            lexer.advance();
            continue;
        }
        if (std::string id = angle_id(lexer); !id.empty()) {
            ids.push_back(std::move(id));
        }
    }
    if (ids.size() > ids_max) {
        const auto surplus = static_cast<std::ptrdiff_t>(ids.size() - ids_max);
        ids.erase(ids.begin() + 1, ids.begin() + 1 + surplus);
    }
    return ids;
}

std::optional<std::string> parse_message_id(std::string_view body) {
    auto ids = parse_message_ids(body);
    if (ids.empty()) {
        return std::nullopt;
    }
    return std::move(ids.front());
}

std::string_view without_brackets(std::string_view id) {
    id = base::trim(id);
    return id.starts_with('<') && id.ends_with('>') ? id.substr(1, id.size() - 2) : id;
}

}  // namespace mime
