#include "agent/name_map.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace agent {
namespace {

using Parts = std::array<std::string_view, 10>;  // $0 to $9

bool is_part(std::string_view pattern, std::size_t at) {
    return pattern[at] == '$' && at + 1 < pattern.size() && base::is_digit(pattern[at + 1]);
}

// What a literal at `at` is, and steps behind it.
char take_literal(std::string_view pattern, std::size_t& at) {
    at += pattern[at] == '\\' && at + 1 < pattern.size() ? 1 : 0;
    return pattern[at++];
}

// A part reaches up to the first character that stands behind it in the pattern.
Parts take_apart(std::string_view name, std::string_view pattern) {
    Parts parts;
    parts[0] = name;
    std::size_t n = 0;
    for (std::size_t at = 0; at < pattern.size();) {
        if (!is_part(pattern, at)) {
            if (n == name.size() || name[n] != take_literal(pattern, at)) {
                break;
            }
            ++n;
            continue;
        }
        const auto index = static_cast<std::size_t>(pattern[at + 1] - '0');
        at += 2;
        std::size_t end = name.size();
        if (at < pattern.size() && !is_part(pattern, at)) {
            std::size_t behind = at;
            end = std::min(name.find(take_literal(pattern, behind), n), name.size());
        }
        if (index > 0) {
            parts[index] = name.substr(n, end - n);
        }
        n = end;
    }
    return parts;
}

// Up to `stop` of the pattern, or its end.
std::string put_together(std::string_view pattern,
                         const Parts& parts,
                         std::size_t& at,
                         std::string_view stop) {
    std::string text;
    while (at < pattern.size() && stop.find(pattern[at]) == std::string_view::npos) {
        if (is_part(pattern, at)) {
            text += parts[static_cast<std::size_t>(pattern[at + 1] - '0')];
            at += 2;
        } else {
            text += take_literal(pattern, at);
        }
    }
    return text;
}

// A component of it is "..".
bool climbs(std::string_view path) {
    while (!path.empty()) {
        if (base::split_front(path, '/') == "..") {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string translate_name(std::string_view name, std::string_view in, std::string_view out) {
    std::string translated;
    for (const char c : name) {
        const std::size_t place = in.find(c);
        if (place == std::string_view::npos) {
            translated += c;
        } else if (place < out.size()) {
            translated += out[place];
        }
    }
    return translated;
}

std::string map_name(std::string_view name, std::string_view in, std::string_view out) {
    const Parts parts = take_apart(name, in);
    std::string mapped;
    for (std::size_t at = 0; at < out.size();) {
        if (out[at] != '[') {
            mapped += put_together(out, parts, at, "[");
            continue;
        }
        ++at;
        std::string chosen = put_together(out, parts, at, ",]");
        if (at < out.size() && out[at] == ',') {
            ++at;
            const std::string otherwise = put_together(out, parts, at, "]");
            chosen = chosen.empty() ? otherwise : chosen;
        }
        ++at;  // the closing bracket
        mapped += chosen;
    }
    return mapped;
}

std::string rename_by(const NameMap& map, std::string_view name) {
    const bool shouts = std::none_of(name.begin(), name.end(), base::is_lower);
    std::string mapped = map.lower_case && shouts ? base::to_lower(name) : std::string(name);
    if (!map.characters_in.empty()) {
        mapped = translate_name(mapped, map.characters_in, map.characters_out);
    }
    if (!map.pattern_in.empty()) {
        mapped = map_name(mapped, map.pattern_in, map.pattern_out);
    }
    return climbs(mapped) && !climbs(map.pattern_out) ? std::string(name) : mapped;
}

}  // namespace agent
