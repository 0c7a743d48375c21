#include "smtp/client/race.h"

#include <functional>
#include <utility>

#include "base/check.h"

namespace smtp {
namespace {

using base::Result;
using Connected = Result<std::unique_ptr<net::Stream>>;

// What the attempts share with whoever waits for them, and survives them all.
struct Race {
    std::unique_ptr<net::Stream> winner;
    base::Error last = {base::Errc::kInvalid, "there is no address of the source's family"};
    std::size_t running = 0;
    bool over = false;
    std::function<void(bool)> wake;  // whoever waits

    void notify() {
        if (wake) {
            std::exchange(wake, nullptr)(true);
        }
    }
};

base::Task<> attempt(std::shared_ptr<Race> race,
                     net::Network& network,
                     base::Loop& loop,
                     net::ConnectOptions options) {
    auto stream = co_await network.connect(loop, std::move(options));
    --race->running;
    if (!stream) {
        race->last = std::move(stream.error());
    } else if (!race->over && !race->winner) {
        race->winner = std::move(*stream);
    }
    race->notify();
}

bool is_ipv6(const net::Endpoint& endpoint) {
    return endpoint.address.find(':') != std::string::npos;
}

// Until an attempt ended, or `until` came.
base::Task<> wait(Race& race, base::Loop& loop, std::optional<base::SteadyTime> until) {
    base::Handover<bool> handover(loop);
    race.wake = handover.giver();
    const base::Loop::TimerId timer = until ? loop.call_at(*until,
                                                           [give = race.wake, &race] {
                                                               if (race.wake) {
                                                                   race.wake = nullptr;
                                                                   give(false);
                                                               }
                                                           })
                                            : 0;
    co_await handover;
    loop.cancel(timer);
}

}  // namespace

base::Task<Connected> connect_first(net::Network& network, base::Loop& loop, RaceOptions options) {
    auto race = std::make_shared<Race>();
    std::size_t next = 0;
    while (!race->winner && (next < options.peers.size() || race->running != 0)) {
        if (next < options.peers.size()) {
            const net::Endpoint& peer = options.peers[next++];
            if (options.local && is_ipv6(*options.local) != is_ipv6(peer)) {
                continue;
            }
            ++race->running;
            base::spawn(attempt(race,
                                network,
                                loop,
                                {.peer = peer,
                                 .local = options.local,
                                 .deadline = loop.clock().steady() + options.patience}),
                        [](const std::exception_ptr& thrown) { CHECK(!thrown); });
        }
        const bool more = next < options.peers.size();
        const std::size_t running = race->running;
        if (!race->winner && running != 0) {
            co_await wait(
                *race,
                loop,
                more ? std::optional(loop.clock().steady() + options.head_start) : std::nullopt);
        }
    }
    race->over = true;
    if (!race->winner) {
        co_return tl::unexpected<base::Error>(std::move(race->last));
    }
    co_return std::move(race->winner);
}

}  // namespace smtp
