// Virtual paths and names: UTF-8 (RFC 2640) in NFC, absolute, with "/" between names. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace files {

inline constexpr std::size_t kNameOctetsMax = 255;  // as ext4, xfs and btrfs have it
inline constexpr std::size_t kPathOctetsMax =
    4000;  // below the kernel's PATH_MAX with room to spare

// Names that begin so are this room's own: never listed, never found.
inline constexpr std::string_view kReservedPrefix = ".staffetta-";

// Where `argument` leads from the folder `cwd`, which is a result of this function or "/". Purely of
// text: "." and empty names vanish, ".." takes one name away and stops at "/". An empty argument is
// `cwd` itself. kInvalid for NUL, CR, LF, for what is not well-formed UTF-8 and for reserved names;
// kTooLong for a name or a path past the limits above.
[[nodiscard]] base::Result<std::string> join(std::string_view cwd, std::string_view argument);

// A path as join() makes them, cut before its last name; "/" has the empty name.
struct SplitPath {
    std::string_view parent;  // "/" or "/a/b": views into the path
    std::string_view name;
};

[[nodiscard]] SplitPath split(std::string_view path);
// `directory` and a name in it as one path.
[[nodiscard]] std::string child(std::string_view directory, std::string_view name);
// Whether `path` is `directory` or lies beneath it.
[[nodiscard]] bool is_within(std::string_view path, std::string_view directory);

// A name as it stands on the disk, as users see it: in NFC, with U+FFFD for octets that are no UTF-8 and
// for CR and LF. What is not plain ASCII may so stand for several names on the disk.
[[nodiscard]] std::string display_name(std::string_view on_disk);
// `name` in NFD, as some systems store what their users call `name`.
[[nodiscard]] std::string decomposed(std::string_view name);

[[nodiscard]] bool is_ascii(std::string_view text);

}  // namespace files
