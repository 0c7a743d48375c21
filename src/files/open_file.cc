// Reading files that are open.
#include "files/open_file.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "files/beneath.h"
#include "files/creation.h"

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

OpenFile::OpenFile(base::Pool& pool, std::shared_ptr<State> state)
    : pool_(pool),
      state_(std::move(state)) {}

OpenFile::~OpenFile() = default;

const Entry& OpenFile::entry() const {
    return state_->entry;
}

int OpenFile::fd() const {
    return state_->fd.get();
}

bool OpenFile::may_be_read() const {
    return (state_->mounts->rights_now(state_->place) & kRead) != 0;
}

base::Task<std::optional<base::WallTime>> OpenFile::created(base::Loop& loop) const {
    return pool_.run(loop, [state = state_] { return read_creation(state->fd.get()); });
}

void OpenFile::note_fetched(std::uint64_t octets) const {
    note_deed(state_->place, *state_->deed, "fetched", std::to_string(octets) + " octets");
}

base::Task<Result<std::size_t>> OpenFile::read(base::Loop& loop,
                                               std::uint64_t offset,
                                               std::span<char> into) {
    iovec part{into.data(), into.size()};
    const ssize_t got = ::preadv2(fd(), &part, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    // Fewer than asked for may be the file's end or the end of what is in memory: let the pool find out.
    if (got >= 0 && static_cast<std::size_t>(got) == into.size()) {
        co_return into.size();
    }
    const std::size_t had = got > 0 ? static_cast<std::size_t>(got) : 0;
    CO_TRY(
        const std::string rest,
        co_await pool_.run(loop, [state = state_, from = offset + had, octets = into.size() - had] {
            return read_waiting(state->fd.get(), from, octets);
        }));
    std::copy(rest.begin(), rest.end(), into.begin() + static_cast<std::ptrdiff_t>(had));
    co_return had + rest.size();
}

}  // namespace files
