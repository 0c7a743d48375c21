// STOR, STOU and APPE: from wire to disk.
#include <algorithm>
#include <span>
#include <string>

#include "ftp/server/transfer.h"

namespace ftp {

using base::Errc;
using base::fail;
using base::Result;
using base::Task;

namespace {

// What is decoded gathers to this much before it is written.
constexpr std::size_t kStoreOctets = std::size_t{256} * 1024;
// Deflated and compressed octets may grow a thousand times: a little of them at once.
constexpr std::size_t kDecodeOctets = 1024;
// So that few markers come out of one piece.
constexpr std::size_t kFeedOctets = 16384;
// Replies that wait for a session to say them.
constexpr std::size_t kNoticesMax = 1000;
// Whoever does not bring a buffer's octets in this time leaves its memory to others.
constexpr base::Duration kBufferPatience = std::chrono::seconds(1);

}  // namespace

Task<Result<>> Transfer::receive(net::Stream& stream, files::Upload& upload) {
    Result<> received;
    if (job_.representation.is_plain()) {
        received = co_await receive_plain(stream, upload);
    } else {
        received = co_await receive_encoded(stream, upload);
    }
    if (!received) {
        // What has come may be kept, for the client to go on with.
        static_cast<void>(co_await upload.drain(loop_));
        co_return received;
    }
    co_return co_await commit(upload);
}

// In clear the end of the data connection proves nothing: the kernel ends a killed client's connections in good order,
// this one perhaps first. So the control connection is looked at as late as can be. Its end without QUIT, or ABOR, means
// a file that was not finished.
Task<Result<>> Transfer::commit(files::Upload& upload) {
    const auto wanted = [traffic = channel_.control_traffic()] {
        return traffic() == net::Stream::Traffic::kNone;
    };
    auto committed = co_await upload.commit_if(loop_, wanted, wanted);
    if (committed && !*committed) {
        asks_ = true;
        notify_();
        while (!wanted_) {
            static_cast<void>(co_await answered_.wait(base::SteadyTime::max()));
        }
        if (!*wanted_ || channel_.aborted()) {
            co_return fail(Errc::kReset,
                           "the client left, or aborted, before the file had its name");
        }
        committed = co_await upload.commit_if(loop_, {}, [this] { return !channel_.aborted(); });
        if (committed && !*committed) {
            co_return fail(Errc::kReset, "aborted");
        }
    }
    disk_failed_ = !committed;
    CO_TRY_VOID(std::move(committed));
    co_return Result<>();
}

// Octets as they are: into the buffers of a large upload, else the kernel moves them where it can. The quota is asked
// for before each piece.
Task<Result<>> Transfer::receive_plain(net::Stream& stream, files::Upload& upload) {
    while (true) {
        if (upload.until_room() == 0) {
            const auto filling = co_await fill_room(stream, upload);
            if (!filling && filling.error().code == Errc::kUnsupported) {
                co_return co_await receive_encoded(stream, upload);
            }
            CO_TRY(const Filled filled, filling);
            if (filled == Filled::kAtEnd) {
                co_return Result<>();
            }
            if (filled == Filled::kWhole) {
                continue;
            }
        }
        const std::uint64_t count = std::min(piece_octets(), upload.until_room());
        auto reserved = upload.reserve(count);
        if (!reserved) {
            // So near to the limit only what really comes can tell.
            co_return co_await receive_encoded(stream, upload);
        }
        auto received = co_await stream.receive_file(
            upload.fd(), upload.offset(), count, options_.stall_timeout_s);
        if (!received && received.error().code == Errc::kUnsupported) {
            co_return co_await receive_encoded(stream, upload);
        }
        disk_failed_ = !received && (received.error().code == Errc::kIo ||
                                     received.error().code == Errc::kNoSpace);
        CO_TRY(const std::uint64_t octets, std::move(received));
        if (octets == 0) {
            co_return Result<>();
        }
        upload.advance(octets);
        co_await pace(octets);
    }
}

// One buffer's worth, or what comes of it before the end. Gives the memory back where that is not soon, or not within the
// quota: then nothing stands in the way of the other ways.
Task<Result<Transfer::Filled>> Transfer::fill_room(net::Stream& stream, files::Upload& upload) {
    const base::SteadyTime patience = loop_.clock().steady() + kBufferPatience;
    std::size_t left = 0;
    do {
        auto prepared = co_await upload.room(loop_);
        disk_failed_ = !prepared;
        CO_TRY(std::span<char> room, std::move(prepared));
        if (room.empty()) {
            co_return Filled::kNot;
        }
        left = room.size();
        room = room.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_octets())));
        if (!upload.reserve(room.size()) || loop_.clock().steady() >= patience) {
            break;
        }
        const base::SteadyTime stall = stall_deadline();
        auto received = co_await stream.receive_into(room, std::min(stall, patience));
        if (!received && received.error().code == Errc::kTimeout &&
            loop_.clock().steady() < stall) {
            break;
        }
        CO_TRY(const std::size_t octets, std::move(received));
        if (octets == 0) {
            co_return Filled::kAtEnd;
        }
        upload.fill(loop_, octets);
        left -= octets;
        co_await pace(octets);
    } while (left > 0);
    if (left == 0) {
        co_return Filled::kWhole;
    }
    auto drained = co_await upload.drain(loop_);
    disk_failed_ = !drained;
    CO_TRY_VOID(std::move(drained));
    co_return Filled::kNot;
}

Task<Result<>> Transfer::receive_encoded(net::Stream& stream, files::Upload& upload) {
    ContentDecoder decoder(job_.representation);
    const std::uint64_t first = upload.offset();
    std::string decoded;
    while (!decoder.ended()) {
        auto received = co_await stream.receive(stall_deadline());
        if (!received && received.error().code == Errc::kEof) {
            break;
        }
        if (!received) {
            // What has come may be kept, for the client to go on with.
            CO_TRY_VOID(co_await store(decoded, upload));
            co_return base::forward_error(received);
        }
        // The view lasts until something suspends, and storing does.
        std::string wire(*received);
        while (!wire.empty()) {
            if (channel_.aborted()) {
                co_return fail(Errc::kReset, "aborted");
            }
            CO_TRY(const std::size_t taken, decode(decoder, wire, decoded, first));
            wire.erase(0, taken);
            CO_TRY_VOID(co_await store_when_much(decoded, upload));
            CO_TRY_VOID(co_await wait_for_reader());
        }
    }
    const auto whole = decoder.finish(decoded);
    CO_TRY_VOID(co_await store(decoded, upload));
    co_return whole;
}

Task<Result<>> Transfer::store_when_much(std::string& decoded, files::Upload& upload) {
    if (decoded.size() < std::min<std::uint64_t>(kStoreOctets, piece_octets()) &&
        notices_.empty()) {
        co_return Result<>();
    }
    co_return co_await store(decoded, upload);
}

std::vector<Reply> Transfer::take_notices() {
    if (!notices_.empty()) {
        answered_.post();
    }
    return std::exchange(notices_, {});
}

Task<Result<>> Transfer::wait_for_reader() {
    const base::SteadyTime deadline = stall_deadline();
    while (notices_.size() >= kNoticesMax && !channel_.aborted()) {
        if (co_await answered_.wait(deadline) == net::Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "nobody reads the replies to markers");
        }
    }
    co_return Result<>();
}

// A piece of `wire`; how many octets were taken. RFC 959 3.5: "yyyy" is the user's marker, "mmmm" ours, the
// octet in the file that a restart would begin with.
Result<std::size_t> Transfer::decode(ContentDecoder& decoder,
                                     std::string_view wire,
                                     std::string& decoded,
                                     std::uint64_t first) {
    if (decoder.ended()) {
        return fail(Errc::kSyntax, "octets behind the end of the file");
    }
    const bool grows =
        job_.representation.mode == Mode::kCompressed || job_.representation.mode == Mode::kDeflate;
    TRY(const std::size_t taken,
        decoder.feed(wire.substr(0, grows ? kDecodeOctets : kFeedOctets), decoded));
    for (const Marker& marker : decoder.take_markers()) {
        notices_.push_back(
            reply(110, "MARK " + marker.text + " = " + std::to_string(first + marker.octets)));
    }
    return taken;
}

// Only what is written may be promised: notices leave behind it.
Task<Result<>> Transfer::store(std::string& decoded, files::Upload& upload) {
    auto written = co_await upload.write(loop_, decoded);
    disk_failed_ = !written;
    CO_TRY_VOID(std::move(written));
    co_await pace(decoded.size());
    decoded.clear();
    if (!notices_.empty()) {
        notify_();
    }
    co_return Result<>();
}

}  // namespace ftp
