#include "net/line_stream.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/release.h"

namespace net {

using base::Errc;
using base::fail;

namespace {

// Buffers of at most this capacity are kept by an idle session; larger ones go back.
constexpr std::size_t kKeptOctets = 512;

void empty(std::string& buffer) {
    if (buffer.capacity() > kKeptOctets) {
        base::release(buffer);
    } else {
        buffer.clear();
    }
}

Line without_end(std::string_view line) {
    line.remove_suffix(1);
    const bool crlf = line.ends_with('\r');
    if (crlf) {
        line.remove_suffix(1);
    }
    return Line{line, crlf};
}

}  // namespace

// Input in order: pending_ from start_, then view_. view_ is not empty only between receive() and the
// return to the session: what a session leaves behind is saved before it can suspend.

std::string_view LineStream::input() const {
    return view_.empty() ? std::string_view(pending_).substr(start_) : view_;
}

base::Task<base::Result<Line>> LineStream::read_line(std::size_t octets_max,
                                                     base::SteadyTime deadline) {
    CO_TRY_VOID(co_await flush_if_full(deadline));
    std::size_t scanned = 0;  // octets of input() known to hold no line end
    while (true) {
        const std::size_t end = input().find('\n', scanned);
        if (end != std::string_view::npos) {
            const std::string_view line = take(end + 1);
            tell_line(line);
            if (dropped_ > 0 || line.size() > octets_max) {
                keep_ends(line);
                dropped_ = 0;
                co_return fail(Errc::kTooLong, "line too long");
            }
            co_return without_end(line);
        }
        scanned = input().size();
        if (dropped_ + scanned > octets_max) {
            drop_piece();
            scanned = 0;
        }
        CO_TRY_VOID(co_await receive(deadline));
    }
}

base::Task<base::Result<std::string_view>> LineStream::peek(base::SteadyTime deadline) {
    CO_TRY_VOID(co_await flush_if_full(deadline));
    if (input().empty()) {
        CO_TRY_VOID(co_await receive(deadline));
    }
    co_return input();
}

void LineStream::consume(std::size_t octets) {
    CHECK(octets <= input().size());
    if (octets == 0) {
        return;
    }
    const std::string_view taken = take(octets);
    if (watcher_) {
        watcher_('C', taken);
    }
}

// Waits for more and puts it behind what is there. Only the wait for an empty input leaves the octets in
// the thread's buffer.
base::Task<base::Result<>> LineStream::receive(base::SteadyTime deadline) {
    save_view();
    CO_TRY_VOID(co_await flush(deadline));
    if (input().empty()) {
        drop_input();
        CO_TRY(view_, co_await stream_->receive(deadline));
        co_return base::Result<>();
    }
    CO_TRY(const std::string_view more, co_await stream_->receive(deadline));
    pending_.erase(0, std::exchange(start_, 0));
    pending_ += more;
    co_return base::Result<>();
}

// The first `octets` of input(), valid until the session suspends or reads again; the rest is saved.
std::string_view LineStream::take(std::size_t octets) {
    const std::string_view taken = input().substr(0, octets);
    if (view_.empty()) {
        start_ += octets;
    } else {
        view_.remove_prefix(octets);
        save_view();
    }
    return taken;
}

void LineStream::save_view() {
    if (!view_.empty()) {
        pending_.assign(view_);
        start_ = 0;
        view_ = {};
    }
}

// Of a line that is too long already.
void LineStream::drop_piece() {
    keep_ends(input());
    dropped_ += input().size();
    drop_input();
}

void LineStream::keep_ends(std::string_view piece) {
    if (dropped_ == 0) {
        long_line_begin_ = piece.substr(0, kLineBeginOctets);
        long_line_end_.clear();
    }
    long_line_end_ += piece.substr(piece.size() - std::min(piece.size(), kLineEndOctets));
    long_line_end_.erase(0,
                         long_line_end_.size() - std::min(long_line_end_.size(), kLineEndOctets));
}

std::string_view LineStream::long_line_end() const {
    return without_end(long_line_end_).text;
}

void LineStream::drop_input() {
    view_ = {};
    start_ = 0;
    empty(pending_);
}

void LineStream::discard_input() {
    drop_input();
    dropped_ = 0;
}

std::string LineStream::take_input() {
    std::string octets(input());
    drop_input();
    return octets;
}

void LineStream::change_stream(Stream& stream, std::string_view received) {
    save_view();
    pending_ += received;
    stream_ = &stream;
}

void LineStream::watch(Watcher watcher,
                       std::function<std::string(std::string_view octets)> redact) {
    if (!watcher) {
        return;
    }
    watcher_ = [watcher = std::move(watcher), redact = std::move(redact)](char side,
                                                                          std::string_view octets) {
        if (side == 'C') {
            watcher(side, redact(octets));
        } else {
            watcher(side, octets);
        }
    };
}

base::Task<base::Result<>> LineStream::flush(base::SteadyTime deadline) {
    if (output_.empty()) {
        co_return base::Result<>();
    }
    if (watcher_) {
        watcher_('S', output_);
    }
    const auto written = co_await stream_->write(output_, deadline);
    empty(output_);
    co_return written;
}

base::Task<base::Result<>> LineStream::flush_if_full(base::SteadyTime deadline) {
    if (!full()) {
        co_return base::Result<>();
    }
    save_view();
    co_return co_await flush(deadline);
}

base::Task<base::Result<>> LineStream::start_tls(base::SteadyTime deadline) {
    discard_input();
    CO_TRY_VOID(co_await flush(deadline));
    co_return co_await stream_->start_tls(deadline);
}

base::Task<base::Result<>> LineStream::start_tls_client(TlsClientOptions options,
                                                        base::SteadyTime deadline) {
    discard_input();
    CO_TRY_VOID(co_await flush(deadline));
    co_return co_await stream_->start_tls_client(std::move(options), deadline);
}

void LineStream::tell_line(std::string_view line) {
    const bool concealed = std::exchange(conceal_, false);
    if (!watcher_) {
        return;
    }
    if (concealed) {
        watcher_('C', fmt::format("*** ({} octets)\r\n", dropped_ + line.size()));
    } else if (dropped_ > 0) {
        watcher_('C', fmt::format("({} octets dropped)", dropped_));
        watcher_('C', line);
    } else {
        watcher_('C', line);
    }
}

}  // namespace net
