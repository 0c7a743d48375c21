#include "app/file_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "app/files.h"
#include "net/unique_fd.h"

namespace app {
namespace {

constexpr std::size_t kInMemoryOctetsMax = 1ULL << 28;

class FileSource final : public mime::OctetSource {
  public:
    FileSource(std::string path, net::UniqueFd file)
        : path_(std::move(path)),
          file_(std::move(file)) {}

    base::Result<std::string_view> read(std::uint64_t offset, std::size_t octets_max) override {
        buffer_.resize(std::min(octets_max, mime::kStreamStepOctets));
        ssize_t got = 0;
        do {
            got = ::pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(offset));
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            return base::fail(base::Errc::kIo,
                              fmt::format("{}: {}", path_, std::generic_category().message(errno)));
        }
        return std::string_view(buffer_).substr(0, static_cast<std::size_t>(got));
    }

  private:
    std::string path_;
    net::UniqueFd file_;
    std::string buffer_;
};

class MemorySource final : public mime::OctetSource {
  public:
    explicit MemorySource(std::string octets) : octets_(std::move(octets)) {}

    base::Result<std::string_view> read(std::uint64_t offset, std::size_t octets_max) override {
        return mime::StringSource(octets_).read(offset, octets_max);
    }

  private:
    std::string octets_;
};

}  // namespace

base::Result<std::unique_ptr<mime::OctetSource>> open_source(const std::string& path) {
    if (path != "-") {
        net::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

        struct ::stat status {};

        if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) {
            return std::make_unique<FileSource>(path, std::move(file));
        }
    }
    TRY(std::string octets, read_file(path, kInMemoryOctetsMax));
    return std::make_unique<MemorySource>(std::move(octets));
}

}  // namespace app
