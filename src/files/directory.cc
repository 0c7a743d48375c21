#include "files/directory.h"

#include <cerrno>
#include <string_view>

#include "files/beneath.h"
#include "files/path.h"

namespace files {
namespace {

bool is_hidden(std::string_view name) {
    return name == "." || name == ".." || name.starts_with(kReservedPrefix);
}

}  // namespace

base::Result<Directory> Directory::of(base::UniqueFd fd) {
    Directory directory(::fdopendir(fd.get()));
    if (!directory.stream_) {
        return fail_errno(errno);
    }
    (void)fd.release();  // the stream closes it
    return directory;
}

base::Result<const char*> Directory::next() {
    while (true) {
        errno = 0;
        // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
        const dirent* entry = ::readdir(stream_.get());
        if (entry == nullptr && errno != 0) {
            return fail_errno(errno);
        }
        if (entry == nullptr || !is_hidden(entry->d_name)) {
            return entry == nullptr ? nullptr : &entry->d_name[0];
        }
    }
}

}  // namespace files
