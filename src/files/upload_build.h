// Files that are made out of the one that is there and of what an upload brought: APPE adds behind it (RFC 959 4.1.3),
// RANG within it. All of this waits for the disk.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "files/upload_state.h"

namespace files {

// A new file aside, open, with the upload's permissions, and its name there. The program's own umask is for its own
// files: here the user's counts, which is in the permissions already.
[[nodiscard]] base::Result<std::pair<base::UniqueFd, std::string>> make_aside(
    const UploadState& upload);
// The octets [0, octets) of `from` to `at` in `to`; shared on disk where the file system can. kUnavailable where `from`
// has become shorter.
[[nodiscard]] base::Result<> copy_octets(int from, int to, std::uint64_t octets, std::uint64_t at);
[[nodiscard]] base::Result<> sync_octets(int fd);

// Whether what the upload adds to takes long to copy.
[[nodiscard]] bool adds_to_large(const UploadState& upload);
// Makes the new file and puts it in the old one's place, synced; kUnavailable where others always come first. Rights
// that were taken away while octets came count.
[[nodiscard]] base::Result<> build_and_place(UploadState& upload);
// The same rights, for uploads that are whole files. Sets what may be replaced.
[[nodiscard]] base::Result<> check_rights_again(UploadState& upload);

}  // namespace files
