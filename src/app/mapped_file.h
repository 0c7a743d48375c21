// A file's octets as one view, of any size: mapped, not read, so that a message larger than memory is looked
// at as one in it is.
//
// BUGS: a file that another program cuts short while it is mapped ends this one by SIGBUS.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace app {

class MappedFile {
  public:
    // A regular file as it is; anything else (a pipe, "-" for standard input) is first copied to a file
    // without a name in $TMPDIR, or /var/tmp, which is gone with this object. Errors as of read_file,
    // and kNoSpace.
    [[nodiscard]] static base::Result<MappedFile> open(const std::string& path);

    // A regular file that is open, called `name` in errors; kInvalid for anything else.
    [[nodiscard]] static base::Result<MappedFile> of(const base::UniqueFd& file,
                                                     const std::string& name);

    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    // Lives as long as this object.
    [[nodiscard]] std::string_view octets() const {
        return {static_cast<const char*>(begin_), size_};
    }

  private:
    MappedFile(void* begin, std::size_t size) : begin_(begin), size_(size) {}

    void* begin_ = nullptr;  // null for an empty file, which cannot be mapped
    std::size_t size_ = 0;
};

}  // namespace app
