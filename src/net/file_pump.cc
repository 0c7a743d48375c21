#include "net/file_pump.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <system_error>

#include "base/unique_fd.h"
#include "net/record_gatherer.h"
#include "net/tls_session.h"

namespace net {
namespace {

using Kind = Attempt::Kind;

constexpr std::size_t kFileBufferOctets = std::size_t{256} * 1024;
constexpr int kPipeOctets = 1 << 20;
constexpr std::uint64_t kPageOctets = 4096;  // the smallest there are
// What one write hands to the page cache. The kernel makes as large a page of it as it can, and has those of up to
// 32 KiB at hand for each processor (PAGE_ALLOC_COSTLY_ORDER), warm from their last use; larger ones come cold from the
// whole machine's list, in a virtual machine from the host: four times the CPU for the same octets.
constexpr std::size_t kWriteOctets = std::size_t{32} * 1024;

// One a thread, made with its first transfer in TLS.
std::span<char> file_buffer() {
    thread_local std::unique_ptr<char[]> buffer;
    if (!buffer) {
        buffer = std::make_unique_for_overwrite<char[]>(kFileBufferOctets);
    }
    return {buffer.get(), kFileBufferOctets};
}

// Empty between two calls: whatever goes in comes out before receive_to_file() returns, or it is thrown away.
struct Pipe {
    base::UniqueFd out;
    base::UniqueFd in;

    [[nodiscard]] bool open() {
        std::array<int, 2> ends{};
        if (out) {
            return true;
        }
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
            return false;
        }
        out = base::UniqueFd(ends[0]);
        in = base::UniqueFd(ends[1]);
        ::fcntl(in.get(), F_SETPIPE_SZ, kPipeOctets);
        return true;
    }

    void close() {
        out.reset();
        in.reset();
    }
};

Pipe& thread_pipe() {
    thread_local Pipe pipe;
    return pipe;
}

FileAttempt failed(Fault fault, int error) {
    return {{.kind = Kind::kFailed, .text = std::generic_category().message(error)}, fault};
}

FileAttempt file_failed(int error) {
    return failed(error == ENOSPC || error == EDQUOT ? Fault::kFileFull : Fault::kFile, error);
}

FileAttempt done(std::size_t octets) {
    return {{.kind = Kind::kDone, .octets = octets}};
}

// A failure behind octets that were moved already waits for the next try.
FileAttempt network(Attempt attempt, std::size_t moved) {
    if (moved > 0) {
        return done(moved);
    }
    const Fault fault = attempt.kind == Kind::kFailed ? Fault::kNetwork : Fault::kNone;
    return {std::move(attempt), fault};
}

off_t as_offset(std::uint64_t offset) {
    return static_cast<off_t>(offset);
}

// How much of `count` octets to write at once at `offset`: up to the next multiple of the piece.
std::size_t write_piece(std::uint64_t offset, std::size_t count) {
    return std::min(count, kWriteOctets - static_cast<std::size_t>(offset % kWriteOctets));
}

// All of `octets` at `offset`; how many when the disk takes no more.
std::size_t write_all(int fd, std::span<const char> octets, std::uint64_t offset) {
    std::size_t written = 0;
    while (written < octets.size()) {
        const std::size_t piece = write_piece(offset + written, octets.size() - written);
        const ssize_t put =
            ::pwrite(fd, octets.data() + written, piece, as_offset(offset + written));
        if (put <= 0 && errno != EINTR) {
            break;
        }
        written += put > 0 ? static_cast<std::size_t>(put) : 0;
    }
    return written;
}

// What stands in the pipe, `count` octets, to the file.
FileAttempt drain(Pipe& pipe, int fd, std::uint64_t offset, std::size_t count) {
    std::size_t moved = 0;
    while (moved < count) {
        off_t at = as_offset(offset + moved);
        const std::size_t piece = write_piece(offset + moved, count - moved);
        const ssize_t put = ::splice(pipe.out.get(), nullptr, fd, &at, piece, SPLICE_F_MOVE);
        if (put <= 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            const int error = put == 0 ? EIO : errno;
            pipe.close();
            return file_failed(error);
        }
        moved += static_cast<std::size_t>(put);
    }
    return done(moved);
}

}  // namespace

bool is_in_memory(int fd, std::uint64_t offset, std::size_t count) {
    const auto is_there = [fd](std::uint64_t at) {
        char octet = 0;
        iovec place{.iov_base = &octet, .iov_len = 1};
        return ::preadv2(fd, &place, 1, as_offset(at), RWF_NOWAIT) >= 0 || errno != EAGAIN;
    };
    const std::uint64_t last = offset + std::max<std::size_t>(count, 1) - 1;
    const bool one_page = offset / kPageOctets == last / kPageOctets;
    if (count == 0 || (is_there(offset) && (one_page || is_there(last)))) {
        return true;
    }
    ::posix_fadvise(fd, as_offset(offset), as_offset(count), POSIX_FADV_WILLNEED);
    return false;
}

// Held back for 0.2 s at most (tcp(7), TCP_CORK).
std::optional<FileAttempt> send_small(int socket, int fd, std::uint64_t offset, std::size_t count) {
    std::array<char, kSmallOctets> room;  // NOLINT(*-member-init): preadv2 fills it
    iovec place{.iov_base = room.data(), .iov_len = std::min(count, room.size())};
    const ssize_t got = ::preadv2(fd, &place, 1, as_offset(offset), RWF_NOWAIT);
    if (got < 0 || static_cast<std::size_t>(got) != count) {
        return std::nullopt;
    }
    const ssize_t sent = ::send(socket, room.data(), count, MSG_NOSIGNAL | MSG_MORE);
    if (sent >= 0) {
        return done(static_cast<std::size_t>(sent));
    }
    return would_block(errno) ? FileAttempt{{.kind = Kind::kWantWrite}}
                              : failed(Fault::kNetwork, errno);
}

FileAttempt send_from_file(int socket, int fd, std::uint64_t offset, std::size_t count) {
    off_t at = as_offset(offset);
    const ssize_t sent = ::sendfile(socket, fd, &at, count);
    if (sent > 0) {
        return done(static_cast<std::size_t>(sent));
    }
    if (sent == 0) {
        return {{.kind = Kind::kEof}};
    }
    if (would_block(errno)) {
        return {{.kind = Kind::kWantWrite}};
    }
    return failed(errno == EIO || errno == EINVAL ? Fault::kFile : Fault::kNetwork, errno);
}

// Read in pieces that are still in the processor's cache when they are encrypted, and only once the socket took all of
// the last one: what is read is sent, however often the peer makes us wait.
FileAttempt send_from_file(TlsSession& tls, int fd, std::uint64_t offset, std::size_t count) {
    if (tls.kernel_sends()) {
        return network(tls.send_file(fd, offset, count), 0);
    }
    const auto room = file_buffer().first(RecordGatherer::kClearOctetsMax);
    std::size_t moved = 0;
    Attempt attempt = tls.write_gathered({});
    while (moved < count && attempt.kind == Kind::kDone && !tls.has_rest()) {
        const ssize_t got = ::pread(
            fd, room.data(), std::min(count - moved, room.size()), as_offset(offset + moved));
        if (got <= 0 && moved == 0) {
            return got < 0 ? file_failed(errno) : FileAttempt{{.kind = Kind::kEof}};
        }
        if (got <= 0) {
            break;  // the next try says so
        }
        attempt = tls.write_gathered({room.data(), static_cast<std::size_t>(got)});
        moved += attempt.octets;
    }
    return attempt.kind == Kind::kDone ? done(moved) : network(std::move(attempt), moved);
}

FileAttempt receive_to_file(int socket, int fd, std::uint64_t offset, std::size_t count) {
    Pipe& pipe = thread_pipe();
    if (!pipe.open()) {
        return file_failed(errno);
    }
    const ssize_t got =
        ::splice(socket, nullptr, pipe.in.get(), nullptr, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got == 0) {
        return {{.kind = Kind::kEof}};
    }
    if (got < 0) {
        return would_block(errno) ? FileAttempt{{.kind = Kind::kWantRead}}
                                  : failed(Fault::kNetwork, errno);
    }
    return drain(pipe, fd, offset, static_cast<std::size_t>(got));
}

FileAttempt receive_to_file(TlsSession& tls, int fd, std::uint64_t offset, std::size_t count) {
    const auto room = file_buffer().first(std::min(count, kFileBufferOctets));
    std::size_t got = 0;
    Attempt attempt{.kind = Kind::kDone};
    while (got < room.size() && attempt.kind == Kind::kDone) {
        attempt = tls.read(room.subspan(got));
        got += attempt.kind == Kind::kDone ? attempt.octets : 0;
    }
    if (got > 0 && write_all(fd, room.first(got), offset) < got) {
        return file_failed(errno);
    }
    return network(std::move(attempt), got);
}

}  // namespace net
