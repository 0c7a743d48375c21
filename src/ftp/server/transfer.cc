#include "ftp/server/transfer.h"

#include <fmt/format.h>

#include <algorithm>

namespace ftp {

using base::Errc;
using base::Result;
using base::Task;

namespace {

using namespace std::chrono_literals;

// Between two looks at rates and progress: a piece should take about so long, within these bounds.
constexpr base::Duration kPieceTime = 250ms;
// While a rate allows nothing: whether the transfer is wanted still.
constexpr base::Duration kBetweenLooks = 200ms;
constexpr std::uint64_t kPieceOctetsMin = std::uint64_t{64} << 10U;
constexpr std::uint64_t kPieceOctetsFirst = std::uint64_t{256} << 10U;
constexpr std::uint64_t kPieceOctetsMax = std::uint64_t{8} << 20U;
// Where a rate holds.
constexpr std::uint64_t kSlowPieceOctetsMin = 1024;

// A file that is made when its octets have come meets only then what stands in the way of its name.
bool is_about_name(Errc code) {
    return code == Errc::kExists || code == Errc::kNotFound || code == Errc::kDenied;
}

}  // namespace

Transfer::Transfer(Job job,
                   DataChannel& channel,
                   Activity::Place& place,
                   base::Loop& loop,
                   const ServerOptions& options,
                   Services& services,
                   std::function<void()> notify)
    : job_(std::move(job)),
      channel_(channel),
      place_(place),
      loop_(loop),
      options_(options),
      services_(services),
      notify_(std::move(notify)),
      piece_octets_(kPieceOctetsFirst),
      began_(loop.clock().steady()),
      piece_began_(began_),
      answered_(loop),
      share_(loop) {}

void Transfer::answer(bool wanted) {
    wanted_ = wanted_.value_or(wanted);
    answered_.post();
}

Task<Reply> Transfer::run() {
    auto stream = co_await channel_.open();
    if (!stream) {
        co_return cannot_open(stream.error());
    }
    // What the user, the address or all have moved before is paid for first: to come again wins nothing.
    co_await wait_until(place_.charge(0, loop_.clock().steady()));
    piece_began_ = loop_.clock().steady();
    const auto moved = co_await move(**stream);
    Reply last = conclude(moved);
    if (!moved) {
        channel_.reset();
    } else if (!keeps_connection()) {
        channel_.close();
    }
    co_return last;
}

Task<Result<>> Transfer::move(net::Stream& stream) {
    if (auto* const send = std::get_if<Job::Send>(&job_.what)) {
        if (job_.representation.is_plain()) {
            co_return co_await send_plain(stream, *send);
        }
        co_return co_await send_encoded(stream, *send);
    }
    if (auto* const receive_job = std::get_if<Job::Receive>(&job_.what)) {
        co_return co_await receive(stream, *receive_job->upload);
    }
    co_return co_await send_lines(stream, *std::get<Job::SendLines>(job_.what).lines);
}

// RFC 959 3.4: block and compressed mode mark the file's end themselves.
bool Transfer::keeps_connection() const {
    return job_.representation.marks_its_end();
}

Reply Transfer::cannot_open(const base::Error& error) const {
    if (channel_.aborted()) {
        return reply(426, "Transfer aborted; no data connection was opened");
    }
    if (error.code == Errc::kDenied) {
        return reply(425,
                     "The data connection must resume the TLS session of the control connection");
    }
    return reply(425, "Cannot open the data connection: " + error.text);
}

Reply Transfer::conclude(const Result<>& moved) {
    if (moved) {
        succeeded_ = true;
        if (const auto* const send = std::get_if<Job::Send>(&job_.what)) {
            send->file->note_fetched(octets_);
        }
        return keeps_connection() ? reply(250, "File transferred; the data connection stays open")
                                  : reply(226, "Transfer complete");
    }
    const base::Error& error = moved.error();
    const bool disk_is_bad = disk_failed_ && error.code == Errc::kIo;
    services_.log.write(disk_is_bad ? base::LogLevel::kError : base::LogLevel::kDebug,
                        "ftp transfer failed",
                        {{"path", job_.path}, {"error", error.text}});
    if (channel_.aborted()) {
        return reply(426, "Transfer aborted");
    }
    switch (error.code) {
        case Errc::kNoSpace:
            return reply(452, "The disk is full; the file is not stored");
        case Errc::kOverQuota:
            return reply(552, error.text);
        case Errc::kSyntax:
        case Errc::kTooLong:
            if (disk_failed_) {
                break;  // a folder of more than can be sorted
            }
            return reply(451, "The data is not in the mode that was chosen: " + error.text);
        case Errc::kTimeout:
            return reply(426, "Nothing moved for too long; the data connection is closed");
        case Errc::kEof:
            return reply(426, "The data connection ended before the file did");
        default:
            break;
    }
    if (disk_failed_ && is_about_name(error.code) &&
        std::holds_alternative<Job::Receive>(job_.what)) {
        return reply(553, error.text);
    }
    return disk_failed_ ? reply(451, "The file could not be processed: " + error.text)
                        : reply(426, "The data connection broke");
}

base::SteadyTime Transfer::stall_deadline() const {
    return loop_.clock().steady() + options_.stall_timeout_s;
}

// Counts `octets`, and waits until a rate allows more.
Task<> Transfer::pace(std::uint64_t octets) {
    octets_ += octets;
    const base::SteadyTime now = loop_.clock().steady();
    const base::Duration took = now - std::exchange(piece_began_, now);
    if (took < kPieceTime / 2) {
        piece_octets_ = std::min(piece_octets_ * 2, kPieceOctetsMax);
    } else if (took > kPieceTime * 2) {
        piece_octets_ = std::max(piece_octets_ / 2, kPieceOctetsMin);
    }
    co_await wait_until(place_.charge(octets, now));
}

// Who wants the transfer to end does not wait for its pace.
Task<> Transfer::wait_until(base::SteadyTime when) {
    while (loop_.clock().steady() < when && !channel_.aborted()) {
        co_await base::sleep_until(loop_, std::min(when, loop_.clock().steady() + kBetweenLooks));
    }
}

std::uint64_t Transfer::piece_octets() const {
    const std::uint64_t rate = place_.slowest_rate();
    return rate == 0 ? piece_octets_ : std::clamp(rate / 4, kSlowPieceOctetsMin, kPieceOctetsMax);
}

}  // namespace ftp
