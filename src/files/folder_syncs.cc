#include "files/folder_syncs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"
#include "files/beneath.h"

namespace files {
namespace {

using base::Result;

Result<> sync_directory(int directory) {
    const base::UniqueFd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable || ::fsync(readable.get()) != 0) {
        return fail_errno(errno);
    }
    return {};
}

}  // namespace

FolderSyncs::FolderSyncs() : FolderSyncs(sync_directory) {}

FolderSyncs::FolderSyncs(Sync sync) : sync_(std::move(sync)) {}

Result<> FolderSyncs::sync(int directory) {
    struct stat status {};

    if (::fstat(directory, &status) != 0) {
        return fail_errno(errno);
    }
    const Key key{status.st_dev, status.st_ino};
    std::unique_lock lock(mutex_);
    Folder& folder = folders_[key];  // there as long as it is busy or a round waits
    if (!folder.next) {
        folder.next = std::make_shared<Round>();
    }
    const std::shared_ptr<Round> round = folder.next;
    ++round->waiting;
    round_over_.wait(lock, [&] { return round->over || !folder.busy; });
    if (round->over) {
        return round->outcome;
    }
    folder.busy = true;
    folder.next = nullptr;
    lock.unlock();
    Result<> outcome = sync_(directory);
    lock.lock();
    round->over = true;
    round->outcome = outcome;
    folder.busy = false;
    if (!folder.next) {
        folders_.erase(key);
    }
    round_over_.notify_all();
    return outcome;
}

std::size_t FolderSyncs::waiting() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [key, folder] : folders_) {
        count += folder.next ? folder.next->waiting : 0;
    }
    return count;
}

}  // namespace files
