#include "app/relay.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "account/directory.h"
#include "account/list_bounces.h"
#include "app/files.h"
#include "app/own_addresses.h"
#include "base/check.h"
#include "mail/message_store.h"
#include "mail/trace.h"
#include "net/tls_client_context.h"
#include "queue/inside.h"
#include "queue/manage.h"

namespace app {
namespace {

using base::Result;

constexpr std::string_view kPostmaster = "postmaster";
constexpr std::size_t kSrsKeyCharacters = 52;  // of five bits

// Where a notice goes: postmaster is whoever administers, and an address that stands for the sender of a
// forwarded message is that sender.
Result<account::Resolution> find_recipients(store::Transaction& change,
                                            const std::string& to,
                                            const account::Srs* srs,
                                            base::WallTime now) {
    if (to == kPostmaster) {
        return account::resolve(change, account::Address{.local = to, .domain = {}});
    }
    TRY(account::Address address, account::parse_address(to));
    if (srs != nullptr && account::Srs::is_rewritten(address)) {
        if (auto sender = srs->reverse(address, now)) {
            address = std::move(*sender);
        }
    }
    auto resolution = account::resolve(change, address);
    if (!resolution && resolution.error().code == base::Errc::kUnsupported) {
        return account::Resolution{.local = {}, .remote = {address}, .lists = {}};
    }
    return resolution;
}

queue::NewMessage notice_message(const queue::PlannedNotice& notice) {
    return {.blob = notice.blob,
            .queue_id = notice.queue_id,
            .sender = {},
            .envelope_id = {},
            .message_id = {},
            .recipients = {},
            .release = {},
            .double_bounce = notice.double_bounce};
}

// A notice is a message like any other, with an empty reverse-path. Quotas do not keep it away: who sent
// more than fits must still learn what became of it.
Result<> deliver_notice(store::Transaction& change,
                        const queue::PlannedNotice& notice,
                        const smtp::Outgoing& outgoing,
                        base::WallTime now) {
    if (const auto address = account::parse_address(notice.to)) {
        TRY(const auto list, account::find_bounced_list(change, *address));
        if (list) {
            queue::NewMessage message = notice_message(notice);
            message.recipients.push_back({.address = *address,
                                          .original = {},
                                          .notify = 0,
                                          .destination = queue::bounces_destination(*list)});
            return queue::enqueue(change, message, outgoing.route, outgoing.lifetimes, now);
        }
    }
    TRY(account::Resolution recipients,
        find_recipients(change, notice.to, outgoing.srs.get(), now));
    if (recipients.local.empty() && recipients.remote.empty()) {
        return base::fail(base::Errc::kNotFound, "a list takes no notices");
    }
    for (account::LocalRecipient& local : recipients.local) {
        local.forget_quotas();
    }
    mail::Delivery delivery{
        .blob = notice.blob,
        .queue_id = notice.queue_id,
        .message_id = {},
        .return_path = {},
        .recipients = std::move(recipients.local),
        .accepted = {
            .time = now, .kind = "accepted", .session = {}, .text = "a notice of this server"}};
    TRY_VOID(mail::deliver_into(change, delivery, now));
    if (recipients.remote.empty()) {
        return {};
    }
    queue::NewMessage message = notice_message(notice);
    for (const account::Address& address : recipients.remote) {
        // Whatever NOTIFY says by default: with an empty sender only postmaster can be told of its end.
        message.recipients.push_back({.address = address, .original = {}, .notify = 0});
    }
    return queue::enqueue(change, message, outgoing.route, outgoing.lifetimes, now);
}

queue::SchedulerOptions scheduler_options(const Config& config) {
    const queue::Backoff backoff{config.queue.retry_first, config.queue.retry_longest};
    return {.reporter = {.hostname = config.hostname, .postmaster = {}},
            .connections_max = config.queue.connections,
            .connections_per_destination_max = config.queue.connections_per_destination,
            .recipient_backoff = backoff,
            .destination_backoff = backoff};
}

Result<std::string> read_password_file(const std::string& file) {
    TRY(std::string text, read_small_file(file));
    text.resize(std::min(text.size(), text.find_first_of("\r\n")));
    if (text.empty()) {
        return base::fail(base::Errc::kInvalid,
                          file + " is empty; write the password into its first line");
    }
    return text;
}

smtp::Way::Kind kind_of(Place::Kind kind) {
    switch (kind) {
        case Place::Kind::kMx:
            return smtp::Way::Kind::kMx;
        case Place::Kind::kSmtp:
            return smtp::Way::Kind::kSmtp;
        case Place::Kind::kSmtps:
            return smtp::Way::Kind::kSmtps;
        case Place::Kind::kLmtp:
            return smtp::Way::Kind::kLmtp;
    }
    return smtp::Way::Kind::kMx;
}

smtp::TlsUse tls_use_of(TlsPolicy policy) {
    switch (policy) {
        case TlsPolicy::kNever:
            return smtp::TlsUse::kNever;
        case TlsPolicy::kMay:
            return smtp::TlsUse::kOpportunistic;
        case TlsPolicy::kMust:
            return smtp::TlsUse::kRequired;
        case TlsPolicy::kVerify:
            return smtp::TlsUse::kVerified;
    }
    return smtp::TlsUse::kVerified;
}

Result<std::shared_ptr<const account::Srs>> open_srs(const RelayServices& services) {
    std::string key;
    const std::string drawn = services.random.token(kSrsKeyCharacters);
    TRY_VOID(services.store.change_and_wait([&key, &drawn](store::Transaction& change) -> Result<> {
        TRY(key, account::Srs::load_key(change, drawn));
        return {};
    }));
    return std::make_shared<const account::Srs>(std::move(key));
}

base::Task<> stop_scheduler(queue::Scheduler& scheduler, std::shared_ptr<std::promise<void>> done) {
    co_await scheduler.stop();
    done->set_value();
}

}  // namespace

Relay::Relay(RelayServices services, const Config& config)
    : services_(std::move(services)),
      outgoing_{
          .route = [this](const account::Address& recipient,
                          std::string_view sender) { return route(recipient, sender); },
          .lifetimes = {.longest = config.queue.lifetime,
                        .delay_notice = config.queue.delay_notice},
          .nudge =
              [this](std::vector<std::string> destinations) { nudge(std::move(destinations)); },
          .check_way =
              [this](base::Loop& loop, account::Address recipient, std::string sender) {
                  return check_way(loop, std::move(recipient), std::move(sender));
              }},
      options_(scheduler_options(config)) {}

Relay::~Relay() {
    CHECK(!scheduler_ || stopped_);
}

Result<std::unique_ptr<Relay>> Relay::open(RelayServices services, const Config& config) {
    std::unique_ptr<Relay> relay(new Relay(std::move(services), config));
    TRY(auto ways, read_ways(config));
    relay->ways_.set(std::move(ways));
    if (config.queue.srs) {
        TRY(relay->outgoing_.srs, open_srs(relay->services_));
    }
    TRY_VOID(relay->open_transport(config));
    return relay;
}

Result<std::shared_ptr<const Relay::Ways>> Relay::read_ways(const Config& config) {
    Ways ways{.routes = Routes(config.queue.routes), .passwords = {}};
    for (const RouteConfig& route : config.queue.routes) {
        if (!route.password_file.empty()) {
            TRY(ways.passwords[route.password_file], read_password_file(route.password_file));
        }
    }
    return std::make_shared<const Ways>(std::move(ways));
}

std::string Relay::route(const account::Address& recipient, std::string_view sender) const {
    return ways_.get()->routes.destination(recipient, sender);
}

Result<> Relay::open_transport(const Config& config) {
    const auto mx_port = static_cast<std::uint16_t>(config.queue.mx_port);
    mx_ = {.own_names = {config.hostname},
           .own_addresses = own_addresses(config.listen.smtp, mx_port)};
    TRY(auto tls, net::TlsClientContext::load({.authorities = config.queue.trusted_authorities}));
    transport_ = std::make_unique<smtp::QueueTransport>(
        network_,
        services_.resolver,
        services_.random,
        smtp::QueueTransportOptions{
            .hostname = config.hostname,
            .mx = mx_,
            .mx_port = mx_port,
            .tls_context = std::move(tls),
            .find_way = [this](std::string_view destination) { return find_way(destination); },
            .watch = [this](const net::Endpoint& peer) { return watch(peer); }});
    inside_ = std::make_unique<InsideTransport>(
        InsideServices{.store = services_.store,
                       .clock = services_.clock,
                       .random = services_.random,
                       .outgoing = outgoing_,
                       .deliver_notice = surroundings().deliver_notice},
        *transport_);
    return {};
}

// A conversation that begins here has no session's number.
net::LineStream::Watcher Relay::watch(const net::Endpoint& peer) const {
    return services_.watch ? services_.watch("to-" + services_.random.token(6), peer)
                           : net::LineStream::Watcher();
}

void Relay::reroute() {
    const auto ways = ways_.get();
    const auto ask = [&ways](const queue::Listed& listed) {
        const auto address = account::parse_address(listed.recipient.address);
        return address && Routes::is_route(listed.recipient.destination)
                   ? ways->routes.destination(*address, listed.message.sender)
                   : std::string();
    };
    const auto moved = queue::reroute(services_.store, ask, ways->routes.fingerprint());
    if (!moved) {
        services_.log.error("the queue was not asked for its new routes",
                            {{"reason", moved.error().text}});
    } else if (*moved != 0) {
        services_.log.info("routes changed", {{"recipients_moved", *moved}});
    }
}

std::optional<smtp::Way> Relay::find_way(std::string_view destination) const {
    const auto ways = ways_.get();
    const auto found = ways->routes.find(destination);
    if (!found) {
        return std::nullopt;
    }
    smtp::Way way{.kind = kind_of(found->place.kind),
                  .host = found->place.host,
                  .port = found->place.port,
                  .path = found->place.path,
                  .tls = tls_use_of(found->route.tls)};
    if (!found->route.username.empty()) {
        way.login = account::SaslCredentials{found->route.username,
                                             ways->passwords.at(found->route.password_file)};
    }
    if (!found->route.source.empty()) {
        way.source = net::Endpoint{.address = found->route.source, .port = 0, .path = {}};
    }
    return way;
}

// A route by name leads somewhere as long as it stands; only where the DNS decides there may be nowhere to go.
base::Task<std::optional<smtp::Reply>> Relay::check_way(base::Loop& loop,
                                                        account::Address recipient,
                                                        std::string sender) const {
    const auto way = find_way(route(recipient, sender));
    if (!way || way->kind != smtp::Way::Kind::kMx) {
        co_return std::nullopt;
    }
    co_return co_await smtp::judge_passing_on(
        services_.resolver, loop, services_.random, way->host, mx_);
}

queue::Surroundings Relay::surroundings() const {
    return {.trace =
                [this](store::Transaction& change,
                       std::string_view queue_id,
                       std::string_view message_id,
                       std::string_view kind,
                       std::string_view text) {
                    mail::add_trace(change,
                                    queue_id,
                                    message_id,
                                    {.time = services_.clock.now(),
                                     .kind = std::string(kind),
                                     .session = {},
                                     .text = std::string(text)});
                },
            .deliver_notice =
                [this](store::Transaction& change, const queue::PlannedNotice& notice) {
                    return deliver_notice(change, notice, outgoing_, services_.clock.now());
                }};
}

void Relay::nudge(std::vector<std::string> destinations) {
    if (scheduler_) {
        scheduler_->nudge(std::move(destinations));
    }
}

void Relay::start(base::Loop& loop) {
    loop_ = &loop;
    reroute();
    scheduler_ =
        std::make_unique<queue::Scheduler>(queue::SchedulerServices{.loop = loop,
                                                                    .store = services_.store,
                                                                    .transport = *inside_,
                                                                    .random = services_.random,
                                                                    .log = services_.log,
                                                                    .metrics = services_.metrics,
                                                                    .surroundings = surroundings()},
                                           options_);
    loop.post([this] { scheduler_->start(); });
}

void Relay::stop(base::Duration patience) {
    if (scheduler_ && !std::exchange(stopped_, true)) {
        stop_sending(patience);
    }
}

void Relay::stop_sending(base::Duration patience) {
    auto done = std::make_shared<std::promise<void>>();
    auto stopped = done->get_future();
    loop_->post([this, done = std::move(done)] {
        base::spawn(stop_scheduler(*scheduler_, done), [](const std::exception_ptr&) {});
    });
    if (stopped.wait_for(patience) != std::future_status::ready) {
        loop_->post([this] { transport_->close_all(); });
        stopped.wait();
    }
}

Result<> Relay::reload(const Config& config, base::Duration patience) {
    TRY(auto ways, read_ways(config));
    const bool others = ways->routes.fingerprint() != ways_.get()->routes.fingerprint();
    ways_.set(std::move(ways));
    if (!others || !scheduler_ || stopped_) {
        return {};
    }
    stop_sending(patience);
    // Whoever was queued by the old routes, up to this very moment, is in the store behind this change.
    auto barrier = services_.store.change_and_wait([](store::Transaction&) { return Result<>(); });
    if (barrier) {
        reroute();
    }
    loop_->post([this] { scheduler_->start(); });
    return barrier;
}

}  // namespace app
