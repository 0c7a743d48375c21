// The parts of the running server and what holds them together. Only server.cc, server_listen.cc and
// housekeeping.cc include this.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/authenticator.h"
#include "app/administration.h"
#include "app/config.h"
#include "app/current.h"
#include "app/ftp_service.h"
#include "app/index_worker.h"
#include "app/metrics_http.h"
#include "app/relay.h"
#include "app/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/random.h"
#include "files/files.h"
#include "imap/server/server.h"
#include "mail/mailboxes.h"
#include "mail/message_store.h"
#include "net/resolver.h"
#include "net/server.h"
#include "net/tls_context.h"
#include "pop3/server/server.h"
#include "smtp/server/server.h"
#include "store/store.h"

namespace app {

// When something is done again and again; not at once, for a start has its hands full with the clients that
// come back.
class Due {
  public:
    explicit Due(base::Duration every) : every_(every) {}

    [[nodiscard]] bool now(base::SteadyTime time) {
        if (next_ == base::SteadyTime{}) {
            next_ = time + every_;
        }
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

constexpr auto kTraceExpiry = std::chrono::minutes(10);
constexpr auto kEmailCollection = std::chrono::seconds(5);
constexpr auto kCollection = std::chrono::minutes(5);

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
    std::array<Current<smtp::ServerOptions>, 3> smtp_settings;  // by smtp::Port
    Due certificate_check{config.tls.check_every};
    Due trace_expiry{kTraceExpiry};
    Due email_collection{kEmailCollection};
    Due collection{kCollection};
    std::atomic<bool> collecting = false;
    std::atomic<bool> expiring = false;
    std::atomic<bool> collecting_emails = false;
    std::unique_ptr<IndexWorker> index_worker;

    explicit Parts(Config given);
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    ~Parts();

    // server_listen.cc: binds every port.
    [[nodiscard]] base::Result<> listen();
    void set_smtp_settings(const smtp::RelayDomains& relay_domains);
    [[nodiscard]] net::Serve serve_smtp(smtp::Port port);
    [[nodiscard]] net::Serve serve_pop3();
    [[nodiscard]] net::Serve serve_imap();
    [[nodiscard]] base::Result<> listen_smtp(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_pop3(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_imap(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_ftp(net::ListenOptions options);
    [[nodiscard]] base::Result<> listen_inside();
    [[nodiscard]] base::Result<> listen_on(const std::string& service,
                                           const std::vector<std::string>& addresses,
                                           net::ListenOptions options);

    [[nodiscard]] base::Result<> become_user();

    // server.cc: everything behind the ports.
    [[nodiscard]] base::Result<> open_store(const std::string& trace_peer);
    [[nodiscard]] base::Result<> open_relay(const PeerWatch& watch);
    void reload_certificates();
    // Of the configuration what the queue and SMTP can take while they run.
    [[nodiscard]] base::Result<> reload_settings();

    // housekeeping.cc: what is done beside the sessions, a little at a time.
    void refresh_metrics();
    void end_removals();
    void count_files();
    void reopen_transfer_log();
    void warn_without_postmaster();
    void warn_of_files_out_of_reach();
    void collect();
    void expire_traces();
    void collect_emails();
    void build_index();
    void give_memory_back();
};

}  // namespace app
