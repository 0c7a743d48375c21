#include "fakes/power_cut_file_system.h"

#include <filesystem>

#include "store/forgetful_file_system.h"

namespace fakes {

using base::Result;

namespace {

store::FileSystem& below() {
    return store::forgetful_file_system();
}

}  // namespace

template <class T>
Result<T> PowerCutFileSystem::note(const std::string& path, Result<T> made) {
    if (made) {
        const std::lock_guard lock(mutex_);
        unsynced_.insert(path);
    }
    return made;
}

Result<std::unique_ptr<store::File>> PowerCutFileSystem::open(const std::string& path,
                                                              store::OpenMode mode) {
    auto opened = below().open(path, mode);
    return mode == store::OpenMode::kCreate ? note(path, std::move(opened)) : std::move(opened);
}

Result<std::vector<std::string>> PowerCutFileSystem::list(const std::string& directory) {
    return below().list(directory);
}

Result<> PowerCutFileSystem::make_directory(const std::string& directory) {
    return note(directory, below().make_directory(directory));
}

Result<> PowerCutFileSystem::clone(const std::string& from, const std::string& to) {
    return note(to, below().clone(from, to));
}

Result<> PowerCutFileSystem::close_to_others(const std::string& directory) {
    return below().close_to_others(directory);
}

Result<> PowerCutFileSystem::remove(const std::string& path) {
    return below().remove(path);
}

Result<> PowerCutFileSystem::sync_directory(const std::string& directory) {
    TRY_VOID(below().sync_directory(directory));
    const std::lock_guard lock(mutex_);
    std::erase_if(unsynced_, [&directory](const std::string& path) {
        return std::filesystem::path(path).parent_path() == directory;
    });
    return {};
}

Result<std::uint64_t> PowerCutFileSystem::free_octets(const std::string& directory) {
    return below().free_octets(directory);
}

Result<std::unique_ptr<store::FileLock>> PowerCutFileSystem::lock(const std::string& path) {
    return below().lock(path);
}

std::vector<std::string> PowerCutFileSystem::cut() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> lost(unsynced_.begin(), unsynced_.end());
    for (const std::string& path : lost) {
        std::filesystem::remove_all(path);
    }
    unsynced_.clear();
    return lost;
}

}  // namespace fakes
