// An upload on its way: the file that waits aside, or the octets of one that is still to be made, and what will become
// of it.
#pragma once

#include <cstdint>
#include <functional>
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

// An upload of so many octets is made, written, synced and named in one piece of work, when it ends.
inline constexpr std::size_t kEarlyOctets = std::size_t{64} * 1024;

struct UploadState {
    UploadState() = default;
    UploadState(const UploadState&) = delete;
    UploadState& operator=(const UploadState&) = delete;
    // Takes away what was not committed, or keeps it.
    ~UploadState();

    Place place;
    std::string shown_path;  // as the user calls it
    UploadOptions::Mode mode = UploadOptions::Mode::kReplace;
    // Nothing is on the disk yet: what came stands in `early`, offset octets of it.
    bool planned = false;
    std::unique_ptr<char[]> early;  // kEarlyOctets, once some are expected
    base::UniqueFd fd;
    std::string aside_name;          // empty while it is planned, and once it has its name
    unsigned permissions = 0;        // of the file that will be replaced, or as the user wants them
    std::uint64_t offset = 0;        // octets that have come, and what they build on with kResume
    std::uint64_t patch_offset = 0;  // kPatch: where in the file they will be,
    std::uint64_t patch_length = 0;  // and how many
    std::uint64_t handed_over = 0;   // the disk was told to write so much of it
    std::uint64_t credit = 0;        // octets of the file that will make place
    Counts reserved;                 // in the ledger, beyond the credit
    bool exists = false;             // somebody had the name when it began
    bool replace = false;            // the name may be taken when it is committed
    std::string partial_name;        // of what was kept of it, or is when it is cut off; or empty
    bool resumable = true;           // whether it is kept
    std::shared_ptr<const Deed> deed;
    std::function<base::Result<Place>()>
        find_again;  // the place with the rights of now; empty in one's own tree
    // While octets go past the page cache; then offset counts those in its buffers too.
    std::unique_ptr<DirectPart> direct;
};

// The same as begin_upload(), in plan and from memory alone: nothing is made, and quota is reserved for kEarlyOctets.
// Null where that cannot tell whether the upload may be, or tells that it may not: begin_upload() finds out. The
// path must be in the user's own tree, where there are all rights. What comes into a folder's place, or is there
// unknown to the kernel's memory, is found when the file is made.
[[nodiscard]] std::shared_ptr<UploadState> plan_upload(const Place& place,
                                                       const std::string& shown_path,
                                                       const UploadOptions& options,
                                                       const std::shared_ptr<const Deed>& deed);
// Makes the file aside and checks rights, quota and disk against `options`. Waits for the disk.
[[nodiscard]] base::Result<std::shared_ptr<UploadState>> begin_upload(
    Place place,
    std::string shown_path,
    const UploadOptions& options,
    std::shared_ptr<const Deed> deed);
// Makes sure of quota and disk for octets up to `end`, which may or may not come. Does not wait, and changes nothing
// where they do not fit.
[[nodiscard]] base::Result<> reserve_to(UploadState& upload, std::uint64_t end);
// These wait for the disk. Those that write and commit make the file first where it was only planned.
[[nodiscard]] base::Result<> make_planned(UploadState& upload);
[[nodiscard]] base::Result<> write_upload(UploadState& upload, std::string_view octets);
// False where `wanted`, if there is one, did not want it in the end: commit_upload() may be called again.
[[nodiscard]] base::Result<bool> commit_upload(UploadState& upload,
                                               const std::function<bool()>& wanted);
// Tells the disk to take what stands in the page cache, on the pool.
void hand_over(UploadState& upload, base::Pool& pool);

}  // namespace files
