#include "agent/local_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace agent {

using base::Errc;

namespace {

tl::unexpected<base::Error> system_error(const std::string& path) {
    const int error = errno;
    Errc code = Errc::kIo;
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            code = Errc::kNotFound;
            break;
        case EACCES:
        case EPERM:
        case EROFS:
            code = Errc::kDenied;
            break;
        case ENOSPC:
        case EDQUOT:
            code = Errc::kNoSpace;
            break;
        default:
            break;
    }
    return base::fail(code, fmt::format("{}: {}", path, std::generic_category().message(error)));
}

base::WallTime to_wall(const timespec& time) {
    return base::WallTime(std::chrono::seconds(time.tv_sec) +
                          std::chrono::milliseconds(time.tv_nsec / 1'000'000));
}

timespec to_timespec(base::WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    timespec out{};
    out.tv_sec = seconds.time_since_epoch().count();
    out.tv_nsec = std::chrono::nanoseconds(time - seconds).count();
    return out;
}

}  // namespace

std::optional<LocalStatus> status_of(const std::string& path, bool follow) {
    struct stat status {};

    if (::fstatat(AT_FDCWD, path.c_str(), &status, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        return std::nullopt;
    }
    return LocalStatus{.size = static_cast<std::uint64_t>(status.st_size),
                       .modified = to_wall(status.st_mtim),
                       .is_directory = S_ISDIR(status.st_mode),
                       .is_file = S_ISREG(status.st_mode),
                       .is_link = S_ISLNK(status.st_mode)};
}

base::Result<std::string> read_file(const std::string& path, std::size_t octets_max) {
    TRY(const auto source, FileSource::open(path, 0));
    std::string text;
    std::array<char, 4096> room{};
    while (true) {
        TRY(const std::size_t count, source->read(room));
        if (count == 0) {
            return text;
        }
        text.append(room.data(), count);
        if (text.size() > octets_max) {
            return base::fail(Errc::kTooLong, fmt::format("{} is too long", path));
        }
    }
}

base::Result<> replace_file(const std::string& path, std::string_view text) {
    const std::string aside = path + "~";
    TRY(const auto sink, FileSink::open(aside, 0, false, S_IRUSR | S_IWUSR));
    auto done = sink->write(text);
    if (done) {
        done = sink->finish(std::nullopt);
    }
    if (done && std::rename(aside.c_str(), path.c_str()) != 0) {
        done = system_error(path);
    }
    if (!done) {
        ::unlink(aside.c_str());
    }
    return done;
}

base::Result<std::unique_ptr<FileSink>> FileSink::open(const std::string& path,
                                                       std::uint64_t offset,
                                                       bool keep,
                                                       mode_t permissions) {
    base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, permissions));
    const auto position = static_cast<off_t>(offset);
    if (!fd || (!keep && ::ftruncate(fd.get(), position) != 0 && errno != EINVAL) ||
        (offset != 0 && ::lseek(fd.get(), position, SEEK_SET) < 0)) {
        return system_error(path);
    }
    const int number = fd.get();
    return std::unique_ptr<FileSink>(new FileSink(std::move(fd), number, path));
}

std::unique_ptr<FileSink> FileSink::standard() {
    return std::unique_ptr<FileSink>(
        new FileSink(base::UniqueFd(), STDOUT_FILENO, "standard output"));
}

base::Result<> FileSink::write(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t count = ::write(fd_, octets.data(), octets.size());
        if (count < 0 && errno != EINTR) {
            return system_error(path_);
        }
        octets.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    return {};
}

base::Result<> FileSink::cut_at(std::uint64_t offset) {
    const auto position = static_cast<off_t>(offset);
    // EINVAL, ESPIPE: a pipe or a device has neither length nor places.
    const bool cut = ::ftruncate(fd_, position) == 0 || errno == EINVAL;
    const bool placed = ::lseek(fd_, position, SEEK_SET) >= 0 || (offset == 0 && errno == ESPIPE);
    return cut && placed ? base::Result<>() : system_error(path_);
}

base::Result<> FileSink::finish(std::optional<base::WallTime> modified) {
    if (!owned_) {
        return {};
    }
    if (modified) {
        timespec access{};
        access.tv_nsec = UTIME_OMIT;
        const std::array<timespec, 2> times{access, to_timespec(*modified)};
        static_cast<void>(
            ::futimens(fd_, times.data()));  // a pipe or a foreign file has none to give
    }
    return ::close(owned_.release()) == 0 ? base::Result<>() : system_error(path_);
}

// A link that leads to nothing is left for later: what it makes could not be taken back by its name.
base::Result<> LateSink::prepare() {
    const bool was_there = status_of(path_, false).has_value();
    if (path_ == "-" || (was_there && !status_of(path_))) {
        return {};
    }
    TRY(sink_, FileSink::open(path_, 0, true));
    made_ = !was_there;
    return {};
}

base::Result<> LateSink::begin() {
    if (path_ == "-") {
        sink_ = FileSink::standard();
    } else if (sink_) {
        TRY_VOID(sink_->cut_at(position_));
    } else {
        TRY(sink_, FileSink::open(path_, position_));
    }
    begun_ = true;
    return {};
}

base::Result<> LateSink::write(std::string_view octets) {
    if (!begun_) {
        TRY_VOID(begin());
    }
    position_ += octets.size();
    return sink_->write(octets);
}

base::Result<> LateSink::take_back(std::uint64_t offset) {
    if (path_ == "-" || !begun_) {
        return {};
    }
    position_ = offset;
    return sink_->cut_at(offset);
}

base::Result<> LateSink::start_over() {
    if (path_ == "-" && begun_) {
        return base::fail(Errc::kInvalid, "what went to the standard output cannot be taken back");
    }
    begun_ = false;
    position_ = 0;
    return {};
}

base::Result<> LateSink::finish(std::optional<base::WallTime> modified, bool complete) {
    if (!begun_ && complete) {
        TRY_VOID(begin());
    }
    if (!begun_ && made_) {
        ::unlink(path_.c_str());
    }
    return sink_ ? sink_->finish(modified) : base::Result<>();
}

base::Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path,
                                                           std::uint64_t offset) {
    base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || (offset != 0 && ::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0)) {
        return system_error(path);
    }
    const int number = fd.get();
    return std::unique_ptr<FileSource>(new FileSource(std::move(fd), number, path));
}

base::Result<> FileSource::seek(std::uint64_t offset) {
    return ::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0 ? system_error(path_)
                                                                  : base::Result<>();
}

std::unique_ptr<FileSource> FileSource::standard() {
    return std::unique_ptr<FileSource>(
        new FileSource(base::UniqueFd(), STDIN_FILENO, "standard input"));
}

base::Result<std::size_t> FileSource::read(std::span<char> room) {
    while (true) {
        const ssize_t count = ::read(fd_, room.data(), room.size());
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno != EINTR) {
            return system_error(path_);
        }
    }
}

}  // namespace agent
