#include "app/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "account/authenticator.h"
#include "app/administration.h"
#include "app/control.h"
#include "app/ftp_service.h"
#include "app/index_worker.h"
#include "app/metrics_http.h"
#include "app/peer_watch.h"
#include "app/process.h"
#include "app/relay.h"
#include "app/removal.h"
#include "app/service_options.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/random.h"
#include "files/files.h"
#include "files/trace.h"
#include "imap/server/server.h"
#include "mail/emails.h"
#include "mail/mailboxes.h"
#include "mail/message_store.h"
#include "mail/trace.h"
#include "net/server.h"
#include "net/systemd.h"
#include "net/tls_context.h"
#include "net/unbound_resolver.h"
#include "pop3/server/server.h"
#include "smtp/server/sender_domain.h"
#include "smtp/server/server.h"
#include "store/disk_store.h"
#include "store/forgetful_file_system.h"

namespace app {
namespace {

constexpr std::size_t kPoolQueueMax = 100'000;
constexpr unsigned kAdministrationThreads = 2;
// Many wait for the disk at once, and the file system syncs for all of them together.
constexpr unsigned kFileThreads = 16;
constexpr unsigned kPrivateSocket = 0600;
constexpr std::size_t kTraceEventsAtOnce = 1000;

// The kernel's. tests/crash asks for the one that loses with the process what was not synced, so that
// SIGKILL does what a power cut would.
store::FileSystem* file_system() {
    const char* forget = std::getenv("STAFFETTA_FORGET_UNSYNCED");  // NOLINT(concurrency-mt-unsafe)
    return forget == nullptr ? nullptr : &store::forgetful_file_system();
}

constexpr auto kTraceExpiry = std::chrono::minutes(10);
constexpr auto kEmailCollection = std::chrono::seconds(5);
constexpr auto kCollection = std::chrono::minutes(5);

unsigned thread_count(const Config& config) {
    return config.limits.threads != 0 ? static_cast<unsigned>(config.limits.threads)
                                      : std::max(1U, std::thread::hardware_concurrency());
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

// When something is done again and again.
class Due {
  public:
    explicit Due(base::Duration every) : every_(every) {}

    [[nodiscard]] bool now(base::SteadyTime time) {
        if (time < next_) {
            return false;
        }
        next_ = time + every_;
        return true;
    }

  private:
    base::Duration every_;
    base::SteadyTime next_{};
};

}  // namespace

// In the order in which they need one another; destroyed in reverse, the loops last but for the log.
struct MailServer::Parts {
    Config config;
    base::SystemClock clock;
    base::SystemRandom random;
    base::Metrics metrics;
    std::unique_ptr<base::Log> log;
    std::unique_ptr<net::Server> server;
    base::Pool pool;                        // the store's, for reads that wait for the disk
    std::unique_ptr<base::Pool> hash_pool;  // password hashes, as many at once as there are cores
    std::unique_ptr<base::Pool> file_pool;  // what waits for people's files
    std::unique_ptr<base::Pool> administration_pool;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<files::Files> files;
    std::optional<account::Authenticator> authenticator;
    std::optional<mail::MessageStore> messages;
    std::optional<mail::Mailboxes> mailboxes;
    std::optional<Administration> administration;
    std::unique_ptr<net::Resolver> resolver;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<smtp::Services> smtp;
    std::unique_ptr<pop3::Services> pop3;
    std::unique_ptr<imap::Services> imap;
    std::unique_ptr<FtpService> ftp;
    RefreshMetrics refresh;
    std::shared_ptr<net::TlsContext> tls;
    std::vector<BoundService> bound;
    Due certificate_check{config.tls.check_every};
    Due trace_expiry{kTraceExpiry};
    Due email_collection{kEmailCollection};
    Due collection{kCollection};
    std::atomic<bool> collecting = false;
    std::atomic<bool> expiring = false;
    std::atomic<bool> collecting_emails = false;
    std::unique_ptr<IndexWorker> index_worker;

    explicit Parts(Config given)
        : config(std::move(given)),
          log(make_log(config.log, clock)),
          pool(std::max(4U, 2 * std::thread::hardware_concurrency()), kPoolQueueMax),
          hash_pool(std::make_unique<base::Pool>(thread_count(config), kPoolQueueMax)),
          file_pool(std::make_unique<base::Pool>(kFileThreads, kPoolQueueMax)),
          administration_pool(std::make_unique<base::Pool>(kAdministrationThreads, kPoolQueueMax)) {
    }

    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    // What these still run uses the store, the files and the authenticator.
    ~Parts() {
        index_worker.reset();
        administration_pool.reset();
        file_pool.reset();
        hash_pool.reset();
    }

    [[nodiscard]] base::Result<> listen();
    [[nodiscard]] base::Result<> listen_smtp(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_pop3(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_imap(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_ftp(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_inside();
    [[nodiscard]] base::Result<> listen_on(const std::string& service,
                                           const std::vector<std::string>& addresses,
                                           net::ListenOptions options);
    [[nodiscard]] base::Result<> open_store(const std::string& trace_peer);
    [[nodiscard]] net::Serve serve_smtp(smtp::Port port);
    [[nodiscard]] net::Serve serve_pop3();
    [[nodiscard]] net::Serve serve_imap();
    [[nodiscard]] base::Result<> open_relay();
    void refresh_metrics();
    void end_removals();
    void warn_without_postmaster();
    void collect();
    void expire_traces();
    void collect_emails();
    void build_index();
};

base::Result<> MailServer::Parts::listen_on(const std::string& service,
                                            const std::vector<std::string>& addresses,
                                            net::ListenOptions options) {
    options.service = service;
    for (const std::string& address : addresses) {
        options.address = address;
        TRY(net::Endpoint endpoint, server->listen(options));
        log->info("listening", {{"service", service}, {"address", endpoint.to_string()}});
        bound.push_back({service, std::move(endpoint)});
    }
    return {};
}

net::Serve MailServer::Parts::serve_smtp(smtp::Port port) {
    return [this, options = smtp_options(config, port)](std::unique_ptr<net::Stream> stream) {
        return smtp::serve(std::move(stream), options, *smtp);
    };
}

net::Serve MailServer::Parts::serve_pop3() {
    return [this, options = pop3_options(config)](std::unique_ptr<net::Stream> stream) {
        return pop3::serve(std::move(stream), options, *pop3);
    };
}

net::Serve MailServer::Parts::serve_imap() {
    return [this, options = imap_options(config)](std::unique_ptr<net::Stream> stream) {
        return imap::serve(std::move(stream), options, *imap);
    };
}

base::Result<> MailServer::Parts::listen() {
    net::ListenOptions common;
    common.tls = tls;
    common.handshake_max = config.tls.handshake_timeout;
    for (const std::string& proxy : config.listen.proxies) {
        TRY(const net::AddressBlock block, net::AddressBlock::parse(proxy));
        common.proxies.push_back(block);
    }
    TRY_VOID(listen_smtp(common));
    TRY_VOID(listen_pop3(common));
    TRY_VOID(listen_imap(common));
    TRY_VOID(listen_ftp(common));
    return listen_inside();
}

base::Result<> MailServer::Parts::listen_smtp(net::ListenOptions options) {
    options.refusal = [host = config.hostname](net::Refusal) {
        return fmt::format("421 4.7.0 {} Too many connections, try again later\r\n", host);
    };
    options.serve = serve_smtp(smtp::Port::kRelay);
    TRY_VOID(listen_on("smtp", config.listen.smtp, options));
    options.serve = serve_smtp(smtp::Port::kLmtp);
    TRY_VOID(listen_on("lmtp", config.listen.lmtp, options));
    options.serve = serve_smtp(smtp::Port::kSubmission);
    TRY_VOID(listen_on("submission", config.listen.submission, options));
    options.implicit_tls = true;
    return listen_on("submissions", config.listen.submissions, options);
}

base::Result<> MailServer::Parts::listen_pop3(net::ListenOptions options) {
    options.refusal = [](net::Refusal) {
        return std::string("-ERR [SYS/TEMP] Too many connections, try again later\r\n");
    };
    options.serve = serve_pop3();
    TRY_VOID(listen_on("pop3", config.listen.pop3, options));
    options.implicit_tls = true;
    return listen_on("pop3s", config.listen.pop3s, options);
}

base::Result<> MailServer::Parts::listen_imap(net::ListenOptions options) {
    options.refusal = [](net::Refusal) {
        return std::string("* BYE [UNAVAILABLE] Too many connections, try again later\r\n");
    };
    options.serve = serve_imap();
    TRY_VOID(listen_on("imap", config.listen.imap, options));
    options.implicit_tls = true;
    return listen_on("imaps", config.listen.imaps, options);
}

base::Result<> MailServer::Parts::listen_ftp(net::ListenOptions options) {
    TRY_VOID(check_ftp_networks(config));
    options.refusal = [](net::Refusal) {
        return std::string("421 Too many connections, try again later\r\n");
    };
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return ftp->serve(std::move(stream), false);
    };
    TRY_VOID(listen_on("ftp", config.listen.ftp, options));
    options.implicit_tls = true;
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return ftp->serve(std::move(stream), true);
    };
    return listen_on("ftps", config.listen.ftps, options);
}

// What the administrator alone is to reach.
base::Result<> MailServer::Parts::listen_inside() {
    net::ListenOptions options;
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return serve_metrics(std::move(stream), metrics, refresh);
    };
    TRY_VOID(listen_on("metrics", config.listen.metrics, options));
    options.unix_mode = kPrivateSocket;
    options.serve = [this](std::unique_ptr<net::Stream> stream) {
        return serve_control(std::move(stream), *administration, *administration_pool, *log);
    };
    return listen_on("control", config.listen.control, options);
}

base::Result<> MailServer::Parts::open_store(const std::string& trace_peer) {
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
    pop3.reset(new pop3::Services{.store = *store,
                                  .authenticator = *authenticator,
                                  .messages = *messages,
                                  .clock = clock,
                                  .random = random,
                                  .log = *log,
                                  .metrics = metrics,
                                  .watch = watch});
    TRY_VOID(open_relay());
    TRY(ftp,
        FtpService::open(config,
                         {.authenticator = *authenticator,
                          .files = *files,
                          .clock = clock,
                          .random = random,
                          .log = *log,
                          .metrics = metrics,
                          .tls = tls},
                         watch));
    administration->set_live("ftp who", [this] { return ftp->who(); });
    refresh = [this] { refresh_metrics(); };
    return {};
}

base::Result<> MailServer::Parts::open_relay() {
    if (!config.queue.enabled) {
        return {};
    }
    TRY(relay,
        Relay::open({.store = *store,
                     .resolver = *resolver,
                     .clock = clock,
                     .random = random,
                     .log = *log,
                     .metrics = metrics},
                    config));
    smtp->outgoing = &relay->outgoing();
    administration->on_queue_change(smtp->outgoing->nudge);
    return {};
}

void MailServer::Parts::refresh_metrics() {
    const store::StoreStatistics now = store->statistics();
    const auto set = [this](std::string_view name, std::string_view help, std::uint64_t value) {
        metrics.gauge(name, help).set(static_cast<std::int64_t>(value));
    };
    set("staffetta_store_commits", "Changes committed since start", now.commits);
    set("staffetta_store_changes_waiting", "Changes that wait for theirs", now.changes_waiting);
    set("staffetta_store_groups", "Disk syncs that committed them", now.groups);
    set("staffetta_store_octets_written", "Octets written to the journal", now.octets_written);
    set("staffetta_store_blob_octets_live", "Octets of message data", now.blob_octets_live);
    set("staffetta_store_blob_octets_garbage",
        "Octets that wait for collection",
        now.blob_octets_garbage);
    const auto set_waiting = [this](const char* name, const base::Pool& workers) {
        metrics
            .gauge("staffetta_work_waiting", "Functions that wait for a worker", {{"pool", name}})
            .set(static_cast<std::int64_t>(workers.waiting()));
    };
    set_waiting("disk", pool);
    set_waiting("password", *hash_pool);
    set_waiting("files", *file_pool);
    set_waiting("administration", *administration_pool);
    set("staffetta_sessions", "Open connections", server->sessions());
}

// Accounts whose removal a crash cut short, beside everybody's mail.
void MailServer::Parts::end_removals() {
    administration_pool->submit([this] {
        const auto ended = finish_removals(*store, files.get());
        if (!ended) {
            log->warning(
                "the mail of removed accounts could not be removed; the next start tries again",
                {{"reason", ended.error().text}});
        }
    });
}

void MailServer::Parts::warn_without_postmaster() {
    const auto warning = postmaster_warning(*store->snapshot());
    if (warning && !warning->empty()) {
        log->warning("nobody is postmaster", {{"reason", *warning}});
    }
}

void MailServer::Parts::collect() {
    if (collecting.exchange(true)) {
        return;
    }
    administration_pool->submit([this] {
        const auto freed = store->collect();
        if (!freed) {
            log->warning("collection failed", {{"reason", freed.error().text}});
        } else if (*freed != 0) {
            log->info("collected", {{"octets", *freed}});
        }
        collecting = false;
    });
}

void MailServer::Parts::expire_traces() {
    if (expiring.exchange(true)) {
        return;
    }
    const auto older_than =
        clock.now() - std::chrono::duration_cast<std::chrono::milliseconds>(config.trace_retention);
    administration_pool->submit([this, older_than] {
        std::size_t gone = kTraceEventsAtOnce;
        while (gone == kTraceEventsAtOnce) {
            const auto done =
                store->change_and_wait([&](store::Transaction& change) -> base::Result<> {
                    TRY(const std::size_t of_mail,
                        mail::expire_trace(change, older_than, kTraceEventsAtOnce));
                    TRY(const std::size_t of_files,
                        files::expire_trace(change, older_than, kTraceEventsAtOnce));
                    gone = std::max(of_mail, of_files);
                    return {};
                });
            if (!done) {
                log->warning("trace expiry failed", {{"reason", done.error().text}});
                break;
            }
        }
        expiring = false;
    });
}

void MailServer::Parts::build_index() {
    index_worker = std::make_unique<IndexWorker>(*store, *mailboxes, clock, *log);
    administration->set_index_worker(index_worker.get());
}

// What EXPUNGE and its like leave behind.
void MailServer::Parts::collect_emails() {
    if (collecting_emails.exchange(true)) {
        return;
    }
    administration_pool->submit([this] {
        for (bool done = false; !done;) {
            const auto collected =
                store->change_and_wait([&](store::Transaction& change) -> base::Result<> {
                    TRY(done, mail::collect_emails(change));
                    return {};
                });
            if (!collected) {
                log->warning("collection of removed mail failed",
                             {{"reason", collected.error().text}});
                break;
            }
        }
        collecting_emails = false;
    });
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
    TRY_VOID(become_user(parts->config.user));
    TRY_VOID(parts->open_store(trace_peer));
    return std::unique_ptr<MailServer>(new MailServer(std::move(parts)));
}

void MailServer::start() {
    parts_->warn_without_postmaster();
    parts_->end_removals();
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

void MailServer::reload() {
    net::notify_reloading();
    if (parts_->tls) {
        const auto done = parts_->tls->reload();
        if (done) {
            parts_->log->info("certificates reloaded");
        } else {
            parts_->log->error("certificates not reloaded; the old ones stay",
                               {{"reason", done.error().text}});
        }
    }
    net::notify_ready();
}

void MailServer::keep_house() {
    const auto now = parts_->clock.steady();
    if (parts_->certificate_check.now(now) && parts_->tls && parts_->tls->changed_on_disk()) {
        reload();
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

}  // namespace app
