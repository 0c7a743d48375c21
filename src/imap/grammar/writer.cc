#include "imap/grammar/writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "imap/grammar/scanner.h"
#include "mime/nstring.h"

namespace imap {

void append_astring(std::string& out, std::string_view text, mime::HeaderForm form) {
    const bool is_atom = !text.empty() && std::all_of(text.begin(), text.end(), is_astring_char) &&
                         !base::iequals(text, "NIL");
    if (is_atom) {
        out += text;
    } else {
        mime::append_string(out, text, form);
    }
}

void append_literal(std::string& out, std::string_view octets) {
    out += octets.find('\0') == std::string_view::npos ? "{" : "~{";
    out.append(std::to_string(octets.size())).append("}\r\n").append(octets);
}

void append_number(std::string& out, std::uint64_t number) {
    const fmt::format_int digits(number);
    out.append(digits.data(), digits.size());
}

std::string response_text(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(),
        out.end(),
        [](char c) { return base::is_control(c) || base::is_8bit(c); },
        '?');
    return out;
}

}  // namespace imap
