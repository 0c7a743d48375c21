#include "app/plain_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "app/files.h"

namespace app {
namespace {

namespace fs = std::filesystem;

using base::Result;
using base::UniqueFd;

// A name that moves while the kernel walks by makes it start anew (EAGAIN).
constexpr int kAttemptsMax = 100;

struct CloseDirectory {
    void operator()(DIR* stream) const { ::closedir(stream); }
};

int open_beneath(int root, const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    if ((flags & O_PATH) == 0) {
        how.flags |= static_cast<std::uint64_t>(O_NOCTTY | O_NONBLOCK);
    }
    how.mode = (flags & O_CREAT) != 0 ? S_IRUSR | S_IWUSR : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
            return static_cast<int>(fd);
        }
    }
    return -1;
}

base::WallTime modified_of(const struct stat& status) {
    return base::WallTime(std::chrono::seconds(status.st_mtim.tv_sec));
}

}  // namespace

Result<PlainTree> PlainTree::open(const std::string& folder) {
    UniqueFd root(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) {
        return file_error(folder);
    }
    return PlainTree(folder, std::move(root));
}

std::string PlainTree::name_of(const std::string& path) const {
    return path == "." ? folder_ : (fs::path(folder_) / path).lexically_normal().string();
}

tl::unexpected<base::Error> PlainTree::failed(const std::string& path) const {
    const int number = errno;
    if (number == ELOOP || number == EXDEV) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("{}: a link is in the way", name_of(path)));
    }
    if (number == ENOTDIR) {
        return base::fail(base::Errc::kInvalid,
                          fmt::format("{}: a file is in the way", name_of(path)));
    }
    auto error = file_error(name_of(path));
    if (number == ENAMETOOLONG) {
        error.value().code = base::Errc::kTooLong;
    }
    return error;
}

Result<UniqueFd> PlainTree::open(const std::string& path, int flags) const {
    UniqueFd file(open_beneath(root_.get(), path, flags));
    if (!file) {
        return failed(path);
    }
    return file;
}

Result<PlainFile> PlainTree::read(const std::string& path, std::size_t octets_max) const {
    const UniqueFd file(open_beneath(root_.get(), path, O_RDONLY));
    const bool is_link_or_socket = !file && (errno == ELOOP || errno == ENXIO);
    if (!file && !is_link_or_socket) {
        return failed(path);
    }

    struct stat status {};

    if (is_link_or_socket || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return base::fail(base::Errc::kNotFound, name_of(path) + " is no file");
    }
    const auto too_long = [&] {
        return base::fail(base::Errc::kTooLong,
                          fmt::format("{}: more than {} octets", name_of(path), octets_max));
    };
    if (static_cast<std::uint64_t>(status.st_size) > octets_max) {
        return too_long();
    }
    constexpr std::size_t kChunk = 256UL * 1024;
    PlainFile found{.octets = {}, .modified = modified_of(status)};
    std::size_t filled = 0;
    while (true) {  // it may grow meanwhile
        found.octets.resize(filled + kChunk);
        const ssize_t got = ::read(file.get(), found.octets.data() + filled, kChunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed(path);
        }
        filled += static_cast<std::size_t>(got);
        if (filled > octets_max) {
            return too_long();
        }
        if (got == 0) {
            found.octets.resize(filled);
            return found;
        }
    }
}

Result<std::vector<std::string>> PlainTree::names(const std::string& path) const {
    UniqueFd folder(open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY));
    if (!folder) {
        return failed(path);
    }
    const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(folder.get()));
    if (!stream) {
        return failed(path);
    }
    static_cast<void>(folder.release());  // the stream's now
    std::vector<std::string> names;
    while (true) {
        errno = 0;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
        const dirent* const entry = ::readdir(stream.get());
        if (entry == nullptr && errno != 0) {
            return failed(path);
        }
        if (entry == nullptr) {
            return names;
        }
        const std::string_view name = static_cast<const char*>(entry->d_name);
        if (name != "." && name != "..") {
            names.emplace_back(name);
        }
    }
}

bool PlainTree::is_folder(const std::string& path) const {
    return UniqueFd(open_beneath(root_.get(), path, O_PATH | O_DIRECTORY)).get() >= 0;
}

Result<> PlainTree::make_folders(const std::string& path) const {
    std::string made;
    for (const fs::path& level : fs::path(path)) {
        made += (made.empty() ? "" : "/") + level.string();
        if (is_folder(made)) {
            continue;
        }
        TRY(const UniqueFd folder, parent(made));
        if (::mkdirat(folder.get(), level.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
            return failed(made);
        }
        TRY_VOID(open(made, O_PATH | O_DIRECTORY));  // a link or a file may have had the name
    }
    return {};
}

Result<UniqueFd> PlainTree::create(const std::string& path) const {
    TRY(const UniqueFd folder, parent(path));
    const std::string name = fs::path(path).filename();
    if (::unlinkat(folder.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
        return failed(path);
    }
    return open(path, O_WRONLY | O_CREAT | O_EXCL);
}

Result<> PlainTree::rename(const std::string& from, const std::string& to) const {
    TRY(const UniqueFd source, parent(from));
    TRY(const UniqueFd target, parent(to));
    const std::string old_name = fs::path(from).filename();
    const std::string new_name = fs::path(to).filename();
    if (::renameat(source.get(), old_name.c_str(), target.get(), new_name.c_str()) != 0) {
        return failed(to);
    }
    return {};
}

Result<> PlainTree::write(const std::string& path,
                          const std::string& draft,
                          std::string_view octets,
                          std::optional<base::WallTime> modified) const {
    TRY(const UniqueFd file, create(draft));
    TRY_VOID(write_all(file, draft, octets));
    if (modified) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(*modified).time_since_epoch();
        const timespec moment{.tv_sec = seconds.count(), .tv_nsec = 0};
        const timespec times[] = {moment, moment};
        static_cast<void>(::futimens(file.get(), times));
    }
    return rename(draft, path);
}

Result<> PlainTree::write_all(const UniqueFd& file,
                              const std::string& path,
                              std::string_view octets) const {
    while (!octets.empty()) {
        const ssize_t written = ::write(file.get(), octets.data(), octets.size());
        if (written < 0 && errno != EINTR) {
            return failed(path);
        }
        octets.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return {};
}

Result<UniqueFd> PlainTree::parent(const std::string& path) const {
    const std::string folder = fs::path(path).parent_path();
    return open(folder.empty() ? "." : folder, O_PATH | O_DIRECTORY);
}

}  // namespace app
