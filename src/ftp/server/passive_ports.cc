#include "ftp/server/passive_ports.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace ftp {

using base::Errc;
using base::fail;
using base::Result;
using base::Task;

namespace {

// RFC 6335 6: the dynamic ports.
constexpr PortRange kDynamicPorts{.first = 49152, .last = 65535};

// Whoever learnt a session's port, by trying them all, may know it for so long.
constexpr unsigned kToldMax = 64;

PortRange of(PortRange range) {
    return range.first == 0 ? kDynamicPorts : range;
}

}  // namespace

std::size_t PortRange::count() const {
    const PortRange range = of(*this);
    return static_cast<std::size_t>(range.last - range.first) + 1;
}

// Without a range the kernel could choose, but it takes no port on which an ended connection still waits out its
// TIME_WAIT, as those of a minute's transfers do, and looks at them one by one: at thousands of small files a
// minute that took more time than the files. A port that is named may be listened on beside them.
PassivePorts::PassivePorts(net::Network& network,
                           base::Random& random,
                           PortRange range,
                           std::size_t loops)
    : network_(network),
      random_(random),
      range_(of(range)),
      loops_(std::min(loops, range.count())) {}

PassivePorts::~PassivePorts() = default;

PassivePorts::Claim::Claim(PassivePorts& ports, std::shared_ptr<Port> port, std::string client)
    : ports_(ports),
      port_(std::move(port)),
      client_(std::move(client)),
      arrived_(port_->loop) {}

PassivePorts::Claim::~Claim() {
    ports_.give_back(*this);
}

std::uint16_t PassivePorts::Claim::port() const {
    return port_->acceptor->local().port;
}

Task<Result<std::unique_ptr<net::Stream>>> PassivePorts::Claim::accept(base::SteadyTime deadline) {
    while (!stream_ && !closed_) {
        if (!port_->accepting) {
            co_return fail(Errc::kUnavailable, "the port does not listen any more");
        }
        if (co_await arrived_.wait(deadline) == net::Wakeup::Outcome::kTimeout) {
            co_return fail(Errc::kTimeout, "the client did not connect in time");
        }
    }
    if (closed_) {
        co_return fail(Errc::kReset, "closed here");
    }
    expecting_ = false;
    co_return std::move(stream_);
}

bool PassivePorts::Claim::may_renew() const {
    return !expecting_ && !closed_ && port_->accepting && !port_->probed && told_ < kToldMax &&
           ports_.has_room();
}

bool PassivePorts::Claim::renew() {
    if (!may_renew()) {
        return false;
    }
    ++told_;
    expecting_ = true;
    return true;
}

void PassivePorts::Claim::close() {
    closed_ = true;
    arrived_.post();
}

// Random ports make it harder to guess where the next client connects (RFC 2577 7).
Result<std::unique_ptr<PassivePorts::Claim>> PassivePorts::claim(base::Loop& loop,
                                                                 const std::string& local,
                                                                 const std::string& client) {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t begin = random_.below(range_.count());
    for (std::uint64_t step = 0; step < range_.count(); ++step) {
        const std::uint64_t place = (begin + step) % range_.count();
        if (!may_take(loop, place)) {
            continue;
        }
        const auto number = static_cast<std::uint16_t>(range_.first + place);
        const auto found = ports_.find({local, number});
        if (found == ports_.end()) {
            auto claim = claim_at(loop, {.address = local, .port = number, .path = {}}, client);
            if (claim || claim.error().code != Errc::kInUse) {
                return claim;
            }
        } else if (&found->second->loop == &loop && found->second->accepting &&
                   !found->second->claims.contains(client) && !found->second->claims.contains("")) {
            return make_claim(found->second, client);
        }
    }
    return fail(Errc::kUnavailable,
                fmt::format("every port from {} to {} is taken", range_.first, range_.last));
}

// Loops get their own ports as they come.
bool PassivePorts::may_take(const base::Loop& loop, std::size_t place) {
    return place >= loops_ || places_.try_emplace(&loop, places_.size()).first->second == place;
}

// Most ports of the range are for whoever comes next: a small range is shared by turns.
bool PassivePorts::has_room() {
    const std::scoped_lock lock(mutex_);
    return ports_.size() * 4 <= range_.count();
}

Result<std::unique_ptr<PassivePorts::Claim>> PassivePorts::claim_at(base::Loop& loop,
                                                                    const net::Endpoint& local,
                                                                    const std::string& client) {
    TRY(auto acceptor, network_.accept_on(loop, local));
    const Key key(local.address, local.port);
    auto port = std::make_shared<Port>(key, loop, std::move(acceptor));
    ports_.insert_or_assign(key, port);
    auto claim = make_claim(port, client);
    port->accepting = true;
    base::spawn(accept_for_all(port), [](const std::exception_ptr& thrown) {
        if (thrown) {
            std::rethrow_exception(thrown);
        }
    });
    return claim;
}

std::unique_ptr<PassivePorts::Claim> PassivePorts::make_claim(std::shared_ptr<Port> port,
                                                              const std::string& client) {
    Port& place = *port;
    auto claim = std::make_unique<Claim>(*this, std::move(port), client);
    place.claims.insert_or_assign(client, claim.get());
    return claim;
}

void PassivePorts::give_back(const Claim& claim) {
    const std::scoped_lock lock(mutex_);
    Port& port = *claim.port_;
    port.claims.erase(claim.client_);
    if (!port.claims.empty()) {
        return;
    }
    // Unless it stopped listening by itself, and another loop has the number by now.
    const auto found = ports_.find(port.key);
    if (found != ports_.end() && found->second == claim.port_) {
        ports_.erase(found);
    }
    port.acceptor->close();
}

// Runs as long as the port listens, and keeps it.
Task<> PassivePorts::accept_for_all(std::shared_ptr<Port> port) {
    while (true) {
        auto stream = co_await port->acceptor->accept(base::SteadyTime::max());
        if (!stream) {
            break;
        }
        hand_over(*port, std::move(*stream));
    }
    port->accepting = false;
    for (const auto& [client, claim] : port->claims) {
        claim->arrived_.post();
    }
}

void PassivePorts::hand_over(Port& port, std::unique_ptr<net::Stream> stream) {
    auto found = port.claims.find(stream->peer().address);
    found = found == port.claims.end() ? port.claims.find("") : found;
    if (found == port.claims.end() || !found->second->expecting_ || found->second->stream_) {
        port.probed = true;
        return stream->abort();
    }
    found->second->stream_ = std::move(stream);
    found->second->arrived_.post();
}

}  // namespace ftp
