// Reading files that are open.
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "files/beneath.h"
#include "files/files.h"

namespace files {
namespace {

using base::Result;

Result<std::string> read_waiting(int fd, std::uint64_t offset, std::size_t octets) {
    std::string data(octets, '\0');
    std::size_t count = 0;
    while (count < octets) {
        const ssize_t got =
            ::pread(fd, data.data() + count, octets - count, static_cast<off_t>(offset + count));
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno(errno);
        }
        if (got == 0) {
            break;
        }
        count += static_cast<std::size_t>(got);
    }
    data.resize(count);
    return data;
}

}  // namespace

OpenFile::OpenFile(base::Pool& pool, base::UniqueFd fd, Entry entry)
    : pool_(pool),
      fd_(std::make_shared<const base::UniqueFd>(std::move(fd))),
      entry_(std::move(entry)) {}

base::Task<Result<std::size_t>> OpenFile::read(base::Loop& loop,
                                               std::uint64_t offset,
                                               std::span<char> into) {
    iovec part{into.data(), into.size()};
    const ssize_t got = ::preadv2(fd_->get(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    // Fewer than asked for may be the file's end or the end of what is in memory: let the pool find out.
    if (got >= 0 && static_cast<std::size_t>(got) == into.size()) {
        co_return into.size();
    }
    const std::size_t had = got > 0 ? static_cast<std::size_t>(got) : 0;
    CO_TRY(const std::string rest,
           co_await pool_.run(loop, [fd = fd_, from = offset + had, octets = into.size() - had] {
               return read_waiting(fd->get(), from, octets);
           }));
    std::copy(rest.begin(), rest.end(), into.begin() + static_cast<std::ptrdiff_t>(had));
    co_return had + rest.size();
}

}  // namespace files
