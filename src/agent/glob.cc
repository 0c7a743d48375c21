#include "agent/glob.h"

#include <cstddef>

namespace agent {
namespace {

struct SetMatch {
    bool matched = false;
    std::size_t octets = 0;  // of the set in the pattern; 0: there is no closing bracket
};

// "[" [ "!" / "^" ] ( char / char "-" char )+ "]"
SetMatch match_set(std::string_view pattern, char c) {
    std::size_t at = 1;
    const bool inverted = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    at += inverted ? 1 : 0;
    bool found = false;
    for (bool first = true; at < pattern.size(); first = false) {
        if (pattern[at] == ']' && !first) {
            return {.matched = found != inverted, .octets = at + 1};
        }
        const auto low = static_cast<unsigned char>(pattern[at++]);
        auto high = low;
        if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
            high = static_cast<unsigned char>(pattern[at + 1]);
            at += 2;
        }
        const auto octet = static_cast<unsigned char>(c);
        found = found || (low <= octet && octet <= high);
    }
    return {};
}

// How many octets of `pattern` match the one character `c`; 0: it does not match.
std::size_t match_one(std::string_view pattern, char c) {
    switch (pattern[0]) {
        case '?':
            return 1;
        case '[': {
            const SetMatch set = match_set(pattern, c);
            if (set.octets > 0) {
                return set.matched ? set.octets : 0;
            }
            return c == '[' ? 1 : 0;
        }
        case '\\':
            if (pattern.size() > 1) {
                return pattern[1] == c ? 2 : 0;
            }
            return c == '\\' ? 1 : 0;
        default:
            return pattern[0] == c ? 1 : 0;
    }
}

struct Braces {
    std::size_t begin = 0;                 // of '{'
    std::size_t end = 0;                   // of '}'
    std::vector<std::string_view> inside;  // what the commas part
};

// The first pair with a comma of its own in it; pairs inside of it stay for later.
bool find_braces(std::string_view text, Braces& braces) {
    for (braces.begin = text.find('{'); braces.begin != std::string_view::npos;
         braces.begin = text.find('{', braces.begin + 1)) {
        braces.inside.clear();
        std::size_t depth = 0;
        std::size_t from = braces.begin + 1;
        for (std::size_t at = from; at < text.size(); ++at) {
            const char c = text[at];
            if (c == '{') {
                ++depth;
            } else if (depth == 0 && (c == ',' || c == '}')) {
                braces.inside.push_back(text.substr(from, at - from));
                from = at + 1;
                braces.end = at;
            }
            if (c == '}' && depth-- == 0) {
                break;
            }
        }
        if (braces.inside.size() > 1 && text[braces.end] == '}') {
            return true;
        }
    }
    return false;
}

}  // namespace

// Goes back to the last star only: what an earlier one matched need never change.
bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_text = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
            continue;
        }
        const std::size_t step = p < pattern.size() ? match_one(pattern.substr(p), text[t]) : 0;
        if (step > 0) {
            p += step;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

bool is_glob(std::string_view text) {
    Braces braces;
    return text.find_first_of("*?[") != std::string_view::npos || find_braces(text, braces);
}

std::vector<std::string> expand_braces(std::string_view text) {
    constexpr std::size_t kMost = 1000;
    constexpr std::size_t kOctetsMax = 4096;  // of the pattern: the search is quadratic
    std::vector<std::string> words{std::string(text)};
    Braces braces;
    for (std::size_t i = 0; i < words.size() && text.size() <= kOctetsMax;) {
        const std::string word = words[i];
        if (!find_braces(word, braces) || words.size() + braces.inside.size() > kMost) {
            ++i;
            continue;
        }
        std::vector<std::string> expanded;
        expanded.reserve(braces.inside.size());
        for (const std::string_view choice : braces.inside) {
            expanded.push_back(word.substr(0, braces.begin) + std::string(choice) +
                               word.substr(braces.end + 1));
        }
        const auto place = words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
        words.insert(place, expanded.begin(), expanded.end());
    }
    return words;
}

std::string unescape_glob(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        i += text[i] == '\\' && i + 1 < text.size() ? 1 : 0;
        plain += text[i];
    }
    return plain;
}

}  // namespace agent
