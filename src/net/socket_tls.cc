// SocketStream's TLS: its handshakes, tickets and bindings, and the way back to clear text.
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "net/socket_stream.h"
#include "net/tls_client_context.h"
#include "net/tls_context.h"
#include "net/tls_session.h"

namespace net {

using base::Errc;
using base::fail;
using Kind = Attempt::Kind;

base::Task<base::Result<>> SocketStream::start_tls(base::SteadyTime deadline) {
    if (!can_start_tls()) {
        co_return fail(Errc::kUnsupported, tls_ ? "TLS already" : "no certificate");
    }
    if (!closed_ && !broken_) {
        tls_ = connection_.tls->open(connection_.fd.get());
        broken_ = tls_ == nullptr;
    }
    co_return co_await shake_hands(deadline);
}

void SocketStream::offer_tls(const std::shared_ptr<TlsContext>& context) {
    connection_.tls = context;
}

base::Task<base::Result<>> SocketStream::start_tls_client(TlsClientOptions options,
                                                          base::SteadyTime deadline) {
    if (tls_ || options.context == nullptr) {
        co_return fail(Errc::kUnsupported, tls_ ? "TLS already" : "no trust store");
    }
    if (options.verify && options.server_name.empty()) {
        co_return fail(Errc::kInvalid, "no name that the certificate could prove");
    }
    if (!closed_ && !broken_) {
        tls_ = options.context->open(connection_.fd.get(), options);
        broken_ = tls_ == nullptr;
    }
    co_return co_await shake_hands(deadline);
}

std::shared_ptr<TlsTicket> SocketStream::tls_ticket() const {
    return tls_ ? tls_->ticket() : nullptr;
}

base::Task<base::Result<>> SocketStream::shake_hands(base::SteadyTime deadline) {
    while (!closed_ && !broken_) {
        if (stopping_) {
            co_return break_with(Errc::kUnavailable, "TLS handshake: the server is stopping");
        }
        const Attempt attempt = tls_->shake_hands();
        if (attempt.kind == Kind::kDone) {
            co_return base::Result<>();
        }
        if (!attempt.must_wait()) {
            const Errc code = attempt.kind == Kind::kEof ? Errc::kEof
                              : tls_->distrusted()       ? Errc::kDenied
                                                         : Errc::kReset;
            co_return break_with(code, "TLS handshake: " + attempt.text);
        }
        note_waiting(attempt.kind);
        if (co_await wait_for(attempt.kind, deadline) == Wakeup::Outcome::kTimeout) {
            co_return break_with(Errc::kTimeout, "TLS handshake: not finished in time");
        }
    }
    co_return fail(Errc::kReset, "closed here");
}

base::Task<base::Result<>> SocketStream::start_tls_bound(Stream& control,
                                                         AcceptsBinding accepts,
                                                         base::SteadyTime deadline) {
    const auto* const owner = dynamic_cast<SocketStream*>(&control);
    if (!can_start_tls()) {
        co_return fail(Errc::kUnsupported, tls_ ? "TLS already" : "no certificate");
    }
    if (!closed_ && !broken_) {
        tls_ = connection_.tls->open(connection_.fd.get());
        broken_ = tls_ == nullptr;
    }
    if (tls_ && owner != nullptr && owner->tls_) {
        tls_->adopt(*owner->tls_);
        tls_->prefer_throughput();
    }
    CO_TRY_VOID(co_await shake_hands(deadline));
    const std::string binding = accepts ? tls_->resumed_binding() : std::string();
    if (accepts && (binding.empty() || !accepts(binding))) {
        co_return break_with(Errc::kDenied, "TLS: not a session of the control connection");
    }
    co_return base::Result<>();
}

std::string SocketStream::tls_binding() const {
    return tls_ ? tls_->binding() : std::string();
}

void SocketStream::send_tls_ticket() {
    if (tls_) {
        tls_->send_ticket();
    }
}

base::Task<base::Result<>> SocketStream::stop_tls(base::SteadyTime deadline) {
    if (!tls_) {
        co_return fail(Errc::kUnsupported, "no TLS to be stopped");
    }
    bool told = false;
    bool clear = false;
    while (!closed_ && !broken_) {
        const Attempt attempt = !told   ? tls_->begin_finish()
                                : clear ? Attempt{.kind = Kind::kDone}
                                        : tls_->finish();
        if (!told && attempt.kind == Kind::kDone) {
            told = true;
            CO_TRY(clear, co_await goes_on_in_clear(deadline));
            continue;
        }
        if (attempt.kind == Kind::kDone || attempt.kind == Kind::kEof) {
            tls_.reset();
            readable_ = true;  // perhaps: the next attempt finds out
            co_return base::Result<>();
        }
        if (!attempt.must_wait()) {
            co_return break_with(Errc::kReset, "TLS: " + attempt.text);
        }
        note_waiting(attempt.kind);
        if (co_await wait_for(attempt.kind, deadline) == Wakeup::Outcome::kTimeout) {
            co_return break_with(Errc::kTimeout, "TLS: no close_notify in time");
        }
    }
    co_return fail(Errc::kReset, "closed here");
}

// RFC 8446 5.1 and RFC 5246 6.2.1: content types 20 to 23, which begin no command. Looked at once, before OpenSSL begins
// to read: in the middle of a record any octet may come.
base::Task<base::Result<bool>> SocketStream::goes_on_in_clear(base::SteadyTime deadline) {
    constexpr unsigned char kFirstType = 20;
    constexpr unsigned char kLastType = 23;
    while (!closed_ && !broken_ && !tls_->has_pending()) {
        unsigned char octet = 0;
        const ssize_t got = ::recv(connection_.fd.get(), &octet, 1, MSG_PEEK);
        if (got > 0) {
            co_return octet<kFirstType || octet> kLastType;
        }
        if (got == 0 || !would_block(errno)) {
            co_return false;
        }
        note_waiting(Kind::kWantRead);
        if (co_await wait_for(Kind::kWantRead, deadline) == Wakeup::Outcome::kTimeout) {
            co_return break_with(Errc::kTimeout, "TLS: no close_notify in time");
        }
    }
    co_return false;
}

bool SocketStream::can_start_tls() const {
    return connection_.tls != nullptr && tls_ == nullptr;
}

const TlsInfo* SocketStream::tls() const {
    return tls_ ? tls_->info() : nullptr;
}

}  // namespace net
