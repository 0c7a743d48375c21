#include "account/alias_file.h"

#include <algorithm>

#include "account/address.h"
#include "base/ascii.h"

namespace account {
namespace {

using Kind = AliasMember::Kind;

constexpr std::string_view kInclude = ":include:";

std::string_view take_line(std::string_view& text) {
    std::string_view line = base::split_front(text, '\n');
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

bool is_comment(std::string_view line) {
    const std::string_view trimmed = base::trim(line);
    return trimmed.empty() || trimmed.front() == '#';
}

// Where the first of `wanted` stands outside of quotes; the text's end when there is none.
std::size_t find_unquoted(std::string_view text, char wanted) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == wanted && !quoted) {
            return i;
        }
    }
    return text.size();
}

// `"a, b"` as `a, b`: quotes that enclose the whole are taken off, pairs with a backslash undone.
std::string unquote(std::string_view text) {
    std::string plain;
    for (std::size_t i = 1; i < text.size() && text.front() == '"'; ++i) {
        if (text[i] == '"') {
            return i + 1 == text.size() ? plain : std::string(text);
        }
        i += text[i] == '\\' && i + 1 < text.size() ? 1 : 0;
        plain.push_back(text[i]);
    }
    return std::string(text);
}

// `Bob <bob@hamburger.example>` is bob@hamburger.example; `\bob` is bob, and no alias of that name.
std::string address_of(std::string_view text) {
    const std::size_t open = find_unquoted(text, '<');
    if (open < text.size() && text.ends_with('>')) {
        text = base::trim(text.substr(open + 1, text.size() - open - 2));
    }
    text.remove_prefix(std::min(text.size(), text.find_first_not_of('\\')));
    return std::string(text);
}

// A local part by itself, whatever it is made of but for what would be read as something else.
bool is_local_name(std::string_view text) {
    constexpr std::string_view kOtherKinds = "|/:";
    return !text.empty() && kOtherKinds.find(text.front()) == std::string_view::npos &&
           text.find('@') == std::string_view::npos;
}

AliasMember parse_member(std::string_view text) {
    std::string plain = unquote(text);
    if (base::istarts_with(plain, kInclude)) {
        const std::string_view path = std::string_view(plain).substr(kInclude.size());
        return {Kind::kInclude, std::string(base::trim(path))};
    }
    if (plain.starts_with('|')) {
        return {Kind::kProgram, plain.substr(1)};
    }
    if (plain.starts_with('/')) {
        return {Kind::kFile, std::move(plain)};
    }
    if (plain.starts_with(':')) {
        return {Kind::kOther, std::move(plain)};
    }
    // Quotes may be a local part's own, as in "john smith"@x.org, or around all of an address.
    for (std::string address : {address_of(text), address_of(plain)}) {
        if (parse_address(address)) {
            return {Kind::kAddress, std::move(address)};
        }
    }
    std::string name = address_of(plain);
    return is_local_name(name) ? AliasMember{Kind::kAddress, std::move(name)}
                               : AliasMember{Kind::kOther, std::move(plain)};
}

void parse_members(std::string_view text, std::vector<AliasMember>& members) {
    while (!text.empty()) {
        const std::size_t end = find_unquoted(text, ',');
        const std::string_view word = base::trim(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end + 1));
        if (!word.empty()) {
            members.push_back(parse_member(word));
        }
    }
}

// A logical line: an entry with its continuations, joined by spaces.
struct Logical {
    std::size_t line = 0;
    std::string text;
};

void add_entry(const Logical& logical, AliasFile& file) {
    if (logical.text.empty()) {
        return;
    }
    const std::string_view text = logical.text;
    const std::size_t colon = find_unquoted(text, ':');
    AliasEntry entry{logical.line, unquote(base::trim(text.substr(0, colon))), {}};
    if (colon == text.size() || entry.name.empty()) {
        file.faults.push_back({logical.line, "no name and colon"});
        return;
    }
    parse_members(text.substr(colon + 1), entry.members);
    if (entry.members.empty()) {
        file.faults.push_back({logical.line, "nobody behind the colon"});
        return;
    }
    file.entries.push_back(std::move(entry));
}

std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted.push_back('\\');
        }
        quoted.push_back(c);
    }
    return quoted + '"';
}

std::string format_member(const AliasMember& member) {
    switch (member.kind) {
        case Kind::kInclude:
            return quote(std::string(kInclude) + member.text);
        case Kind::kProgram:
            return quote("|" + member.text);
        case Kind::kFile:
        case Kind::kOther:
            return quote(member.text);
        case Kind::kAddress:
            break;
    }
    return is_local_name(member.text) ? quote(member.text) : "<" + member.text + ">";
}

}  // namespace

AliasFile parse_alias_file(std::string_view text) {
    AliasFile file;
    Logical logical;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = take_line(text);
        if (is_comment(line)) {
            continue;
        }
        const bool continues = line.front() == ' ' || line.front() == '\t';
        if (continues && logical.text.empty()) {
            file.faults.push_back({number, "a continuation of nothing"});
        } else if (continues) {
            logical.text.append(" ").append(base::trim(line));
        } else {
            add_entry(logical, file);
            logical = {number, std::string(line)};
        }
    }
    add_entry(logical, file);
    return file;
}

std::vector<AliasMember> parse_included(std::string_view text) {
    std::vector<AliasMember> members;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (!is_comment(line)) {
            parse_members(line, members);
        }
    }
    return members;
}

std::vector<std::string> format_alias_entry(const AliasEntry& entry) {
    std::vector<std::string> lines;
    lines.push_back(quote(entry.name) + ":");
    for (const AliasMember& member : entry.members) {
        lines.push_back(" " + format_member(member) + ",");
    }
    return lines;
}

}  // namespace account
