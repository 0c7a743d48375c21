#include "net/socket_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "net/linger.h"
#include "net/proxy.h"
#include "net/thread_buffer.h"
#include "net/tls_session.h"

namespace net {

using base::Errc;
using base::fail;
using Kind = Attempt::Kind;

namespace {

// close(2) then sends RST: nothing lingers for a peer that takes nothing.
void abandon(int fd) {
    const struct ::linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

SocketStream::SocketStream(IoLoop& loop, Connection connection)
    : loop_(loop),
      connection_(std::move(connection)),
      wakeup_(loop) {
    if (connection_.roster != nullptr) {
        connection_.roster->insert(this);
    }
}

SocketStream::~SocketStream() {
    SocketStream::close();
    if (connection_.roster != nullptr) {
        connection_.roster->erase(this);
    }
}

void SocketStream::on_ready(IoLoop::Readiness ready) {
    readable_ |= ready.readable;
    writable_ |= ready.writable;
    ended_ |= ready.ended;
    urgent_ |= ready.urgent;
    const bool wake = waits_for_ == Kind::kWantRead    ? readable_
                      : waits_for_ == Kind::kWantWrite ? writable_
                                                       : false;
    if (wake) {
        wakeup_.fire();
    }
}

Wakeup::Wait SocketStream::wait_for(Kind what, base::SteadyTime deadline) {
    waits_for_ = what;
    burst_ = 0;
    if (!watched_ && what != Kind::kDone) {
        watched_ = loop_.watch(connection_.fd.get(), *this);
        broken_ = !watched_;
    }
    return wakeup_.wait(broken_ ? base::SteadyTime::min() : deadline);
}

bool SocketStream::must_give_way() {
    const base::SteadyTime now = loop_.clock().steady();
    if (burst_++ == 0) {
        burst_begun_ = now;
    }
    return burst_ > kBurstMax || now - burst_begun_ > kBurstSpan;
}

Wakeup::Wait SocketStream::give_way() {
    return wait_for(Kind::kDone, base::SteadyTime::min());
}

Attempt SocketStream::try_read(std::span<char> room) {
    if (tls_) {
        Attempt attempt = tls_->read(room);
        note_waiting(attempt.kind);
        return attempt;
    }
    if (!readable_) {
        return {.kind = Kind::kWantRead};
    }
    const ssize_t got = ::recv(connection_.fd.get(), room.data(), room.size(), 0);
    if (got < 0) {
        readable_ = !would_block(errno);
        urgent_ &= readable_;
        return readable_
                   ? Attempt{.kind = Kind::kFailed, .text = std::generic_category().message(errno)}
                   : Attempt{.kind = Kind::kWantRead};
    }
    // Less than fits was all there was: more makes a new edge, unless the end came with it, or the read
    // stopped at an urgent octet.
    readable_ = static_cast<std::size_t>(got) == room.size() || ended_ || urgent_;
    return {.kind = got == 0 ? Kind::kEof : Kind::kDone, .octets = static_cast<std::size_t>(got)};
}

Attempt SocketStream::try_write(std::string_view octets) {
    if (tls_) {
        Attempt attempt = tls_->write(octets);
        note_waiting(attempt.kind);
        return attempt;
    }
    const ssize_t sent = ::send(connection_.fd.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0) {
        writable_ = !would_block(errno);
        return writable_
                   ? Attempt{.kind = Kind::kFailed, .text = std::generic_category().message(errno)}
                   : Attempt{.kind = Kind::kWantWrite};
    }
    return {.kind = Kind::kDone, .octets = static_cast<std::size_t>(sent)};
}

tl::unexpected<base::Error> SocketStream::break_with(Errc code, std::string text) {
    broken_ = true;
    return fail(code, std::move(text));
}

tl::unexpected<base::Error> SocketStream::break_with(const Attempt& attempt) {
    if (attempt.kind == Kind::kEof) {
        return fail(Errc::kEof, "closed by peer");  // which may still listen
    }
    return break_with(Errc::kReset, attempt.text);
}

base::Task<base::Result<std::string_view>> SocketStream::receive(base::SteadyTime deadline) {
    if (must_give_way()) {
        static_cast<void>(co_await give_way());
    }
    while (!closed_ && !broken_) {
        const auto room = thread_buffer();
        readable_ |= interrupted_;  // what came before the interrupt may not have been told yet
        const Attempt attempt = try_read(room);
        if (attempt.kind == Kind::kDone) {
            co_return std::string_view(room.data(), attempt.octets);
        }
        if (!attempt.must_wait()) {
            co_return break_with(attempt);
        }
        if (std::exchange(interrupted_, false)) {
            co_return fail(Errc::kUnavailable, stopping_ ? "the server is stopping" : "woken");
        }
        if (co_await wait_for(attempt.kind, deadline) == Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "nothing received in time");
        }
    }
    co_return fail(Errc::kReset, "closed here");
}

base::Task<base::Result<>> SocketStream::write(std::string_view octets, base::SteadyTime deadline) {
    const base::Duration patience = deadline - loop_.clock().steady();
    if (must_give_way()) {
        static_cast<void>(co_await give_way());
    }
    while (!octets.empty()) {
        if (closed_ || broken_ || write_ended_) {
            co_return fail(Errc::kReset, "closed here");
        }
        const Attempt attempt = try_write(octets);
        if (attempt.kind == Kind::kDone) {
            octets.remove_prefix(attempt.octets);
            deadline = loop_.clock().steady() + patience;
        } else if (!attempt.must_wait()) {
            co_return break_with(Errc::kReset, attempt.text);
        } else if (co_await wait_for(attempt.kind, deadline) == Wakeup::Outcome::kTimeout) {
            stuck_ = true;
            co_return break_with(Errc::kTimeout, "the peer takes nothing");
        }
    }
    co_return base::Result<>();
}

base::Task<base::Result<std::string_view>> SocketStream::look_ahead(std::size_t known,
                                                                    base::SteadyTime deadline) {
    while (!closed_ && !broken_) {
        if (interrupted_) {
            co_return break_with(Errc::kUnavailable, "the server is stopping");
        }
        const auto room = thread_buffer();
        const ssize_t got = ::recv(connection_.fd.get(), room.data(), room.size(), MSG_PEEK);
        if (got > 0 && static_cast<std::size_t>(got) > known) {
            co_return std::string_view(room.data(), static_cast<std::size_t>(got));
        }
        if (got == 0 || (got < 0 && !would_block(errno)) || ended_) {
            co_return break_with(Errc::kEof, "closed by peer before its PROXY header");
        }
        readable_ = false;
        if (co_await wait_for(Kind::kWantRead, deadline) == Wakeup::Outcome::kTimeout) {
            co_return break_with(Errc::kTimeout, "no PROXY header in time");
        }
    }
    co_return fail(Errc::kReset, "closed here");
}

base::Task<base::Result<>> SocketStream::read_proxy_header(base::SteadyTime deadline) {
    std::size_t known = 0;
    while (true) {
        CO_TRY(const std::string_view seen, co_await look_ahead(known, deadline));
        CO_TRY(const auto header, parse_proxy_header(seen));
        known = seen.size();
        if (!header) {
            continue;
        }
        const auto room = thread_buffer();
        static_cast<void>(::recv(connection_.fd.get(), room.data(), header->octets, 0));
        readable_ = true;  // perhaps: the next attempt finds out
        if (header->addresses) {
            connection_.peer = header->addresses->client;
            connection_.local = header->addresses->server;
        }
        co_return base::Result<>();
    }
}

// A descriptor of its own: the stream may close its while another thread looks.
std::function<Stream::Traffic()> SocketStream::traffic() const {
    if (closed_) {
        return [] { return Traffic::kEnded; };
    }
    const auto fd = std::make_shared<UniqueFd>(::fcntl(connection_.fd.get(), F_DUPFD_CLOEXEC, 0));
    return [fd, in_clear = tls_ == nullptr] {
        struct ::pollfd look = {.fd = fd->get(), .events = POLLIN | POLLRDHUP, .revents = 0};
        if (!*fd || ::poll(&look, 1, 0) <= 0) {
            return Traffic::kNone;
        }
        constexpr int kEnd = POLLRDHUP | POLLHUP | POLLERR;
        if ((look.revents & kEnd) == 0) {
            return Traffic::kOctets;
        }
        int unread = 0;
        return in_clear && ::ioctl(fd->get(), FIONREAD, &unread) == 0 && unread > 0
                   ? Traffic::kEndedBehindOctets
                   : Traffic::kEnded;
    };
}

void SocketStream::note_waiting(Kind what) {
    readable_ &= what != Kind::kWantRead;
    writable_ &= what != Kind::kWantWrite;
}

void SocketStream::interrupt() {
    stopping_ = true;
    wake();
}

void SocketStream::wake() {
    interrupted_ = true;
    if (waits_for_ == Kind::kWantRead) {
        wakeup_.post();
    }
}

base::Task<base::Result<>> SocketStream::shut_down_write(base::SteadyTime deadline) {
    while (!closed_ && !broken_) {
        const Attempt attempt =
            tls_ && !write_ended_ ? tls_->end_writing() : Attempt{.kind = Kind::kDone};
        if (attempt.kind == Kind::kDone) {
            write_ended_ = true;
            ::shutdown(connection_.fd.get(), SHUT_WR);
            co_return base::Result<>();
        }
        if (!attempt.must_wait()) {
            co_return break_with(Errc::kReset, attempt.text);
        }
        writable_ &= attempt.kind != Kind::kWantWrite;
        if (co_await wait_for(attempt.kind, deadline) == Wakeup::Outcome::kTimeout) {
            stuck_ = true;
            co_return break_with(Errc::kTimeout, "the peer takes nothing");
        }
    }
    co_return fail(Errc::kReset, "closed here");
}

void SocketStream::abort() {
    stuck_ = true;
    close();
}

void SocketStream::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    wakeup_.post();
    const int fd = connection_.fd.get();
    if (watched_) {
        loop_.unwatch(fd, *this);
    }
    if (stuck_) {
        abandon(fd);
        connection_.fd.reset();
        connection_.permit.reset();
        return;
    }
    // After a failed handshake the alert that says why is on its way: it must not meet a reset either.
    if (tls_ && !broken_ && !write_ended_) {
        tls_->say_goodbye();
    }
    if (!tls_ && !connection_.lingers) {
        connection_.fd.reset();
        connection_.permit.reset();
        return;
    }
    ::shutdown(fd, SHUT_WR);
    linger(loop_, std::move(connection_.fd), std::move(connection_.permit));
}

}  // namespace net
