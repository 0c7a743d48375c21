#include "mime/keywords.h"

#include "mime/encoded_word.h"
#include "mime/lexer.h"

namespace mime {

// keywords = "Keywords:" phrase *("," phrase) CRLF      RFC 5322 3.6.5
std::vector<std::string> parse_keywords(std::string_view body, std::size_t keywords_max) {
    std::vector<std::string> keywords;
    Lexer lexer(body);
    std::size_t begin = 0;
    while (keywords.size() < keywords_max) {
        lexer.skip_cfws();
        const bool last = lexer.at_end();
        if (last || lexer.peek() == ',') {
            std::string keyword = decode_phrase(body.substr(begin, lexer.position() - begin));
            if (!keyword.empty()) {
                keywords.push_back(std::move(keyword));
            }
            lexer.advance();
            begin = lexer.position();
        } else if (const auto word = match_encoded_word(lexer.rest())) {
            lexer.advance(word->size);  // which may hold a comma
        } else if (!lexer.quoted_string()) {
            lexer.advance();
            lexer.take_until(" \t\r\n,\"(=");
        }
        if (last) {
            break;
        }
    }
    return keywords;
}

}  // namespace mime
