// The date of creation that users set (FTP's MFCT). No system call changes the one that the file system keeps,
// so theirs stands in an extended attribute of the file, user.staffetta.created: milliseconds since 1970, UTC,
// as decimal digits, with a minus before 1970. It goes where the file goes; whoever has a shell on the server may
// write anything there, so what is no such number is taken for nothing.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "files/files.h"
#include "files/mounts.h"

namespace files {

// What was set; nothing where nobody did. `fd` is a file or folder open for reading, not for its path alone. May
// wait for the disk, as all of these.
[[nodiscard]] std::optional<base::WallTime> read_creation(int fd);
// kUnsupported where the file system has no room for such attributes.
[[nodiscard]] base::Result<> write_creation(int fd, base::WallTime time);
// What was set for `from`, for `to`, too. A copy without it is a copy all the same.
void copy_creation(int from, int to);

// Puts what was set into `entry`, which is called `on_disk` in the open folder `directory`.
void tell_creation(int directory, const char* on_disk, Entry& entry);
// The same for what lies at `place`.
void tell_creation(const Place& place, Entry& entry);

}  // namespace files
