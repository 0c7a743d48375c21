#include "app/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "app/peer_watch.h"
#include "app/process.h"
#include "app/server_parts.h"
#include "app/service_options.h"
#include "base/environment.h"
#include "net/systemd.h"
#include "net/unbound_resolver.h"
#include "smtp/server/sender_domain.h"
#include "store/disk_store.h"
#include "store/forgetful_file_system.h"

namespace app {
namespace {

constexpr std::size_t kPoolQueueMax = 100'000;
constexpr auto kReroutePatience = std::chrono::seconds(30);
constexpr unsigned kAdministrationThreads = 2;
// Many wait for the disk at once, and the file system syncs for all of them together.
constexpr unsigned kFileThreads = 16;

// The kernel's. tests/crash asks for the one that loses with the process what was not synced, so that
// SIGKILL does what a power cut would.
store::FileSystem* file_system() {
    const bool forgets = !base::environment("STAFFETTA_FORGET_UNSYNCED").empty();
    return forgets ? &store::forgetful_file_system() : nullptr;
}

base::Result<std::shared_ptr<net::TlsContext>> load_tls(const TlsConfig& config) {
    if (config.certificate.empty()) {
        return std::shared_ptr<net::TlsContext>();
    }
    net::TlsSettings settings;
    settings.certificates.push_back({config.certificate, config.key});
    for (const TlsConfig::Pair& pair : config.more) {
        settings.certificates.push_back({pair.certificate, pair.key});
    }
    settings.client_authorities = config.client_ca;
    return net::TlsContext::load(std::move(settings));
}

base::Result<std::unique_ptr<net::Resolver>> open_resolver(const DnsConfig& config) {
    net::ResolverOptions options;
    options.trust_anchor = config.trust_anchor;
    for (const std::string& server : config.servers) {
        TRY(options.servers.emplace_back(), net::parse_endpoint(server));
    }
    return net::make_resolver(options);
}

unsigned thread_count(const Config& config) {
    return config.limits.threads != 0 ? static_cast<unsigned>(config.limits.threads)
                                      : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

MailServer::Parts::Parts(Config given)
    : config(std::move(given)),
      log(make_log(config.log, clock)),
      pool(std::max(4U, 2 * std::thread::hardware_concurrency()), kPoolQueueMax),
      hash_pool(std::make_unique<base::Pool>(thread_count(config), kPoolQueueMax)),
      file_pool(std::make_unique<base::Pool>(kFileThreads, kPoolQueueMax)),
      administration_pool(std::make_unique<base::Pool>(kAdministrationThreads, kPoolQueueMax)) {}

// What these still run uses the store, the files and the authenticator.
MailServer::Parts::~Parts() {
    index_worker.reset();
    if (files) {
        files->end_check();
    }
    administration_pool.reset();
    file_pool.reset();
    hash_pool.reset();
    // Whoever asked for a mailbox may have gone; what reads it for him needs the store still.
    pool.settle();
}

base::Result<> MailServer::Parts::open_store(const std::string& trace_peer) {
    TRY_VOID(expect_no_half_restore(config));
    TRY(store,
        store::open_store({.directory = store_directory(config),
                           .pool = pool,
                           .log = *log,
                           .reserve_octets = config.limits.disk_reserve_octets,
                           .file_system = file_system()}));
    const auto options = authenticator_options(config);
    authenticator.emplace(*store, clock, random, *hash_pool, options);
    messages.emplace(*store, clock);
    mailboxes.emplace(*store, clock, pool);
    TRY(files, files::Files::start(files_options(config), *store, *file_pool, clock, random));
    administration.emplace(*store, files.get(), *mailboxes, clock, random, options);
    const auto watch = make_peer_watch(trace_peer);
    smtp.reset(new smtp::Services{.store = *store,
                                  .authenticator = *authenticator,
                                  .messages = *messages,
                                  .clock = clock,
                                  .random = random,
                                  .log = *log,
                                  .metrics = metrics,
                                  .watch = watch});
    imap.reset(new imap::Services{.store = *store,
                                  .authenticator = *authenticator,
                                  .mailboxes = *mailboxes,
                                  .clock = clock,
                                  .random = random,
                                  .log = *log,
                                  .metrics = metrics,
                                  .watch = watch});
    TRY(resolver, open_resolver(config.dns));
    if (config.smtp.check_sender_domain) {
        smtp->check_sender_domain = [this](base::Loop& loop, std::string domain) {
            return smtp::look_up_sender_domain(*resolver, loop, std::move(domain));
        };
    }
    smtp->check_client = [this](base::Loop& loop, smtp::Knock knock) {
        return smtp::judge_client(*resolver, loop, config.smtp.client_checks, std::move(knock));
    };
    pop3.reset(new pop3::Services{.store = *store,
                                  .authenticator = *authenticator,
                                  .messages = *messages,
                                  .clock = clock,
                                  .random = random,
                                  .log = *log,
                                  .metrics = metrics,
                                  .watch = watch});
    TRY_VOID(open_relay(watch));
    TRY(ftp,
        FtpService::open(config,
                         {.authenticator = *authenticator,
                          .files = *files,
                          .clock = clock,
                          .random = random,
                          .log = *log,
                          .metrics = metrics,
                          .loops = server->threads(),
                          .resolver = resolver.get(),
                          .tls = tls},
                         watch));
    administration->set_live("ftp who", [this](const AdminRequest& request) {
        return request.options.contains("json") ? ftp->who_as_json() : ftp->who();
    });
    refresh = [this] { refresh_metrics(); };
    return {};
}

base::Result<> MailServer::Parts::open_relay(const PeerWatch& watch) {
    if (!config.queue.enabled) {
        return {};
    }
    TRY(relay,
        Relay::open({.store = *store,
                     .resolver = *resolver,
                     .clock = clock,
                     .random = random,
                     .log = *log,
                     .metrics = metrics,
                     .watch = watch},
                    config));
    smtp->outgoing = &relay->outgoing();
    administration->on_queue_change(smtp->outgoing->nudge);
    return {};
}

MailServer::MailServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

MailServer::~MailServer() {
    stop({});
}

base::Result<std::unique_ptr<MailServer>> MailServer::open(Config config,
                                                           const std::string& trace_peer) {
    raise_descriptor_limit();
    TRY_VOID(make_data_directory(config.data, config.user));
    auto parts = std::make_unique<Parts>(std::move(config));
    TRY(parts->tls, load_tls(parts->config.tls));
    parts->server = std::make_unique<net::Server>(net::ServerOptions{
        .threads = thread_count(parts->config),
        .connections_max = parts->config.limits.connections,
        .connections_per_address_max = parts->config.limits.connections_per_address,
        .log = parts->log.get(),
        .metrics = &parts->metrics});
    parts->server->inherit(net::InheritedSockets::take());
    TRY_VOID(parts->listen());
    TRY_VOID(parts->become_user());
    const auto opened = parts->open_store(trace_peer);
    if (!opened) {
        return tl::unexpected(cannot_open_data(opened.error(), parts->config));
    }
    return std::unique_ptr<MailServer>(new MailServer(std::move(parts)));
}

void MailServer::start() {
    parts_->warn_without_postmaster();
    parts_->warn_of_files_out_of_reach();
    parts_->end_removals();
    parts_->count_files();
    parts_->build_index();
    if (parts_->relay) {
        parts_->relay->start(parts_->server->loop(0));
    }
    parts_->server->start();
    parts_->log->info("ready",
                      {{"hostname", parts_->config.hostname},
                       {"threads", parts_->server->threads()},
                       {"pid", ::getpid()}});
    net::notify_ready();
}

void MailServer::Parts::reload_certificates() {
    const auto done = tls->reload();
    if (done) {
        log->info("certificates reloaded");
    } else {
        log->error("certificates not reloaded; the old ones stay", {{"reason", done.error().text}});
    }
}

void MailServer::Parts::reopen_transfer_log() {
    const auto done = ftp->reopen_transfer_log(config.ftp.transfer_log);
    if (!done) {
        log->error("the transfer log is not reopened; the old file goes on",
                   {{"reason", done.error().text}});
    }
}

base::Result<> MailServer::Parts::reload_settings() {
    TRY(Config fresh, read_config(config.file));
    TRY(const smtp::RelayDomains domains, relay_domains(fresh.queue));
    if (relay) {
        TRY_VOID(relay->reload(fresh, kReroutePatience));
    }
    config.queue.relay_networks = std::move(fresh.queue.relay_networks);
    config.queue.complete_messages = fresh.queue.complete_messages;
    config.queue.complete_domain = std::move(fresh.queue.complete_domain);
    config.rewrites = std::move(fresh.rewrites);
    set_smtp_settings(domains);
    return {};
}

void MailServer::reload() {
    net::notify_reloading();
    if (parts_->tls) {
        parts_->reload_certificates();
    }
    parts_->reopen_transfer_log();
    const auto done = parts_->reload_settings();
    if (done) {
        parts_->log->info("routes and relay settings reloaded");
    } else {
        parts_->log->error("routes and relay settings not reloaded; the old ones stay",
                           {{"reason", done.error().text}});
    }
    net::notify_ready();
}

void MailServer::keep_house() {
    const auto now = parts_->clock.steady();
    if (parts_->certificate_check.now(now) && parts_->tls && parts_->tls->changed_on_disk()) {
        parts_->reload_certificates();
    }
    if (parts_->trace_expiry.now(now)) {
        parts_->expire_traces();
    }
    if (parts_->email_collection.now(now)) {
        parts_->collect_emails();
    }
    if (parts_->collection.now(now)) {
        parts_->collect();
    }
    parts_->give_memory_back();
}

void MailServer::stop(base::Duration patience) {
    if (parts_->relay) {
        parts_->relay->stop(patience);
    }
    if (parts_->server) {
        const std::size_t closed = parts_->server->stop(patience);
        if (closed != 0) {
            parts_->log->warning("sessions closed", {{"count", closed}});
        }
    }
}

const std::vector<BoundService>& MailServer::services() const {
    return parts_->bound;
}

base::Log& MailServer::log() {
    return *parts_->log;
}

std::unique_ptr<base::Log> make_log(const LogConfig& config, const base::Clock& clock) {
    // One write a line: lines of several processes on one pipe stay whole.
    auto sink = [](std::string_view line) {
        static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
    };
    return std::make_unique<base::Log>(clock, sink, config.format, config.level);
}

std::string store_directory(const Config& config) {
    return (std::filesystem::path(config.data) / "store").string();
}

std::string restore_directory(const Config& config) {
    return (std::filesystem::path(config.data) / "restoring").string();
}

base::Result<> expect_no_half_restore(const Config& config) {
    std::error_code failed;
    if (std::filesystem::exists(restore_directory(config), failed) &&
        !std::filesystem::exists(store_directory(config), failed)) {
        return base::fail(
            base::Errc::kUnavailable,
            restore_directory(config) +
                " is of a restore that ended early; say it again, or remove that folder "
                "to begin with an empty store");
    }
    return {};
}

base::Error cannot_open_data(base::Error reason, const Config& config) {
    reason = with_owner(std::move(reason), store_directory(config), config.data);
    return with_owner(std::move(reason), config.files.root, config.files.root);
}

}  // namespace app
