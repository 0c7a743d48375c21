#include "app/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/unique_fd.h"

namespace app {
namespace {

constexpr std::size_t kSmallOctetsMax = 1 << 20;

}  // namespace

tl::unexpected<base::Error> file_error(const std::string& path) {
    base::Errc code = base::Errc::kIo;
    if (errno == EEXIST) {
        code = base::Errc::kExists;
    } else if (errno == ENOENT) {
        code = base::Errc::kNotFound;
    } else if (errno == EACCES) {
        code = base::Errc::kDenied;
    } else if (errno == ENOSPC) {
        code = base::Errc::kNoSpace;
    }
    return base::fail(code, fmt::format("{}: {}", path, std::generic_category().message(errno)));
}

base::Result<> write_new_file(const std::string& path, std::string_view text) {
    const net::UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!fd) {
        return file_error(path);
    }
    while (!text.empty()) {
        const ssize_t written = ::write(fd.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return file_error(path);
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return {};
}

namespace {

base::Result<std::string> read_open_file(const net::UniqueFd& file,
                                         const std::string& path,
                                         std::size_t octets_max) {
    constexpr std::size_t kChunk = 256UL * 1024;
    std::string text;
    ssize_t got = 1;
    while (got > 0) {
        const std::size_t before = text.size();
        if (before > octets_max) {
            return base::fail(base::Errc::kTooLong,
                              fmt::format("{}: more than {} octets", path, octets_max));
        }
        text.resize(before + kChunk);
        got = ::read(file.get(), text.data() + before, kChunk);
        if (got < 0) {
            return file_error(path);
        }
        text.resize(before + static_cast<std::size_t>(got));
    }
    return text;
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t octets_max) {
    const net::UniqueFd file(path == "-" ? ::dup(STDIN_FILENO)
                                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file ? read_open_file(file, path, octets_max) : file_error(path);
}

base::Result<std::string> read_small_file(const std::string& path) {
    return read_file(path, kSmallOctetsMax);
}

}  // namespace app
