// SocketStream between a socket and a file: sendfile(2), splice(2), kernel TLS, or large TLS records.
//
// BUGS: a write to a file may wait where the kernel holds back whoever makes too many pages dirty.
#include <algorithm>

#include "net/file_pump.h"
#include "net/socket_stream.h"
#include "net/tls_session.h"

namespace net {

using base::Errc;
using base::fail;
using Kind = Attempt::Kind;

namespace {

// One try: some tenths of a millisecond, so that the loop's other sessions do not wait long.
constexpr std::uint64_t kSendOctets = std::uint64_t{512} * 1024;
constexpr std::uint64_t kEncryptOctets = std::uint64_t{256} * 1024;
constexpr std::uint64_t kReceiveOctets = std::uint64_t{1024} * 1024;
// The disk is asked, and looked at again; after so many times the read just waits for it.
constexpr unsigned kDiskLooksMax = 200;
constexpr auto kDiskLook = std::chrono::milliseconds(1);

}  // namespace

base::Task<> SocketStream::await_file(base::Loop& loop,
                                      int fd,
                                      std::uint64_t offset,
                                      std::size_t count) {
    for (unsigned look = 0; look < kDiskLooksMax; ++look) {
        if (is_in_memory(fd, offset, count)) {
            co_return;
        }
        co_await base::sleep_until(loop, loop.clock().steady() + kDiskLook);
    }
}

tl::unexpected<base::Error> SocketStream::break_with(const FileAttempt& failed) {
    switch (failed.fault) {
        case Fault::kFile:
            return fail(Errc::kIo, failed.attempt.text);
        case Fault::kFileFull:
            return fail(Errc::kNoSpace, failed.attempt.text);
        default:
            return break_with(failed.attempt);
    }
}

FileAttempt SocketStream::try_send_file(int fd, std::uint64_t offset, std::size_t count) {
    if (closed_ || broken_ || write_ended_) {
        return {{.kind = Kind::kFailed, .text = "closed here"}, Fault::kNetwork};
    }
    return tls_ ? send_from_file(*tls_, fd, offset, count)
                : send_from_file(connection_.fd.get(), fd, offset, count);
}

base::Task<base::Result<std::uint64_t>> SocketStream::send_file(int fd,
                                                                std::uint64_t offset,
                                                                std::uint64_t count,
                                                                base::Duration stall) {
    const std::uint64_t most = tls_ ? kEncryptOctets : kSendOctets;
    std::uint64_t sent = 0;
    while (sent < count || (tls_ && tls_->has_rest())) {
        if (must_give_way()) {
            static_cast<void>(co_await give_way());
        }
        const auto piece = static_cast<std::size_t>(std::min(count - sent, most));
        std::optional<FileAttempt> copied;
        if (!tls_ && !closed_ && piece <= kSmallOctets) {
            copied = send_small(connection_.fd.get(), fd, offset + sent, piece);
        }
        if (!copied && !is_in_memory(fd, offset + sent, piece)) {
            co_await await_file(loop_, fd, offset + sent, piece);
        }
        const FileAttempt moved =
            copied ? std::move(*copied) : try_send_file(fd, offset + sent, piece);
        if (moved.attempt.kind == Kind::kDone) {
            sent += moved.attempt.octets;
            continue;
        }
        if (moved.attempt.kind == Kind::kEof) {
            break;
        }
        if (!moved.attempt.must_wait()) {
            co_return break_with(moved);
        }
        note_waiting(moved.attempt.kind);
        if (co_await wait_for(moved.attempt.kind, loop_.clock().steady() + stall) ==
            Wakeup::Outcome::kTimeout) {
            stuck_ = true;
            co_return break_with(Errc::kTimeout, "the peer takes nothing");
        }
    }
    co_return sent;
}

// A failure of the network behind octets that came is told by the next call. One of the file is told at
// once: octets are lost with it.
base::Task<base::Result<std::uint64_t>> SocketStream::receive_file(int fd,
                                                                   std::uint64_t offset,
                                                                   std::uint64_t count_max,
                                                                   base::Duration stall) {
    std::uint64_t got = 0;
    while (got < count_max) {
        if (must_give_way()) {
            static_cast<void>(co_await give_way());
        }
        if (closed_ || broken_) {
            co_return fail(Errc::kReset, "closed here");
        }
        const auto piece = static_cast<std::size_t>(std::min(count_max - got, kReceiveOctets));
        const FileAttempt moved =
            tls_ ? receive_to_file(*tls_, fd, offset + got, piece)
                 : receive_to_file(connection_.fd.get(), fd, offset + got, piece);
        if (moved.attempt.kind == Kind::kDone) {
            got += moved.attempt.octets;
            continue;
        }
        if (moved.attempt.kind == Kind::kEof) {
            break;
        }
        if (!moved.attempt.must_wait()) {
            auto broken = break_with(moved);
            if (moved.fault == Fault::kNetwork && got > 0) {
                break;
            }
            co_return broken;
        }
        note_waiting(moved.attempt.kind);
        if (co_await wait_for(moved.attempt.kind, loop_.clock().steady() + stall) ==
            Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "nothing received in time");
        }
    }
    co_return got;
}

// What fails behind octets that came is told by the next call. No word of interrupt(): as with files, a transfer
// goes on until the session ends it.
base::Task<base::Result<std::size_t>> SocketStream::receive_into(std::span<char> room,
                                                                 base::SteadyTime deadline) {
    if (must_give_way()) {
        static_cast<void>(co_await give_way());
    }
    std::size_t got = 0;
    while (!closed_ && !broken_) {
        const Attempt attempt = try_read(room.subspan(got));
        if (attempt.kind == Kind::kDone) {
            got += attempt.octets;
            if (got < room.size()) {
                continue;
            }
            co_return got;
        }
        if (attempt.kind == Kind::kFailed) {
            // The kernel tells it once, and then of an end in good order: it is kept for the next call.
            auto broken = break_with(attempt);
            if (got == 0) {
                co_return broken;
            }
        }
        if (got > 0 || attempt.kind == Kind::kEof) {
            co_return got;
        }
        if (co_await wait_for(attempt.kind, deadline) == Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "nothing received in time");
        }
    }
    co_return fail(Errc::kReset, "closed here");
}

}  // namespace net
