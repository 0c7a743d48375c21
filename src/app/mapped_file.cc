#include "app/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "app/files.h"
#include "base/environment.h"
#include "base/unique_fd.h"

namespace app {
namespace {

constexpr std::size_t kChunkOctets = 256UL * 1024;

// /var/tmp and not /tmp, which may itself be in memory.
std::string temporary_folder() {
    const std::string folder = base::environment("TMPDIR");
    return folder.empty() ? "/var/tmp" : folder;
}

base::Result<> write_all(int fd, std::string_view octets, const std::string& name) {
    while (!octets.empty()) {
        const ssize_t written = ::write(fd, octets.data(), octets.size());
        if (written < 0 && errno != EINTR) {
            return file_error(name);
        }
        octets.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return {};
}

// Removed at once: nothing is left behind, however this program ends.
base::Result<base::UniqueFd> open_nameless() {
    std::string name = temporary_folder() + "/staffetta-XXXXXX";
    base::UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file || ::unlink(name.c_str()) != 0) {
        return file_error(name);
    }
    return file;
}

base::Result<base::UniqueFd> copy_to_nameless(int from, const std::string& path) {
    TRY(base::UniqueFd file, open_nameless());
    const auto buffer = std::make_unique_for_overwrite<char[]>(kChunkOctets);
    for (ssize_t got = 1; got != 0;) {
        got = ::read(from, buffer.get(), kChunkOctets);
        if (got < 0 && errno != EINTR) {
            return file_error(path);
        }
        const auto octets = static_cast<std::size_t>(got < 0 ? 0 : got);
        TRY_VOID(write_all(file.get(), {buffer.get(), octets}, temporary_folder()));
    }
    return file;
}

}  // namespace

base::Result<MappedFile> MappedFile::open(const std::string& path) {
    base::UniqueFd file(path == "-" ? ::dup(STDIN_FILENO)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));

    struct ::stat status {};

    if (!file || ::fstat(file.get(), &status) != 0) {
        return file_error(path);
    }
    // Standard input is copied even from a file: it may stand anywhere in it.
    if (path == "-" || !S_ISREG(status.st_mode)) {
        TRY(file, copy_to_nameless(file.get(), path));
    }
    return of(file, path);
}

base::Result<MappedFile> MappedFile::of(const base::UniqueFd& file, const std::string& name) {
    struct ::stat status {};

    if (::fstat(file.get(), &status) != 0) {
        return file_error(name);
    }
    if (!S_ISREG(status.st_mode)) {
        return base::fail(base::Errc::kInvalid, name + " is no file");
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) {
        return MappedFile(nullptr, 0);
    }
    void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (begin == MAP_FAILED) {
        return file_error(name);
    }
    // A hint, whose failure changes nothing that can be seen.
    static_cast<void>(::madvise(begin, size, MADV_SEQUENTIAL));
    return MappedFile(begin, size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
}

MappedFile::~MappedFile() {
    if (begin_ != nullptr) {
        ::munmap(begin_, size_);
    }
}

}  // namespace app
