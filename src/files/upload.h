// An upload on its way: the file that waits aside, and what it will become.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "files/deed.h"
#include "files/direct_writes.h"
#include "files/files.h"
#include "files/mounts.h"

namespace files {

struct UploadState {
    UploadState() = default;
    UploadState(const UploadState&) = delete;
    UploadState& operator=(const UploadState&) = delete;
    // Takes away what was not committed, or keeps it.
    ~UploadState();

    Place place;
    std::string shown_path;  // as the user calls it
    UploadOptions::Mode mode = UploadOptions::Mode::kReplace;
    base::UniqueFd fd;
    std::string aside_name;          // empty once it has its name
    unsigned permissions = 0;        // of the file that will be replaced, or as the user wants them
    std::uint64_t offset = 0;        // octets that have come, and what they build on with kResume
    std::uint64_t patch_offset = 0;  // kPatch: where in the file they will be,
    std::uint64_t patch_length = 0;  // and how many
    std::uint64_t handed_over = 0;   // the disk was told to write so much of it
    std::uint64_t credit = 0;        // octets of the file that will make place
    Counts reserved;                 // in the ledger, beyond the credit
    bool exists = false;             // somebody had the name when it began
    bool replace = false;            // the name may be taken when it is committed
    std::string partial_name;        // under which it is kept when it is cut off; empty: it is not
    std::shared_ptr<const Deed> deed;
    // While octets go past the page cache; then offset counts those in its buffers too.
    std::unique_ptr<DirectPart> direct;
};

// Makes the file aside and checks rights, quota and disk against `options`. Waits for the disk.
[[nodiscard]] base::Result<std::shared_ptr<UploadState>> begin_upload(
    Place place,
    std::string shown_path,
    const UploadOptions& options,
    std::shared_ptr<const Deed> deed);
// The name that a partial of `deed`'s user is kept under; empty where none is kept.
[[nodiscard]] std::string partial_name(const Place& place, const Deed& deed);
// Waits for the disk.
[[nodiscard]] base::Result<> write_upload(UploadState& upload, std::string_view octets);
[[nodiscard]] base::Result<> commit_upload(UploadState& upload);
// Tells the disk to take what stands in the page cache, on the pool.
void hand_over(UploadState& upload, base::Pool& pool);

}  // namespace files
