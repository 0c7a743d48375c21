// COMPRESS (RFC 4978), and its end with UNAUTHENTICATE (RFC 8437 4.1).
#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "imap/grammar/arguments.h"
#include "imap/server/handlers.h"
#include "imap/server/session.h"

namespace imap {

using base::Result;
using base::Task;

//  compress  = "COMPRESS" SP algorithm
//  algorithm = "DEFLATE"
Task<Handled> on_compress(Session& session, const Request& request) {
    const auto algorithm = parse_one_astring(request.arguments);
    if (!algorithm || !base::iequals(*algorithm, "DEFLATE")) {
        co_return usage(request.command);
    }
    if (session.is_compressed()) {
        co_return bad("COMPRESS is active already", "COMPRESSIONACTIVE");
    }
    Reply reply = ok("DEFLATE active");
    reply.then = Reply::Then::kCompress;
    co_return reply;
}

namespace {

// The octets of commands in clear at the front of what came behind COMPRESS. A client waits for OK before
// it sends anything; phones that do not send in clear what they had in hand.
std::size_t octets_in_clear(std::string_view received) {
    std::size_t end = 0;
    while (true) {
        const std::size_t next = received.find("\r\n", end);
        if (next == std::string_view::npos) {
            return end;
        }
        const std::string_view line = received.substr(end, next - end);
        const bool printable =
            std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; });
        if (!printable || !is_command(line)) {
            return end;
        }
        end = next + 2;
    }
}

}  // namespace

// Everything behind OK's end of line is compressed, in both directions.
Task<Result<>> Session::start_compressing() {
    CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    const std::string received = lines_.take_input();
    const std::size_t clear = octets_in_clear(received);
    deflate_ = std::make_unique<net::DeflateStream>(lines_.stream(), received.substr(clear));
    lines_.change_stream(*deflate_, std::string_view(received).substr(0, clear));
    co_return Result<>();
}

// The client has compressed up to UNAUTHENTICATE's end of line, and the server up to its OK's.
Task<Result<>> Session::stop_compressing() {
    CO_TRY_VOID(co_await lines_.flush(write_deadline()));
    CO_TRY(const std::string received, co_await deflate_->end(read_deadline()));
    lines_.change_stream(deflate_->below(), received);
    deflate_.reset();
    co_return Result<>();
}

}  // namespace imap
