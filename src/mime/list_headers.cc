#include "mime/list_headers.h"

#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/base64.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/lexer.h"

namespace mime {
namespace {

constexpr std::size_t kUrisMax = 20;

using UriField = std::vector<std::string> ListHeaders::*;

constexpr std::array<std::pair<std::string_view, UriField>, 6> kUriFields = {{
    {"List-Help", &ListHeaders::help},
    {"List-Unsubscribe", &ListHeaders::unsubscribe},
    {"List-Subscribe", &ListHeaders::subscribe},
    {"List-Post", &ListHeaders::post},
    {"List-Owner", &ListHeaders::owner},
    {"List-Archive", &ListHeaders::archive},
}};

// "<" URI ">" with white space in it left out, as RFC 2369 2 asks.
std::string take_uri(Lexer& lexer) {
    std::string uri;
    for (const char c : lexer.take_until(">")) {
        if (!is_fws(c)) {
            uri += c;
        }
    }
    lexer.consume('>');
    return uri;
}

//  List-X: <URI> *("," <URI>)     RFC 2369 2; comments anywhere
std::vector<std::string> parse_uris(std::string_view body) {
    std::vector<std::string> uris;
    Lexer lexer(body);
    while (!lexer.at_end() && uris.size() < kUrisMax) {
        lexer.skip_cfws();
        if (!lexer.consume('<')) {
            lexer.advance();
            continue;
        }
        if (std::string uri = take_uri(lexer); !uri.empty()) {
            uris.push_back(std::move(uri));
        }
    }
    return uris;
}

//  list-id-header = "List-ID:" [phrase] "<" list-id ">" CRLF     RFC 2919 3
void parse_list_id(std::string_view body, ListHeaders& list) {
    const std::size_t open = body.rfind('<');
    if (open == std::string_view::npos) {
        list.id = unfold(body);  // not allowed, and often seen
        return;
    }
    Lexer lexer(body.substr(open + 1));
    list.id = take_uri(lexer);
    list.name = decode_phrase(body.substr(0, open));
}

}  // namespace

ListHeaders parse_list_headers(std::string_view header) {
    ListHeaders list;
    FieldIterator fields(header);
    while (const auto field = fields.next()) {
        if (!base::istarts_with(field->name, "List-")) {
            continue;
        }
        for (const auto& [name, member] : kUriFields) {
            if (base::iequals(field->name, name) && (list.*member).empty()) {
                list.*member = parse_uris(field->body);
            }
        }
        if (base::iequals(field->name, "List-Id") && list.id.empty()) {
            parse_list_id(field->body, list);
        } else if (base::iequals(field->name, "List-Post")) {
            Lexer lexer(field->body);
            lexer.skip_cfws();
            list.post_forbidden = base::iequals(lexer.atom(), "NO");
        } else if (base::iequals(field->name, "List-Unsubscribe-Post")) {
            list.one_click = base::iequals(unfold(field->body), "List-Unsubscribe=One-Click");
        }
    }
    return list;
}

std::string mailto_address(const std::vector<std::string>& uris) {
    constexpr std::string_view kScheme = "mailto:";
    for (const std::string& uri : uris) {
        if (!base::istarts_with(uri, kScheme)) {
            continue;
        }
        const std::string_view text =
            std::string_view(uri).substr(kScheme.size(), uri.find('?') - kScheme.size());
        std::string address;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const auto octet =
                text[i] == '%' ? base::hex_decode(text.substr(i + 1, 2)) : std::nullopt;
            address += octet && octet->size() == 1 ? octet->front() : text[i];
            i += octet && octet->size() == 1 ? 2 : 0;
        }
        return address;
    }
    return {};
}

}  // namespace mime
