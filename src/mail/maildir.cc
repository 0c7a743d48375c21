#include "mail/maildir.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/base64.h"
#include "mime/utf8.h"

namespace mail {
namespace {

constexpr std::string_view kForwarded = "$Forwarded";

struct FlagLetter {
    char letter;
    Flag flag;
};

// In the order in which they must stand.
constexpr std::array kFlagLetters = std::to_array<FlagLetter>(
    {{'D', kDraft}, {'F', kFlagged}, {'R', kAnswered}, {'S', kSeen}, {'T', kDeleted}});

// "&" and "." cannot stand for themselves.
bool is_direct(char32_t c) {
    return c >= 0x20 && c <= 0x7e && c != U'&' && c != U'.';
}

void append_utf16(std::string& out, char32_t c) {
    const auto unit = [&out](char32_t value) {
        out += static_cast<char>(value >> 8U);
        out += static_cast<char>(value & 0xffU);
    };
    if (c >= 0x10000) {
        unit(0xd800 + ((c - 0x10000) >> 10U));
        unit(0xdc00 + ((c - 0x10000) & 0x3ffU));
    } else {
        unit(c);
    }
}

//  modified base64: "," in place of "/", no padding      RFC 3501 5.1.3
void flush_shifted(std::string& out, std::string& units) {
    if (units.empty()) {
        return;
    }
    std::string text = base::base64_encode(units);
    std::replace(text.begin(), text.end(), '/', ',');
    text.erase(std::min(text.find('='), text.size()));
    out.append("&").append(text).append("-");
    units.clear();
}

void append_level(std::string& out, std::string_view level) {
    std::string units;
    while (!level.empty()) {
        const char32_t c = mime::take_utf8(level);
        if (is_direct(c)) {
            flush_shifted(out, units);
            out += static_cast<char>(c);
        } else if (c == U'&') {
            flush_shifted(out, units);
            out += "&-";
        } else {
            append_utf16(units, c);
        }
    }
    flush_shifted(out, units);
}

// UTF-16 as UTF-8; false for a surrogate that stands alone or half a unit.
bool append_units(std::string& out, std::string_view units) {
    if (units.size() % 2 != 0) {
        return false;
    }
    char32_t high = 0;
    for (; !units.empty(); units.remove_prefix(2)) {
        const auto unit = static_cast<char32_t>(static_cast<unsigned char>(units[0]) << 8U |
                                                static_cast<unsigned char>(units[1]));
        const bool is_high = unit >= 0xd800 && unit < 0xdc00;
        const bool is_low = unit >= 0xdc00 && unit < 0xe000;
        if (is_low != (high != 0)) {
            return false;
        }
        if (is_low) {
            mime::append_utf8(out, 0x10000 + ((high - 0xd800) << 10U) + (unit - 0xdc00));
            high = 0;
        } else if (is_high) {
            high = unit;
        } else {
            mime::append_utf8(out, unit);
        }
    }
    return high == 0;
}

// Dovecot's: what cannot stand in a line between tabs, behind an octet 1. None of it can be in a mailbox's name.
std::string unescape_tabs(std::string_view text) {
    constexpr std::string_view kEscaped = "01trn";
    constexpr std::string_view kMeant("\0\x01\t\r\n", 5);
    std::string out;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        const std::size_t known =
            c == '\x01' && !text.empty() ? kEscaped.find(text.front()) : std::string_view::npos;
        out += known == std::string_view::npos ? c : kMeant[known];
        text.remove_prefix(known == std::string_view::npos ? 0 : 1);
    }
    return out;
}

// One level in modified UTF-7, or in UTF-8 as some have it.
std::optional<std::string> parse_level(std::string_view level) {
    std::string out;
    while (!level.empty()) {
        const std::size_t shift = level.find('&');
        out += level.substr(0, shift);
        if (shift == std::string_view::npos) {
            break;
        }
        level.remove_prefix(shift + 1);
        const std::size_t end = level.find('-');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        std::string text(level.substr(0, end));
        level.remove_prefix(end + 1);
        if (text.empty()) {
            out += '&';
            continue;
        }
        std::replace(text.begin(), text.end(), ',', '/');
        text.append((4 - text.size() % 4) % 4, '=');
        const auto units = base::base64_decode(text);
        if (!units || !append_units(out, *units)) {
            return std::nullopt;
        }
    }
    const bool is_usable =
        !out.empty() && base::is_utf8(out) && std::none_of(out.begin(), out.end(), [](char c) {
            return c == '/' || base::is_control(c);
        });
    return is_usable ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

MaildirKeywords parse_maildir_keywords(std::string_view text) {
    MaildirKeywords keywords;
    while (!text.empty()) {
        std::string_view line = base::split_front(text, '\n');
        const auto number = base::parse_u64(base::split_front(line, ' '), keywords.size() - 1);
        const std::string_view name = base::trim(line);
        if (number && !name.empty()) {
            keywords[*number] = name;
        }
    }
    return keywords;
}

std::string format_maildir_keywords(const MaildirKeywords& keywords) {
    std::string text;
    for (std::size_t i = 0; i < keywords.size(); ++i) {
        if (!keywords[i].empty()) {
            text += fmt::format("{} {}\n", i, keywords[i]);
        }
    }
    return text;
}

std::optional<MaildirName> parse_maildir_name(std::string_view name,
                                              const MaildirKeywords& keywords) {
    if (name.empty() || name.front() == '.') {
        return std::nullopt;
    }
    MaildirName parsed;
    const std::size_t info = name.rfind(":2,");
    parsed.unique = name.substr(0, info);
    const std::string_view letters =
        info == std::string_view::npos ? std::string_view{} : name.substr(info + 3);
    for (const char letter : letters) {
        for (const FlagLetter& known : kFlagLetters) {
            parsed.flags |= known.letter == letter ? known.flag : 0U;
        }
        if (letter == 'P') {
            parsed.keywords.emplace_back(kForwarded);
        } else if (base::is_lower(letter)) {
            const std::string& keyword = keywords[static_cast<std::size_t>(letter - 'a')];
            if (!keyword.empty()) {
                parsed.keywords.push_back(keyword);
            }
        }
    }
    return parsed;
}

std::string format_maildir_name(const MaildirName& name, MaildirKeywords& keywords) {
    std::string letters;
    for (const FlagLetter& known : kFlagLetters) {
        if ((name.flags & known.flag) != 0) {
            letters += known.letter;
        }
    }
    for (const std::string& keyword : name.keywords) {
        if (base::iequals(keyword, kForwarded)) {
            letters += 'P';
            continue;
        }
        auto place = std::find_if(keywords.begin(), keywords.end(), [&](const std::string& known) {
            return base::iequals(known, keyword);
        });
        if (place == keywords.end()) {
            place = std::find(keywords.begin(), keywords.end(), std::string());
        }
        if (place != keywords.end()) {
            *place = place->empty() ? keyword : *place;
            letters += static_cast<char>('a' + (place - keywords.begin()));
        }
    }
    std::sort(letters.begin(), letters.end());
    return fmt::format("{}:2,{}", name.unique, letters);
}

std::string format_maildir_folder(std::string_view path) {
    if (base::iequals(path, "INBOX")) {
        return {};
    }
    std::string name;
    while (!path.empty()) {
        name += '.';
        append_level(name, base::split_front(path, '/'));
    }
    return name;
}

std::optional<std::string> parse_maildir_folder(std::string_view name) {
    if (name.empty()) {
        return "INBOX";
    }
    if (name.front() != '.') {
        return std::nullopt;
    }
    std::string path;
    name.remove_prefix(1);
    do {
        const auto level = parse_level(base::split_front(name, '.'));
        if (!level) {
            return std::nullopt;
        }
        path.append(path.empty() ? "" : "/").append(*level);
    } while (!name.empty());
    return path;
}

std::vector<std::string> parse_maildir_subscriptions(std::string_view text) {
    const bool has_tabs = text.starts_with("V\t");
    if (has_tabs) {
        static_cast<void>(base::split_front(text, '\n'));
    }
    std::vector<std::string> paths;
    while (!text.empty()) {
        std::string_view line = base::split_front(text, '\n');
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        std::string path;
        bool is_path = !line.empty();
        while (is_path && !line.empty()) {
            const std::string_view level = base::split_front(line, has_tabs ? '\t' : '.');
            const auto name = parse_level(has_tabs ? unescape_tabs(level) : std::string(level));
            is_path = name.has_value();
            path.append(path.empty() ? "" : "/").append(name.value_or(""));
        }
        if (is_path) {
            paths.push_back(std::move(path));
        }
    }
    return paths;
}

std::string format_maildir_subscriptions(const std::vector<std::string>& paths) {
    std::string text = "V\t2\n\n";
    for (std::string_view path : paths) {
        std::string line;
        while (!path.empty()) {
            line += line.empty() ? "" : "\t";
            append_level(line, base::split_front(path, '/'));
        }
        text += line + "\n";
    }
    return text;
}

}  // namespace mail
