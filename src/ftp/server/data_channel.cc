#include "ftp/server/data_channel.h"

#include <utility>

#include "base/check.h"

namespace ftp {

using base::Errc;
using base::fail;
using base::Result;
using base::Task;

namespace {

// Between two transfers of one session; whoever takes longer gets another port.
constexpr base::Duration kPortKept = std::chrono::seconds(2);

}  // namespace

DataChannel::DataChannel(net::Stream& control, const ServerOptions& options, Services& services)
    : control_(control),
      options_(options),
      services_(services),
      wakeup_(control.loop()) {}

DataChannel::~DataChannel() {
    give_port_back();
}

Result<std::uint16_t> DataChannel::listen(bool anybody) {
    const std::string client = anybody ? std::string() : control_.peer().address;
    close_stream();
    where_.reset();
    if (!claim_ || claim_->client() != client || !claim_->renew()) {
        reset();
        TRY(claim_, services_.passive.claim(control_.loop(), control_.local().address, client));
    }
    told_at_ = control_.loop().clock().steady();
    look_at(told_at_ + options_.connect_timeout_s);
    return claim_->port();
}

void DataChannel::connect_to(net::Endpoint where) {
    reset();
    where_ = std::move(where);
}

void DataChannel::only_listen(bool on) {
    only_listens_ = on;
    where_.reset();
}

void DataChannel::reset() {
    close_stream();
    give_port_back();
    where_.reset();
    expired_ = false;
}

void DataChannel::protect(bool on) {
    if (protect_ != on) {
        close();
    }
    protect_ = on;
}

void DataChannel::close() {
    if (!stream_) {
        return;
    }
    close_stream();
    where_.reset();
    if (claim_ && !aborted_ && claim_->may_renew()) {
        keep_port();
    } else {
        give_port_back();
    }
}

void DataChannel::close_stream() {
    if (stream_) {
        stream_->close();
        stream_.reset();
    }
}

void DataChannel::keep_port() {
    kept_since_ = control_.loop().clock().steady();
    look_at(kept_since_ + kPortKept);
}

// One timer for as many transfers as come until it runs.
void DataChannel::look_at(base::SteadyTime when) {
    if (timer_ != 0 && timer_at_ <= when) {
        return;
    }
    if (timer_ != 0) {
        control_.loop().cancel(timer_);
    }
    timer_at_ = when;
    timer_ = control_.loop().call_at(when, [this] {
        timer_ = 0;
        give_back_in_time();
    });
}

// A port that is kept for the next transfer, or that was told and nobody uses.
void DataChannel::give_back_in_time() {
    const bool waits = is_passive() && (opening_ || claim_->has_arrived());
    if (!claim_ || stream_ || waits) {
        return;
    }
    const base::SteadyTime end =
        is_passive() ? told_at_ + options_.connect_timeout_s : kept_since_ + kPortKept;
    if (control_.loop().clock().steady() < end) {
        return look_at(end);
    }
    expired_ = is_passive();
    give_port_back();
}

void DataChannel::give_port_back() {
    claim_.reset();
    if (timer_ != 0) {
        control_.loop().cancel(std::exchange(timer_, 0));
    }
}

// The stream stays until whoever waits in it has returned: close() takes it away then.
void DataChannel::abort() {
    aborted_ = true;
    if (stream_) {
        stream_->abort();
    }
    wakeup_.post();
}

namespace {

using Outcome = std::optional<Result<std::unique_ptr<net::Stream>>>;

Task<> store(Task<Result<std::unique_ptr<net::Stream>>> attempt,
             Outcome& outcome,
             net::Wakeup& wakeup) {
    outcome.emplace(co_await attempt);
    wakeup.post();
}

}  // namespace

// The attempt is destroyed where it waits when nobody wants it any more.
Task<Result<std::unique_ptr<net::Stream>>> DataChannel::unless_aborted(
    Task<Result<std::unique_ptr<net::Stream>>> attempt) {
    Outcome outcome;
    const Task<> running = store(std::move(attempt), outcome, wakeup_);
    running.start();
    while (!outcome && !aborted_) {
        static_cast<void>(co_await wakeup_.wait(base::SteadyTime::max()));
    }
    if (!outcome) {
        co_return fail(Errc::kReset, "aborted");
    }
    co_return std::move(*outcome);
}

// RFC 959 5.2: the server's data port is the one below the control connection's, L-1; it wants privileges
// that a careful server has given up, so it is an option.
Task<Result<std::unique_ptr<net::Stream>>> DataChannel::connect() {
    const base::SteadyTime deadline = control_.loop().clock().steady() + options_.connect_timeout_s;
    if (is_passive()) {
        co_return co_await unless_aborted(claim_->accept(deadline));
    }
    if (std::exchange(expired_, false)) {
        co_return fail(Errc::kTimeout, "the client did not connect in time");
    }
    if (only_listens_) {
        co_return fail(Errc::kUnsupported, "after EPSV ALL only EPSV opens them");
    }
    if (!options_.active) {
        co_return fail(Errc::kUnsupported, "active mode is off here: use EPSV or PASV");
    }
    // RFC 959 3.3: without PORT, the client's end of the control connection.
    net::ConnectOptions target{.peer = where_.value_or(control_.peer()),
                               .local = net::Endpoint{.address = control_.local().address,
                                                      .port = options_.active_source_port,
                                                      .path = {}},
                               .deadline = deadline};
    if (target.peer.is_unix()) {
        co_return fail(Errc::kUnsupported, "there is no way to connect to the client");
    }
    co_return co_await unless_aborted(
        services_.network.connect(control_.loop(), std::move(target)));
}

Task<Result<>> DataChannel::start_tls() {
    const base::SteadyTime deadline =
        control_.loop().clock().steady() + options_.handshake_timeout_s;
    // After CCC the control connection has no session that could go on.
    net::Stream::AcceptsBinding accepts;
    if (require_reuse_ && control_.tls() != nullptr) {
        accepts = [this](std::string_view binding) {
            return binding == control_.tls_binding() || (is_neighbour_ && is_neighbour_(binding));
        };
    }
    if (services_.tls) {
        stream_->offer_tls(services_.tls);
    }
    co_return co_await stream_->start_tls_bound(control_, std::move(accepts), deadline);
}

Task<Result<net::Stream*>> DataChannel::open() {
    aborted_ = false;
    if (stream_) {
        co_return stream_.get();
    }
    opening_ = true;
    auto connected = co_await connect();
    opening_ = false;
    where_.reset();
    if (!connected) {
        give_port_back();
        co_return base::forward_error(connected);
    }
    stream_ = std::move(*connected);
    if (protect_) {
        auto secured = co_await start_tls();
        if (!secured) {
            reset();
            co_return base::forward_error(secured);
        }
    }
    if (aborted_) {
        close();
        co_return fail(Errc::kReset, "aborted");
    }
    co_return stream_.get();
}

}  // namespace ftp
