#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/file.h"

namespace store {
namespace {

using base::Errc;
using base::Result;

constexpr std::size_t kPartsMax = 256;

// The error of the system call that has just failed.
tl::unexpected<base::Error> fail_errno(const char* what, const std::string& path) {
    const int number = errno;
    Errc code = Errc::kIo;
    switch (number) {
        case ENOENT:
            code = Errc::kNotFound;
            break;
        case EEXIST:
            code = Errc::kExists;
            break;
        case EACCES:
        case EPERM:
        case EROFS:
            code = Errc::kDenied;
            break;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            code = Errc::kNoSpace;
            break;
        default:
            break;
    }
    return base::fail(
        code, std::string(what) + " " + path + ": " + std::system_category().message(number));
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    [[nodiscard]] int get() const { return fd_; }

    [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

class PosixFile final : public File {
  public:
    PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const override {
        std::size_t count = 0;
        while (count < into.size()) {
            const ssize_t got = ::pread(fd_.get(),
                                        into.data() + count,
                                        into.size() - count,
                                        static_cast<off_t>(offset + count));
            if (got < 0 && errno != EINTR) {
                return fail_errno("reading", path_);
            }
            if (got == 0) {
                break;
            }
            count += got > 0 ? static_cast<std::size_t>(got) : 0;
        }
        return count;
    }

    std::optional<std::size_t> read_cached(std::uint64_t offset,
                                           std::span<char> into) const override {
        iovec part{into.data(), into.size()};
        const ssize_t got = ::preadv2(fd_.get(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        // Less than asked for may be the end of the file or of what is cached: let read_at find out.
        if (got < 0 || static_cast<std::size_t>(got) < into.size()) {
            return std::nullopt;
        }
        return into.size();
    }

    Result<> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override {
        while (!parts.empty()) {
            std::array<iovec, kPartsMax> vectors{};
            const std::size_t count = std::min(parts.size(), kPartsMax);
            for (std::size_t i = 0; i < count; ++i) {
                // iovec serves reading too, hence no const.
                vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
            }
            TRY(const std::uint64_t octets, write_vectors(offset, std::span(vectors).first(count)));
            offset += octets;
            parts = parts.subspan(count);
        }
        return {};
    }

    Result<> sync() override {
        if (::fdatasync(fd_.get()) != 0) {
            return fail_errno("syncing", path_);
        }
        return {};
    }

    Result<> allocate(std::uint64_t octets) override {
        const int failure = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(octets));
        if (failure != 0) {
            errno = failure;
            return fail_errno("reserving space for", path_);
        }
        return {};
    }

    Result<> truncate(std::uint64_t octets) override {
        if (::ftruncate(fd_.get(), static_cast<off_t>(octets)) != 0) {
            return fail_errno("truncating", path_);
        }
        return {};
    }

    Result<std::uint64_t> size() const override {
        struct stat status {};

        if (::fstat(fd_.get(), &status) != 0) {
            return fail_errno("looking at", path_);
        }
        return static_cast<std::uint64_t>(status.st_size);
    }

  private:
    // Everything in `vectors`, which it uses up; returns how many octets that was.
    Result<std::uint64_t> write_vectors(std::uint64_t offset, std::span<iovec> vectors) {
        std::uint64_t written = 0;
        while (!vectors.empty()) {
            const ssize_t count = ::pwritev(fd_.get(),
                                            vectors.data(),
                                            static_cast<int>(vectors.size()),
                                            static_cast<off_t>(offset + written));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return fail_errno("writing", path_);
            }
            written += static_cast<std::uint64_t>(count);
            auto rest = static_cast<std::size_t>(count);
            while (!vectors.empty() && rest >= vectors.front().iov_len) {
                rest -= vectors.front().iov_len;
                vectors = vectors.subspan(1);
            }
            if (rest > 0) {
                vectors.front().iov_base = static_cast<char*>(vectors.front().iov_base) + rest;
                vectors.front().iov_len -= rest;
            }
        }
        return written;
    }

    Descriptor fd_;
    std::string path_;
};

class PosixLock final : public FileLock {
  public:
    explicit PosixLock(int fd) : fd_(fd) {}

  private:
    Descriptor fd_;  // closing it unlocks
};

class PosixFileSystem final : public FileSystem {
  public:
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        int flags = O_CLOEXEC;
        flags |= mode == OpenMode::kRead ? O_RDONLY : O_RDWR;
        flags |= mode == OpenMode::kCreate ? O_CREAT | O_EXCL : 0;
        const int fd = ::open(path.c_str(), flags, 0600);
        if (fd < 0) {
            return fail_errno("opening", path);
        }
        return std::make_unique<PosixFile>(fd, path);
    }

    Result<std::vector<std::string>> list(const std::string& directory) override {
        std::error_code failure;
        std::vector<std::string> names;
        std::filesystem::directory_iterator entry(directory, failure);
        while (!failure && entry != std::filesystem::directory_iterator()) {
            names.push_back(entry->path().filename().string());
            entry.increment(failure);
        }
        if (failure) {
            errno = failure.value();
            return fail_errno("listing", directory);
        }
        return names;
    }

    Result<> make_directory(const std::string& directory) override {
        if (::mkdir(directory.c_str(), 0700) != 0) {
            return fail_errno("making folder", directory);
        }
        return {};
    }

    Result<> clone(const std::string& from, const std::string& to) override {
        const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
        if (source.get() < 0) {
            return fail_errno("copying", from);
        }
        const Descriptor copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (copy.get() < 0) {
            return fail_errno("copying", to);
        }
        if (::ioctl(copy.get(), FICLONE, source.get()) != 0 || ::fsync(copy.get()) != 0) {
            auto failed = fail_errno("copying", to);
            ::unlink(to.c_str());
            return failed;
        }
        return {};
    }

    Result<> close_to_others(const std::string& directory) override {
        if (::chmod(directory.c_str(), 0700) != 0) {
            return fail_errno("closing to others the folder", directory);
        }
        return {};
    }

    Result<> remove(const std::string& path) override {
        if (::remove(path.c_str()) != 0) {
            return fail_errno("removing", path);
        }
        return {};
    }

    Result<> sync_directory(const std::string& directory) override {
        const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
            return fail_errno("syncing folder", directory);
        }
        return {};
    }

    Result<std::uint64_t> free_octets(const std::string& directory) override {
        struct statvfs status {};

        if (::statvfs(directory.c_str(), &status) != 0) {
            return fail_errno("looking at", directory);
        }
        return std::uint64_t{status.f_bavail} * status.f_frsize;
    }

    Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
        Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (fd.get() < 0) {
            return fail_errno("opening", path);
        }
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                return base::fail(Errc::kInUse, path + " is held by another process");
            }
            return fail_errno("locking", path);
        }
        return std::make_unique<PosixLock>(fd.release());
    }
};

}  // namespace

FileSystem& posix_file_system() {
    static PosixFileSystem file_system;
    return file_system;
}

}  // namespace store
