// STOR, STOU and APPE: from wire to disk.
#include <algorithm>
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

}  // namespace

Task<Result<>> Transfer::receive(net::Stream& stream, files::Upload& upload) {
    if (job_.representation.is_plain()) {
        CO_TRY_VOID(co_await receive_plain(stream, upload));
    } else {
        CO_TRY_VOID(co_await receive_encoded(stream, upload));
    }
    auto committed = co_await upload.commit(loop_);
    disk_failed_ = !committed;
    co_return committed;
}

// Octets as they are: the kernel moves them where it can. The quota is asked for before each piece.
Task<Result<>> Transfer::receive_plain(net::Stream& stream, files::Upload& upload) {
    while (true) {
        const std::uint64_t count = piece_octets();
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
            CO_TRY(const std::size_t taken, decode(decoder, wire, decoded, first));
            wire.erase(0, taken);
            CO_TRY_VOID(co_await store_when_much(decoded, upload));
        }
    }
    CO_TRY_VOID(decoder.finish(decoded));
    co_return co_await store(decoded, upload);
}

Task<Result<>> Transfer::store_when_much(std::string& decoded, files::Upload& upload) {
    if (decoded.size() < kStoreOctets && notices_.empty()) {
        co_return Result<>();
    }
    co_return co_await store(decoded, upload);
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
        decoder.feed(wire.substr(0, grows ? kDecodeOctets : wire.size()), decoded));
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
