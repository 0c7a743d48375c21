#include "app/offline.h"

#include <utility>

#include "app/process.h"
#include "app/removal.h"
#include "app/server.h"
#include "app/service_options.h"
#include "mail/message_store.h"
#include "store/disk_store.h"

namespace app {
namespace {

constexpr unsigned kPoolThreads = 2;
constexpr std::size_t kPoolQueueMax = 1000;

// A command's standard error is for its own sentence; the store speaks up only when something is wrong.
LogConfig quiet() {
    LogConfig log;
    log.level = base::LogLevel::kWarning;
    return log;
}

}  // namespace

OfflineStore::OfflineStore(const Config& config)
    : log_(make_log(quiet(), clock_)),
      pool_(kPoolThreads, kPoolQueueMax),
      options_(authenticator_options(config)) {}

base::Result<std::unique_ptr<OfflineStore>> OfflineStore::open(const Config& config) {
    TRY_VOID(make_data_directory(config.data, config.user));
    TRY_VOID(become_user(config.user));
    std::unique_ptr<OfflineStore> offline(new OfflineStore(config));
    const auto opened = offline->open_data(config);
    if (!opened) {
        return tl::unexpected(cannot_open_data(opened.error(), config));
    }
    offline->mailboxes_.emplace(*offline->store_, offline->clock_, offline->pool_);
    TRY_VOID(finish_removals(*offline->store_, offline->files_.get()));
    return offline;
}

base::Result<> OfflineStore::open_store(const Config& config) {
    TRY_VOID(expect_no_half_restore(config));
    TRY(store_,
        store::open_store({.directory = store_directory(config),
                           .pool = pool_,
                           .log = *log_,
                           .reserve_octets = config.limits.disk_reserve_octets}));
    return {};
}

base::Result<> OfflineStore::open_data(const Config& config) {
    TRY_VOID(open_store(config));
    TRY(files_, files::Files::start(files_options(config), *store_, pool_, clock_, random_));
    return {};
}

base::Result<> OfflineStore::renew_mail_ids(const Config& config) {
    OfflineStore offline(config);
    TRY_VOID(offline.open_store(config));
    const auto snapshot = offline.store_->snapshot();
    TRY(const std::vector<std::string> domains, account::list_domains(*snapshot));
    for (const std::string& domain : domains) {
        TRY(const auto accounts, account::list_accounts(*snapshot, domain));
        for (const account::Account& account : accounts) {
            TRY_VOID(offline.store_->change_and_wait([&](store::Transaction& change) {
                return mail::renew_ids(change, account.id, offline.clock_.now());
            }));
        }
    }
    return {};
}

AdminReply OfflineStore::run(const AdminRequest& request) {
    return administration().run(request);
}

Administration OfflineStore::administration() {
    return {*store_, files_.get(), *mailboxes_, clock_, random_, options_};
}

}  // namespace app
