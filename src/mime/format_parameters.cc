// The writing half of parameters.h.
#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "mime/charset.h"
#include "mime/lexer.h"
#include "mime/parameters.h"

namespace mime {
namespace {

constexpr std::size_t kPieceMax = 75;

// attribute-char = <any (US-ASCII) CHAR except SPACE, CTLs, "*", "'", "%", or tspecials>
// RFC 2231 7
bool is_attribute_char(char c) {
    return is_token_char(c) && !base::is_8bit(c) && c != '*' && c != '\'' && c != '%';
}

bool is_token(std::string_view value) {
    return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return is_token_char(c) && !base::is_8bit(c);
    });
}

// The octets of the character that `text` begins with, percent-encoded where they must be.
std::string encoded_character(std::string_view text, std::size_t& length) {
    length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80) {
        ++length;
    }
    std::string encoded;
    for (const char c : text.substr(0, length)) {
        encoded +=
            is_attribute_char(c)
                ? std::string(1, c)
                : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return encoded;
}

// RFC 2231 3 and 4: charset and language once, before the first section.
std::vector<std::string> extended_sections(std::string_view name, std::string_view value) {
    std::vector<std::string> texts(1, "utf-8''");
    for (std::size_t at = 0; at < value.size();) {
        std::size_t length = 0;
        const std::string character = encoded_character(value.substr(at), length);
        // "*123*=" and the semicolon behind it take the difference.
        if (name.size() + texts.back().size() + character.size() + 7 > kPieceMax &&
            texts.back() != "utf-8''" && !texts.back().empty()) {
            texts.emplace_back();
        }
        texts.back() += character;
        at += length;
    }
    if (texts.size() == 1) {
        return {fmt::format("{}*={}", name, texts.front())};
    }
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        pieces.push_back(fmt::format("{}*{}*={}", name, i, texts[i]));
    }
    return pieces;
}

}  // namespace

std::vector<std::string> format_parameter(std::string_view name,
                                          std::string_view value,
                                          HeaderForm form) {
    const std::string text = scrub_utf8(value);
    const bool control = std::any_of(text.begin(), text.end(), base::is_control);
    const bool plain = form == HeaderForm::kUtf8 || base::is_ascii(text);
    // "=?" would be taken for an encoded word by readers who look for them here.
    if (!plain || control || name.size() + text.size() > 900 ||
        text.find("=?") != std::string::npos) {
        return extended_sections(name, text);
    }
    return {fmt::format("{}={}", name, is_token(text) ? text : quote(text))};
}

std::string format_parameters(const Parameters& parameters, HeaderForm form) {
    std::string text;
    for (const Parameter& parameter : parameters.list) {
        for (const std::string& piece : format_parameter(parameter.name, parameter.value, form)) {
            text += ";\r\n " + piece;
        }
    }
    return text;
}

}  // namespace mime
