// RETR and listings: from disk to wire.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ftp/server/transfer.h"

namespace ftp {

using base::Errc;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kReadOctets = std::size_t{128} * 1024;
constexpr std::size_t kFlushOctets = std::size_t{64} * 1024;
// What is encoded between two looks at the clock: DEFLATE's worst, at level 9, takes milliseconds for so little.
constexpr std::size_t kDeflateOctets = std::size_t{2} * 1024;
constexpr std::size_t kEncodeOctets = std::size_t{64} * 1024;

}  // namespace

// Another program cut the file while it was sent: a client that does not know its size must not take it for whole.
Result<> Transfer::became_shorter() {
    disk_failed_ = true;
    return base::fail(Errc::kUnavailable, "It has become shorter.");
}

// A right that was taken away ends what it began.
Result<> Transfer::expect_right(const Job::Send& send) {
    if (send.file->may_be_read()) {
        return {};
    }
    disk_failed_ = true;
    return base::fail(Errc::kDenied, "Permission denied.");
}

// Octets as they are: the kernel moves them where it can.
Task<Result<>> Transfer::send_plain(net::Stream& stream, Job::Send& send) {
    while (send.first < send.last) {
        CO_TRY_VOID(expect_right(send));
        const std::uint64_t count = std::min(send.last - send.first, piece_octets());
        auto sent =
            co_await stream.send_file(send.file->fd(), send.first, count, options_.stall_timeout_s);
        if (!sent && sent.error().code == Errc::kUnsupported) {
            co_return co_await send_encoded(stream, send);
        }
        disk_failed_ = !sent && sent.error().code == Errc::kIo;
        CO_TRY(const std::uint64_t octets, std::move(sent));
        if (octets == 0) {
            co_return became_shorter();
        }
        send.first += octets;
        co_await pace(octets);
    }
    co_return Result<>();
}

Task<Result<>> Transfer::send_encoded(net::Stream& stream, Job::Send& send) {
    ContentEncoder encoder(job_.representation, job_.deflate_level);
    std::vector<char> room(static_cast<std::size_t>(
        std::min<std::uint64_t>({kReadOctets, piece_octets(), options_.marker_octets})));
    std::string wire;
    std::uint64_t next_marker = send.first + options_.marker_octets;
    while (send.first < send.last) {
        CO_TRY_VOID(expect_right(send));
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(
            {room.size(), send.last - send.first, next_marker - send.first}));
        auto read = co_await send.file->read(loop_, send.first, std::span(room).first(want));
        disk_failed_ = !read;
        CO_TRY(const std::size_t octets, std::move(read));
        if (octets == 0) {
            co_return became_shorter();
        }
        co_await encode(encoder, {room.data(), octets}, wire);
        send.first += octets;
        if (send.first == next_marker && send.first < send.last) {
            encoder.marker(std::to_string(send.first), wire);
            next_marker += options_.marker_octets;
        }
        CO_TRY_VOID(co_await flush(stream, wire, send.skipped));
        co_await pace(octets);
    }
    encoder.finish(wire);
    co_return co_await flush(stream, wire, send.skipped);
}

Task<Result<>> Transfer::send_lines(net::Stream& stream, LineSource& lines) {
    ContentEncoder encoder(job_.representation, job_.deflate_level);
    std::string text;
    std::string wire;
    std::uint64_t skip = 0;
    bool more = true;
    while (more) {
        auto made = co_await lines.next(loop_, text);
        disk_failed_ = !made;
        CO_TRY(more, std::move(made));
        co_await encode(encoder, text, wire);
        const std::uint64_t octets = text.size();
        text.clear();
        if (wire.size() >= kFlushOctets) {
            CO_TRY_VOID(co_await flush(stream, wire, skip));
        }
        co_await pace(octets);
    }
    encoder.finish(wire);
    co_return co_await flush(stream, wire, skip);
}

// Whoever waits for nothing, neither disk nor network, lets others run meanwhile.
Task<> Transfer::encode(ContentEncoder& encoder, std::string_view octets, std::string& wire) {
    const std::size_t piece =
        job_.representation.mode == Mode::kDeflate ? kDeflateOctets : kEncodeOctets;
    while (!octets.empty()) {
        encoder.feed(octets.substr(0, piece), wire);
        octets.remove_prefix(std::min(piece, octets.size()));
        if (share_.is_used_up()) {
            co_await share_.give_way();
        }
    }
}

// Writes `wire` but for its first `skip` octets, and empties it.
Task<Result<>> Transfer::flush(net::Stream& stream, std::string& wire, std::uint64_t& skip) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip, wire.size()));
    skip -= skipped;
    const std::string_view rest = std::string_view(wire).substr(skipped);
    if (!rest.empty()) {
        CO_TRY_VOID(co_await stream.write(rest, stall_deadline()));
    }
    wire.clear();
    co_return Result<>();
}

}  // namespace ftp
