// ftp::Client's data connections: opened by either side (RFC 959 3.2, RFC 2428), protected as the control
// connection is (RFC 4217 9), and ended so that nothing is lost.
#include <fmt/format.h>

#include "ftp/client/data_channel.h"
#include "ftp/grammar/data_port.h"
#include "net/tls_client_context.h"

namespace ftp {

using base::Errc;
using base::fail;

namespace {

// How long the server may take to end a connection that we have ended already.
constexpr base::Duration kFarewell = std::chrono::seconds(5);

// The other end's doing.
bool is_broken(Errc code) {
    return code == Errc::kReset || code == Errc::kEof;
}

}  // namespace

Client::Async<void> Client::open_channel(DataChannel& channel) {
    channel_ = &channel;
    if (options_.passive) {
        co_return co_await open_passive(channel);
    }
    co_return co_await open_active(channel);
}

Client::Async<void> Client::open_passive(DataChannel& channel) {
    CO_TRY(net::Endpoint where, co_await ask_passive());
    CO_TRY(channel.stream,
           co_await network_.connect(loop_, {.peer = std::move(where), .deadline = deadline()}));
    co_return base::Result<>();
}

// The address in 227 is not used: behind a translator it is wrong, and from a hostile server it is a third
// party's (the steal of RFC 2577 and CVE-2020-8284). The control connection's is right in both cases.
Client::Async<net::Endpoint> Client::ask_passive() {
    const bool ipv4 = is_ipv4(server_.address);
    if (options_.extended || !ipv4) {
        CO_TRY(const ServerReply reply, co_await command("EPSV"));
        if (reply.code == 229) {
            CO_TRY(const DataPort port, parse_229(reply.lines.back()));
            co_return net::Endpoint{.address = server_.address, .port = port.port, .path = ""};
        }
        if (!ipv4 || reply.code / 100 != 5) {
            co_return tl::unexpected(error_of(reply));
        }
        options_.extended = false;  // it does not know EPSV, and will not learn it
    }
    CO_TRY(const ServerReply reply, co_await perform("PASV"));
    CO_TRY(const DataPort port, parse_227(reply.lines.back()));
    co_return net::Endpoint{.address = server_.address, .port = port.port, .path = ""};
}

Client::Async<void> Client::open_active(DataChannel& channel) {
    net::Endpoint local = stream_->local();
    local.port = 0;
    CO_TRY(channel.acceptor, network_.accept_on(loop_, local));
    const DataPort here{.address = local.address, .port = channel.acceptor->local().port};
    const bool ipv4 = is_ipv4(here.address);
    if (options_.extended || !ipv4) {
        CO_TRY(const ServerReply reply, co_await command("EPRT " + format_eprt(here)));
        if (reply.is_done()) {
            co_return base::Result<>();
        }
        if (!ipv4) {
            co_return tl::unexpected(error_of(reply));
        }
        options_.extended = false;
    }
    CO_TRY_VOID(co_await perform("PORT " + format_port(here)));
    co_return base::Result<>();
}

// Where a part is wanted, RANG names its last octet as well (draft-bryan-ftp-range): nothing has to be cut off then. ProFTPD
// sends on all the same where data is protected.
Client::Async<void> Client::place(DataChannel& channel, Portion portion) {
    if (portion.octets_max.value_or(0) > 0 && options_.use_ranges && has("RANG")) {
        const std::uint64_t last = portion.restart + *portion.octets_max - 1;
        CO_TRY(const ServerReply reply,
               co_await command(fmt::format("RANG {} {}", portion.restart, last)));
        channel.ranged = reply.is_intermediate();
    }
    if (portion.restart > 0 && !channel.ranged) {
        CO_TRY(const ServerReply reply, co_await command(fmt::format("REST {}", portion.restart)));
        if (!reply.is_intermediate()) {
            co_return tl::unexpected(error_of(reply));
        }
    }
    co_return base::Result<>();
}

// The command, its first reply and then the connection, whoever opens it. The handshake comes after the
// reply: a server that refuses the file does not shake hands.
Client::Async<void> Client::begin(DataChannel& channel, std::string command_line) {
    CO_TRY(const ServerReply reply, co_await command(std::move(command_line)));
    if (!reply.is_preliminary()) {
        co_return tl::unexpected(error_of(reply));
    }
    if (channel.acceptor) {
        CO_TRY(channel.stream, co_await channel.acceptor->accept(deadline()));
        channel.acceptor->close();
        // RFC 2577 4: only the server itself may bring the file.
        if (channel.stream->peer().address != server_.address) {
            co_return fail(Errc::kDenied,
                           fmt::format("{} came for the data, not the server",
                                       channel.stream->peer().to_string()));
        }
    }
    if (!data_protected_) {
        co_return base::Result<>();
    }
    co_return co_await secure_channel(*channel.stream);
}

// A session that goes on is that of somebody who was judged already.
Client::Async<void> Client::secure_channel(net::Stream& stream) {
    CO_TRY_VOID(co_await stream.start_tls_client({.context = options_.tls_context,
                                                  .server_name = options_.host,
                                                  .verify = options_.verify && !options_.knows,
                                                  .resume = stream_->tls_ticket(),
                                                  .alpn = {}},
                                                 deadline()));
    co_return stream.tls()->resumed ? base::Result<>() : judge(*stream.tls());
}

// Ends the data connection and hears what the server says of the transfer. A failure of this side's comes first, then
// the server's, then the connection's.
Client::Async<void> Client::finish(DataChannel& channel, base::Result<> outcome) {
    channel_ = nullptr;
    channel.whole = outcome.has_value() && !aborting_;
    if (channel.stream && channel.whole && !channel.enough) {
        static_cast<void>(co_await channel.stream->shut_down_write(deadline()));
        // To close with octets unread would reset the connection, and could cost the last ones sent. In modes B and C the
        // server may keep it open (RFC 959 3.2).
        const base::SteadyTime end = loop_.clock().steady() + kFarewell;
        if (!representation_.marks_its_end()) {
            outcome = co_await expect_end(channel, end);
        }
    }
    const bool given_up = channel.upload && !outcome && !is_broken(outcome.error().code);
    if (given_up && !aborting_) {
        begin_abort();
    }
    channel.close();
    if (aborting_) {
        static_cast<void>(co_await finish_abort());
        co_return fail(Errc::kReset, "the transfer was aborted");
    }
    if (abor_) {
        static_cast<void>(co_await finish_abort());
        co_return outcome;
    }
    co_return co_await conclude_transfer(channel, std::move(outcome));
}

// Mode Z's stream may end before the connection: the file is not what the server means when more comes.
Client::Async<void> Client::expect_end(DataChannel& channel, base::SteadyTime end) {
    bool more = false;
    while (co_await channel.stream->receive(end)) {
        more = !channel.upload;
    }
    if (more) {
        co_return fail(Errc::kSyntax, "octets behind the end of the file");
    }
    co_return base::Result<>();
}

// After 1yz one more reply comes; without it the refusal was the reply.
Client::Async<void> Client::conclude_transfer(const DataChannel& channel, base::Result<> outcome) {
    if (lost_) {
        if (outcome) {
            outcome = fail(Errc::kEof, "the server hung up");
        }
        co_return outcome;
    }
    if (last_reply_.is_preliminary() && channel.enough) {
        static_cast<void>(co_await finish_cut());
    } else if (last_reply_.is_preliminary()) {
        auto reply = co_await settle(last_reply_);  // 110 is a restart marker
        // A data connection that broke has a reason, and the server knows it: "552 over quota".
        if (outcome || is_broken(outcome.error().code)) {
            CO_TRY_VOID(reply);
            if (!reply->is_done()) {
                co_return tl::unexpected(error_of(*reply));
            }
        }
    }
    co_return outcome;
}

void Client::abort() {
    if (channel_ == nullptr) {
        return;
    }
    aborting_ = true;
    if (channel_->upload) {
        begin_abort();
    }
    channel_->close();
}

// ABOR goes out before the data connection ends, so that the server cannot take that for the end of the file. Where
// nothing runs yet, a reply is awaited, and finish_abort() says it behind that.
void Client::begin_abort() {
    if (!abor_ && is_connected() && last_reply_.is_preliminary()) {
        abor_.emplace(send("ABOR"));
        abor_->start();
    }
}

void Client::hang_up() {
    if (channel_ != nullptr) {
        channel_->close();
    }
    if (stream_) {
        lost_ = true;
        stream_->close();
    }
}

// RFC 959 4.1.3 ABOR: one reply for the transfer, one for ABOR. Some servers send only one: what has not come
// after a while will not come, and NOOP's reply is then the end of both.
Client::Async<void> Client::finish_abort() {
    aborting_ = false;
    const bool was_running = last_reply_.is_preliminary();
    if (!abor_) {
        CO_TRY_VOID(co_await send("ABOR"));
    } else if (!abor_->done()) {  // the server reads nothing
        hang_up();
        co_return fail(Errc::kTimeout, "the server does not take ABOR");
    } else {
        const auto sent = abor_->result();
        abor_.reset();
        CO_TRY_VOID(sent);
    }
    CO_TRY_VOID(co_await read_reply(loop_.clock().steady() + kFarewell));
    if (!was_running) {
        co_return base::Result<>();
    }
    co_return co_await catch_up(loop_.clock().steady() + kFarewell);
}

Client::Async<void> Client::cancel() {
    auto in_step = co_await finish_abort();
    if (!in_step) {
        hang_up();
    }
    co_return in_step;
}

// What the server says of a transfer that we cut. pure-ftpd's only reply is at times a second 150, and over TLS none:
// who says nothing is left.
Client::Async<void> Client::finish_cut() {
    CO_TRY(const ServerReply reply, co_await read_reply(loop_.clock().steady() + kFarewell));
    if (reply.is_preliminary()) {
        CO_TRY_VOID(co_await catch_up(loop_.clock().steady() + kFarewell));
    }
    co_return base::Result<>();
}

// Whatever is said before NOOP's reply belongs to what came before. 200 is NOOP's alone: ABOR has 225 and 226, a
// transfer 226, 250, 426 and 451.
Client::Async<void> Client::catch_up(base::SteadyTime end) {
    CO_TRY_VOID(co_await send("NOOP"));
    ServerReply reply;
    while (reply.code != 200) {
        CO_TRY(reply, co_await read_reply(end));
    }
    co_return base::Result<>();
}

}  // namespace ftp
