#include "ftp/grammar/names.h"

#include <algorithm>

#include "base/ascii.h"

namespace ftp {

using base::Errc;
using base::fail;

namespace {

// What stands behind the opening quote, up to the closing one, which goes too.
base::Result<std::string> take_quoted(std::string_view& text) {
    std::string name;
    while (!text.empty()) {
        const bool escaped =
            text.starts_with("\\\"") || text.starts_with("\\\\") || text.starts_with("\"\"");
        if (!escaped && text.front() == '"') {
            text.remove_prefix(1);
            return name;
        }
        text.remove_prefix(escaped ? 1 : 0);
        name += text.front();
        text.remove_prefix(1);
    }
    return fail(Errc::kSyntax, "a quote is left open");
}

}  // namespace

base::Result<std::vector<std::string>> parse_names(std::string_view text) {
    std::vector<std::string> names;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) {
            return names;
        }
        if (text.front() != '"') {
            names.emplace_back(base::split_front(text, ' '));
            continue;
        }
        text.remove_prefix(1);
        TRY(std::string name, take_quoted(text));
        if (!text.empty() && text.front() != ' ') {
            return fail(Errc::kSyntax, "something stands right behind a closing quote");
        }
        names.push_back(std::move(name));
    }
}

std::string quote_name(std::string_view name) {
    const bool plain =
        !name.empty() && name.front() != '"' && name.find(' ') == std::string_view::npos;
    if (plain) {
        return std::string(name);
    }
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace ftp
