// Lines and chunks over a Stream, for the line protocols: input is bounded and waits with a deadline,
// output is gathered and leaves in one write when the session waits for the peer again.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "net/stream.h"

namespace net {

struct Line {
    std::string_view text;  // without its end; valid until the session suspends or reads again
    bool crlf = true;       // false: the line ended in a bare LF
};

class LineStream {
  public:
    // Sees every octet sent or received in clear or inside TLS, for transcripts and --trace-peer:
    // 'C' or 'S', and whole lines or pieces. Secrets are redacted by the session (see conceal).
    using Watcher = std::function<void(char side, std::string_view octets)>;

    static constexpr std::size_t kLineBeginOctets = 256;
    static constexpr std::size_t kLineEndOctets = 32;

    explicit LineStream(Stream& stream) : stream_(&stream) {}

    // The next line of at most `octets_max` octets with its end. A longer one is read to its end and
    // dropped, and kTooLong returned: the session answers and goes on. `deadline` is for the whole line.
    // Where the wait ends early (kTimeout, kUnavailable) what has come of the line is its beginning still,
    // though it was dropped: nothing behind it is taken for a line of its own.
    [[nodiscard]] base::Task<base::Result<Line>> read_line(std::size_t octets_max,
                                                           base::SteadyTime deadline);

    // How the line began that was too long: its first kLineBeginOctets, for an answer that names it.
    [[nodiscard]] std::string_view long_line_begin() const { return long_line_begin_; }

    // And how it ended: its last kLineEndOctets, which may announce what comes behind it.
    [[nodiscard]] std::string_view long_line_end() const;

    // What has come and was not consumed, at least one octet. Call consume() before suspending.
    [[nodiscard]] base::Task<base::Result<std::string_view>> peek(base::SteadyTime deadline);
    void consume(std::size_t octets);

    // Input that came already: the peer pipelines.
    [[nodiscard]] bool has_input() const { return !input().empty(); }

    // Drops it (RFC 3207 4.2: nothing sent in clear may be taken as sent inside TLS).
    void discard_input();

    // Queues output. It leaves at flush(), before a wait for input, and before the next line or chunk
    // is handed out when 64 KiB have gathered; a long reply flushes itself as it grows.
    void put(std::string_view octets) { output_ += octets; }

    [[nodiscard]] bool full() const { return output_.size() >= std::size_t{64} * 1024; }

    [[nodiscard]] base::Task<base::Result<>> flush(base::SteadyTime deadline);
    [[nodiscard]] base::Task<base::Result<>> flush_if_full(base::SteadyTime deadline);

    // Discards input, flushes output, shakes hands, at the server or at the client.
    [[nodiscard]] base::Task<base::Result<>> start_tls(base::SteadyTime deadline);
    [[nodiscard]] base::Task<base::Result<>> start_tls_client(TlsClientOptions options,
                                                              base::SteadyTime deadline);

    // The conversation goes on through another stream, one that wraps this one or lies beneath it
    // (RFC 4978). Input that has come already stays, but for what take_input() took away; `received`
    // follows it.
    void change_stream(Stream& stream, std::string_view received = {});
    // What has come and was not consumed, taken out.
    [[nodiscard]] std::string take_input();

    void watch(Watcher watcher) { watcher_ = std::move(watcher); }

    // The same, of what `redact` makes of the peer's octets. An empty watcher sees nothing.
    void watch(Watcher watcher, std::function<std::string(std::string_view octets)> redact);

    // The next line read is a secret: the watcher sees "*** (N octets)" instead.
    void conceal_next_line() { conceal_ = true; }

    [[nodiscard]] Stream& stream() { return *stream_; }

    [[nodiscard]] const Stream& stream() const { return *stream_; }

  private:
    [[nodiscard]] std::string_view input() const;
    [[nodiscard]] base::Task<base::Result<>> receive(base::SteadyTime deadline);
    [[nodiscard]] std::string_view take(std::size_t octets);
    void save_view();
    void drop_input();
    void drop_piece();
    void keep_ends(std::string_view piece);
    void tell_line(std::string_view line);

    Stream* stream_;
    std::string pending_;    // octets that had to be kept over a suspension,
    std::size_t start_ = 0;  // unconsumed from here
    std::string_view view_;  // unconsumed octets in the thread's buffer; pending_ is empty then
    std::string output_;
    std::string long_line_begin_;
    std::string long_line_end_;
    std::size_t dropped_ = 0;  // octets of a line that is too long and has not ended, gone already
    Watcher watcher_;
    bool conceal_ = false;
};

}  // namespace net
