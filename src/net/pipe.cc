#include "net/pipe.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "net/thread_buffer.h"
#include "net/wakeup.h"

namespace net {

using base::Errc;
using base::fail;

// Octets from one end to the other, each piece with the time of its arrival.
struct PipeStream::Direction {
    struct Piece {
        base::SteadyTime arrives;
        std::string octets;
        std::size_t start = 0;  // before it all was taken
    };

    explicit Direction(base::Loop& loop) : arrived(loop), taken(loop) {}

    [[nodiscard]] bool has_input(base::SteadyTime now) const {
        return !pieces.empty() && pieces.front().arrives <= now;
    }

    [[nodiscard]] bool at_end(base::SteadyTime now) const {
        return pieces.empty() && end && *end <= now;
    }

    // Moves up to `room.size()` octets that have arrived into `room`; how many.
    std::size_t take(base::SteadyTime now, std::span<char> room) {
        std::size_t count = 0;
        while (count < room.size() && has_input(now)) {
            Piece& front = pieces.front();
            const std::size_t part =
                front.octets.copy(&room[count], room.size() - count, front.start);
            count += part;
            front.start += part;
            if (front.start == front.octets.size()) {
                pieces.pop_front();
            }
        }
        in_flight -= count;
        taken.post();
        return count;
    }

    void drop() {
        pieces.clear();
        in_flight = 0;
        taken.post();
    }

    std::deque<Piece> pieces;
    std::size_t in_flight = 0;
    std::optional<base::SteadyTime> end;  // the writer closed: when the reader can know
    bool refused = false;                 // the reader closed: writing fails
    Wakeup arrived;                       // the reader waits
    Wakeup taken;                         // the writer waits for room
};

struct PipeStream::Pipe {
    Pipe(base::Loop& home, PipeOptions given)
        : loop(home),
          options(std::move(given)),
          to_server(home),
          to_client(home) {
        tls = options.implicit_tls;
    }

    [[nodiscard]] base::SteadyTime now() const { return loop.clock().steady(); }

    void wake_all() {
        for (Direction* direction : {&to_server, &to_client}) {
            direction->arrived.post();
            direction->taken.post();
        }
    }

    base::Loop& loop;
    PipeOptions options;
    Direction to_server;
    Direction to_client;
    bool tls = false;
    bool reset = false;
};

namespace {

// Tells the reader at the time of arrival. The pipe is kept until then.
void announce(const std::shared_ptr<PipeStream::Pipe>& pipe, Wakeup& arrived) {
    if (pipe->options.latency == base::Duration(0)) {
        arrived.post();
        return;
    }
    pipe->loop.call_at(pipe->now() + pipe->options.latency, [pipe, &arrived] { arrived.fire(); });
}

}  // namespace

PipeStream::PipeStream(std::shared_ptr<Pipe> pipe, bool is_server)
    : pipe_(std::move(pipe)),
      is_server_(is_server) {}

PipeStream::~PipeStream() {
    PipeStream::close();
}

PipeStream::Direction& PipeStream::in() const {
    return is_server_ ? pipe_->to_server : pipe_->to_client;
}

PipeStream::Direction& PipeStream::out() const {
    return is_server_ ? pipe_->to_client : pipe_->to_server;
}

base::Task<base::Result<std::string_view>> PipeStream::receive(base::SteadyTime deadline) {
    while (true) {
        if (closed_ || pipe_->reset) {
            co_return fail(Errc::kReset, closed_ ? "closed here" : "connection reset by peer");
        }
        const std::size_t bound = std::min(pipe_->options.receive_octets_max, kThreadBufferOctets);
        // The thread's buffer, as sockets do: a session that keeps a view too long is found out.
        const auto room = thread_buffer().first(bound);
        if (const std::size_t count = in().take(pipe_->now(), room); count > 0) {
            co_return std::string_view(room.data(), count);
        }
        if (in().at_end(pipe_->now())) {
            co_return fail(Errc::kEof, "closed by peer");
        }
        if (std::exchange(interrupted_, false)) {
            co_return fail(Errc::kUnavailable, stopping_ ? "the server is stopping" : "woken");
        }
        if (co_await in().arrived.wait(deadline) == Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "nothing received in time");
        }
    }
}

base::Task<base::Result<>> PipeStream::write(std::string_view octets, base::SteadyTime deadline) {
    const base::Duration patience = deadline - pipe_->now();
    while (!octets.empty()) {
        if (closed_ || pipe_->reset || out().refused || out().end) {
            co_return fail(Errc::kReset, closed_ ? "closed here" : "connection reset by peer");
        }
        const std::size_t used = std::min(out().in_flight, pipe_->options.buffer_octets);
        const std::size_t part = std::min(octets.size(), pipe_->options.buffer_octets - used);
        if (part > 0) {
            push(octets.substr(0, part));
            octets.remove_prefix(part);
            deadline = pipe_->now() + patience;
        } else if (co_await out().taken.wait(deadline) == Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "the peer takes nothing");
        }
    }
    co_return base::Result<>();
}

bool PipeStream::push(std::string_view octets) {
    if (closed_ || pipe_->reset || out().refused || out().end) {
        return false;
    }
    out().pieces.push_back({pipe_->now() + pipe_->options.latency, std::string(octets)});
    out().in_flight += octets.size();
    announce(pipe_, out().arrived);
    return true;
}

std::string PipeStream::take() {
    std::string octets(in().in_flight, '\0');
    octets.resize(in().take(pipe_->now(), octets));
    return octets;
}

bool PipeStream::ended() const {
    return closed_ || pipe_->reset || in().at_end(pipe_->now());
}

base::Task<base::Result<>> PipeStream::start_tls(base::SteadyTime /*deadline*/) {
    if (!can_start_tls()) {
        co_return fail(Errc::kUnsupported, "no certificate, or TLS already");
    }
    if (closed_ || ended()) {
        co_return fail(Errc::kReset, "closed during the handshake");
    }
    grant_tls();
    co_return base::Result<>();
}

void PipeStream::grant_tls() {
    in().drop();
    pipe_->tls = true;
    out().arrived.post();
}

void PipeStream::offer_tls(const std::shared_ptr<TlsContext>& context) {
    pipe_->options.can_start_tls = context != nullptr;
}

base::Task<base::Result<>> PipeStream::start_tls_client(TlsClientOptions options,
                                                        base::SteadyTime deadline) {
    while (!pipe_->tls) {
        if (closed_ || pipe_->reset) {
            co_return fail(Errc::kReset, "closed during the handshake");
        }
        if (in().has_input(pipe_->now())) {
            co_return fail(Errc::kReset, "TLS handshake: the peer goes on in clear");
        }
        if (in().at_end(pipe_->now())) {
            co_return fail(Errc::kEof, "TLS handshake: closed by peer");
        }
        if (stopping_) {
            co_return fail(Errc::kUnavailable, "TLS handshake: the server is stopping");
        }
        if (co_await in().arrived.wait(deadline) == Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "TLS handshake: not finished in time");
        }
    }
    TlsInfo& tls = pipe_->options.tls;
    tls.server_name = options.server_name;
    tls.resumed = options.resume && options.resume->server_name() == options.server_name;
    if (options.verify && !tls.distrust.empty()) {
        reset();
        co_return fail(Errc::kDenied, "TLS handshake: " + tls.distrust);
    }
    co_return base::Result<>();
}

std::shared_ptr<TlsTicket> PipeStream::tls_ticket() const {
    const TlsInfo& tls = pipe_->options.tls;
    return pipe_->tls ? std::make_shared<TlsTicket>(nullptr, tls.server_name, tls.distrust.empty())
                      : nullptr;
}

base::Task<base::Result<>> PipeStream::shut_down_write(base::SteadyTime /*deadline*/) {
    if (closed_ || pipe_->reset) {
        co_return fail(Errc::kReset, "closed here");
    }
    end_writing();
    co_return base::Result<>();
}

base::Task<base::Result<std::uint64_t>> PipeStream::send_file(int fd,
                                                              std::uint64_t offset,
                                                              std::uint64_t count,
                                                              base::Duration stall) {
    if (pipe_->options.file_error) {
        co_return tl::unexpected(*pipe_->options.file_error);
    }
    co_return co_await Stream::send_file(fd, offset, count, stall);
}

std::function<Stream::Traffic()> PipeStream::traffic() const {
    return [pipe = pipe_, &in = in()] {
        const base::SteadyTime now = pipe->now();
        const bool unread = !pipe->reset && in.has_input(now);
        if (pipe->reset || (in.end && *in.end <= now)) {
            return unread && !pipe->tls ? Traffic::kEndedBehindOctets : Traffic::kEnded;
        }
        return unread ? Traffic::kOctets : Traffic::kNone;
    };
}

bool PipeStream::can_start_tls() const {
    return pipe_->options.can_start_tls && !pipe_->tls;
}

const TlsInfo* PipeStream::tls() const {
    return pipe_->tls ? &pipe_->options.tls : nullptr;
}

void PipeStream::end_writing() {
    if (!out().end) {
        out().end = pipe_->now() + pipe_->options.latency;
        announce(pipe_, out().arrived);
    }
}

void PipeStream::interrupt() {
    stopping_ = true;
    wake();
}

void PipeStream::wake() {
    interrupted_ = true;
    in().arrived.post();
}

void PipeStream::close() {
    if (closed_) {
        return;
    }
    closed_ = true;
    end_writing();
    in().refused = true;
    in().drop();
    in().arrived.post();
    out().taken.post();
}

void PipeStream::abort() {
    reset();
    close();
}

void PipeStream::reset() {
    pipe_->reset = true;
    pipe_->to_server.drop();
    pipe_->to_client.drop();
    pipe_->wake_all();
}

const Endpoint& PipeStream::local() const {
    return is_server_ ? pipe_->options.server : pipe_->options.client;
}

const Endpoint& PipeStream::peer() const {
    return is_server_ ? pipe_->options.client : pipe_->options.server;
}

base::Loop& PipeStream::loop() {
    return pipe_->loop;
}

std::pair<std::unique_ptr<PipeStream>, std::unique_ptr<PipeStream>> make_pipe(base::Loop& loop,
                                                                              PipeOptions options) {
    auto pipe = std::make_shared<PipeStream::Pipe>(loop, std::move(options));
    return {std::make_unique<PipeStream>(pipe, true), std::make_unique<PipeStream>(pipe, false)};
}

}  // namespace net
