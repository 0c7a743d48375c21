#include "store/store_folder.h"

#include <fmt/format.h>

#include <algorithm>

namespace store {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kFormatOctetsMax = 100;
constexpr std::string_view kFormatName = "staffetta store ";

// The file's text; nothing when there is no file, or an empty one that a crash left.
Result<std::string> read_format(FileSystem& file_system, const std::string& path) {
    auto file = file_system.open(path, OpenMode::kRead);
    if (!file) {
        if (file.error().code == Errc::kNotFound) {
            return std::string();
        }
        return base::forward_error(file);
    }
    std::string text(kFormatOctetsMax, '\0');
    TRY(const std::size_t octets, (*file)->read_at(0, text));
    text.resize(octets);
    return text;
}

Result<> write_format(FileSystem& file_system,
                      const std::string& directory,
                      const std::string& path) {
    auto file = file_system.open(path, OpenMode::kCreate);
    if (!file && file.error().code == Errc::kExists) {
        file = file_system.open(path, OpenMode::kReadWrite);
    }
    if (!file) {
        return base::forward_error(file);
    }
    const std::string_view parts[] = {kFormat};
    TRY_VOID((*file)->write_at(0, parts));
    TRY_VOID((*file)->sync());
    return file_system.sync_directory(directory);
}

bool may_be_in_a_new_store(const std::string& name) {
    return name == kLockFile || name == kFormatFile || name == "lost+found";
}

}  // namespace

Result<std::unique_ptr<FileLock>> lock_store(FileSystem& file_system,
                                             const std::string& directory) {
    TRY_VOID(file_system.create_directory(directory));
    auto lock = file_system.lock(fmt::format("{}/{}", directory, kLockFile));
    if (!lock && lock.error().code == Errc::kInUse) {
        return base::fail(Errc::kInUse,
                          directory + ": another staffetta has this store open; stop it first");
    }
    return lock;
}

Result<> check_format(FileSystem& file_system, const std::string& directory) {
    const std::string path = fmt::format("{}/{}", directory, kFormatFile);
    TRY(const std::string text, read_format(file_system, path));
    if (text == kFormat) {
        return {};
    }
    if (text.starts_with(kFormatName)) {
        return base::fail(Errc::kUnsupported,
                          fmt::format("{}: the store has another format ({}), this staffetta knows "
                                      "format 1; start the version that wrote it",
                                      directory,
                                      text.substr(0, text.find('\n'))));
    }
    TRY(const auto names, file_system.list(directory));
    if (!text.empty() || !std::all_of(names.begin(), names.end(), may_be_in_a_new_store)) {
        return base::fail(Errc::kInvalid,
                          directory +
                              ": the folder is neither empty nor a store; give the store a folder "
                              "of its own");
    }
    return write_format(file_system, directory, path);
}

}  // namespace store
