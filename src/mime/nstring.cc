#include "mime/nstring.h"

#include <algorithm>

#include "base/ascii.h"

namespace mime {
namespace {

constexpr std::size_t kQuotedOctetsMax = 4096;

// QUOTED-CHAR is any TEXT-CHAR, of which CR and LF are none; with UTF-8 any of its characters too.
bool can_be_quoted(std::string_view text, HeaderForm form) {
    if (text.size() > kQuotedOctetsMax || text.find('\r') != std::string_view::npos ||
        text.find('\n') != std::string_view::npos) {
        return false;
    }
    return form == HeaderForm::kUtf8 ? base::is_utf8(text) : base::is_ascii(text);
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    // Nearly none has anything to escape.
    if (text.find('"') == std::string_view::npos && text.find('\\') == std::string_view::npos) {
        out.append(text).append("\"");
        return;
    }
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    out += '"';
}

}  // namespace

void append_string(std::string& out, std::string_view text, HeaderForm form) {
    if (text.find('\0') != std::string_view::npos) {
        std::string without_nul(text);
        std::replace(without_nul.begin(), without_nul.end(), '\0', '?');
        append_string(out, without_nul, form);
    } else if (can_be_quoted(text, form)) {
        append_quoted(out, text);
    } else {
        out.append("{").append(std::to_string(text.size())).append("}\r\n").append(text);
    }
}

void append_nstring(std::string& out, std::string_view text, HeaderForm form) {
    if (text.empty()) {
        out += "NIL";
    } else {
        append_string(out, text, form);
    }
}

}  // namespace mime
