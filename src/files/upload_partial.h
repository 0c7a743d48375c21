// What is kept of an upload that was cut off, as an upload meets it (Options::keep_partials): from one before it, or as
// what becomes of itself. Wait for the disk.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "files/deed.h"
#include "files/mounts.h"
#include "files/upload_state.h"

namespace files {

// The name that a partial of `deed`'s user is kept under; empty where none is kept.
[[nodiscard]] std::string partial_name(const Place& place, const Deed& deed);
// What was kept on the way to the file is of no more use.
void forget_partial(UploadState& upload);
// The same for the sake of `more` octets' room, and only if that makes it.
[[nodiscard]] bool give_up_partial(UploadState& upload, std::uint64_t more);
// The upload goes on in the file that was kept, of which it wants `octets`; false when there are not so many. Neither
// its room nor its length is seen to.
[[nodiscard]] base::Result<bool> take_partial(UploadState& upload, std::uint64_t octets);
// Keeps what came; false where nothing is kept.
[[nodiscard]] bool keep_partial(UploadState& upload);
// SIZE told of what was kept of a file that is not there, and APPE brings the rest (curl -C -). The octets kept.
[[nodiscard]] std::uint64_t go_on_behind_partial(UploadState& upload);

}  // namespace files
