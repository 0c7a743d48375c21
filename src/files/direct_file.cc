#include "files/direct_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "files/beneath.h"
#include "files/direct_buffers.h"

namespace files {
namespace {

// What all disks of today take where the kernel does not tell (statx: Linux 6.1).
constexpr std::size_t kBlockOctets = 4096;
// Blocks are asked for in pieces as large as what has come, within these bounds.
constexpr std::uint64_t kAllocateMin = 4U << 20U;
constexpr std::uint64_t kAllocateMax = 64U << 20U;
// What the disk must have free, of such pieces, for one to take more than it needs.
constexpr std::uint64_t kFreeMin = 8;
// The page cache's way: as in upload.cc.
constexpr std::size_t kCachedOctets = std::size_t{32} * 1024;

// Zero where the file system says that it has none.
std::size_t block_octets_of(int fd) {
#ifdef STATX_DIOALIGN
    struct statx status {};

    if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
        (status.stx_mask & STATX_DIOALIGN) != 0) {
        const std::size_t most = std::max(status.stx_dio_mem_align, status.stx_dio_offset_align);
        return most == 0 ? 0 : std::max(kBlockOctets, most);
    }
#endif
    return kBlockOctets;
}

bool is_refusal(int error) {
    return error == EINVAL || error == EOPNOTSUPP;
}

}  // namespace

std::unique_ptr<DirectFile> DirectFile::open(int directory,
                                             const std::string& name,
                                             int cached,
                                             PutAt put) {
    base::UniqueFd fd(
        ::openat(directory, name.c_str(), O_WRONLY | O_DIRECT | O_NOFOLLOW | O_CLOEXEC));
    const std::size_t block_octets = fd ? block_octets_of(fd.get()) : 0;
    if (block_octets == 0 || DirectBuffer::kOctets % block_octets != 0) {
        return nullptr;
    }
    return std::unique_ptr<DirectFile>(new DirectFile(std::move(fd), cached, block_octets, put));
}

// Blocks that are there, within the file's length, may be written by several threads at once; what makes the file
// longer is one write after another, and each looks for its own blocks. Without them it goes on all the same.
void DirectFile::allocate(std::uint64_t at, std::uint64_t end) {
    const std::lock_guard lock(mutex_);
    if (end <= allocated_) {
        return;
    }
    const std::uint64_t from = std::max(at, allocated_);
    const std::uint64_t octets = std::max(std::clamp(at, kAllocateMin, kAllocateMax), end - from);
    allocated_ = std::numeric_limits<std::uint64_t>::max();

    struct statvfs disk {};

    const bool plenty = ::fstatvfs(cached_, &disk) == 0 &&
                        std::uint64_t{disk.f_bavail} * disk.f_frsize >= kFreeMin * octets;
    if (plenty &&
        ::fallocate(cached_, 0, static_cast<off_t>(from), static_cast<off_t>(octets)) == 0) {
        allocated_ = from + octets;
    }
}

void DirectFile::note_failure(std::uint64_t at, int error) {
    const std::lock_guard lock(mutex_);
    if (!failure_ || at < failure_->at) {
        failure_ = Failure{.error = fail_errno(error).value(), .at = at};
    }
}

void DirectFile::write(std::span<const char> octets, std::uint64_t at) {
    if (octets.size() == DirectBuffer::kOctets) {
        allocate(at, at + octets.size());
    }
    while (!octets.empty()) {
        const bool direct = !is_refused() && octets.size() >= block_octets_;
        const std::size_t piece = direct ? octets.size() - octets.size() % block_octets_
                                         : std::min(octets.size(), kCachedOctets);
        const ssize_t put =
            put_(direct ? fd_.get() : cached_, octets.data(), piece, static_cast<off_t>(at));
        if (put <= 0) {
            const int error = put == 0 ? EIO : errno;
            if (direct && is_refusal(error)) {
                refused_.store(true, std::memory_order_relaxed);
            } else if (error != EINTR) {
                note_failure(at, error);
                return;
            }
            continue;
        }
        octets = octets.subspan(static_cast<std::size_t>(put));
        at += static_cast<std::uint64_t>(put);
    }
}

std::optional<DirectFile::Failure> DirectFile::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

}  // namespace files
