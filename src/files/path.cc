#include "files/path.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/ascii.h"

namespace files {
namespace {

using base::Errc;
using base::Result;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Free {
    void operator()(utf8proc_uint8_t* octets) const { std::free(octets); }
};

// `text` in the normal form that `form` names; as it is when it is not well-formed.
std::string normalize(std::string_view text, utf8proc_option_t form) {
    utf8proc_uint8_t* out = nullptr;
    const auto octets =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                     static_cast<utf8proc_ssize_t>(text.size()),
                     &out,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | static_cast<int>(form)));
    const std::unique_ptr<utf8proc_uint8_t, Free> owner(out);
    if (octets < 0) {
        return std::string(text);
    }
    return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(octets)};
}

// The octets of the character that `text` begins with; 0 when it begins with none. Overlong forms,
// surrogates and what lies past U+10FFFF are none.
std::size_t character_octets(std::string_view text) {
    utf8proc_int32_t point = 0;
    const auto octets = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()),
                                         &point);
    return octets > 0 ? static_cast<std::size_t>(octets) : 0;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t octets = character_octets(text);
        if (octets == 0) {
            return false;
        }
        text.remove_prefix(octets);
    }
    return true;
}

bool is_forbidden(char c) {
    return c == '\0' || c == '\r' || c == '\n';
}

Result<std::string> checked(std::string_view argument) {
    if (argument.size() > kPathOctetsMax) {
        return base::fail(Errc::kTooLong, "The path is too long.");
    }
    if (std::any_of(argument.begin(), argument.end(), is_forbidden)) {
        return base::fail(Errc::kInvalid, "A name may hold neither NUL nor CR nor LF.");
    }
    if (is_ascii(argument)) {
        return std::string(argument);
    }
    if (!is_utf8(argument)) {
        return base::fail(Errc::kInvalid, "The name is not well-formed UTF-8.");
    }
    return normalize(argument, UTF8PROC_COMPOSE);
}

Result<> step(std::vector<std::string_view>& names, std::string_view name) {
    if (name.empty() || name == ".") {
        return {};
    }
    if (name == "..") {
        if (!names.empty()) {
            names.pop_back();
        }
        return {};
    }
    if (name.size() > kNameOctetsMax) {
        return base::fail(Errc::kTooLong, "A name may have 255 octets at most.");
    }
    if (name.starts_with(kReservedPrefix)) {
        return base::fail(Errc::kInvalid, "The name is reserved.");
    }
    names.push_back(name);
    return {};
}

Result<> walk(std::vector<std::string_view>& names, std::string_view path) {
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        TRY_VOID(step(names, path.substr(0, slash)));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return {};
}

}  // namespace

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), base::is_8bit);
}

Result<std::string> join(std::string_view cwd, std::string_view argument) {
    TRY(const std::string path, checked(argument));
    std::vector<std::string_view> names;
    if (!path.starts_with('/')) {
        TRY_VOID(walk(names, cwd));
    }
    TRY_VOID(walk(names, path));
    std::string joined;
    for (const std::string_view name : names) {
        joined += '/';
        joined += name;
    }
    if (joined.size() > kPathOctetsMax) {
        return base::fail(Errc::kTooLong, "The path is too long.");
    }
    return joined.empty() ? "/" : joined;
}

SplitPath split(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return {path.substr(0, std::max<std::size_t>(slash, 1)), path.substr(slash + 1)};
}

std::string child(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (!path.ends_with('/')) {
        path += '/';
    }
    return path += name;
}

bool is_within(std::string_view path, std::string_view directory) {
    return directory == "/" || (path.starts_with(directory) &&
                                (path.size() == directory.size() || path[directory.size()] == '/'));
}

std::string display_name(std::string_view on_disk) {
    const bool plain = std::none_of(
        on_disk.begin(), on_disk.end(), [](char c) { return base::is_8bit(c) || is_forbidden(c); });
    if (plain) {
        return std::string(on_disk);
    }
    std::string shown;
    while (!on_disk.empty()) {
        const std::size_t octets = is_forbidden(on_disk.front()) ? 0 : character_octets(on_disk);
        shown += octets == 0 ? kReplacement : on_disk.substr(0, octets);
        on_disk.remove_prefix(std::max<std::size_t>(octets, 1));
    }
    return normalize(shown, UTF8PROC_COMPOSE);
}

std::string decomposed(std::string_view name) {
    return normalize(name, UTF8PROC_DECOMPOSE);
}

}  // namespace files
