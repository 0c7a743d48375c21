// A stopped server's store, opened by the command line to administer it.
#pragma once

#include <memory>
#include <optional>

#include "account/authenticator.h"
#include "app/administration.h"
#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/random.h"
#include "files/files.h"
#include "store/store.h"

namespace app {

class OfflineStore {
  public:
    // kInUse: a server, or another command, has it open. Started as root, the process becomes
    // `config.user` first: files of root's would lock the server out.
    [[nodiscard]] static base::Result<std::unique_ptr<OfflineStore>> open(const Config& config);

    [[nodiscard]] AdminReply run(const AdminRequest& request);

    [[nodiscard]] Administration administration();

    // Behind a restore, on a store alone: mail::renew_ids() for every account.
    [[nodiscard]] static base::Result<> renew_mail_ids(const Config& config);

  private:
    explicit OfflineStore(const Config& config);

    [[nodiscard]] base::Result<> open_store(const Config& config);
    [[nodiscard]] base::Result<> open_data(const Config& config);

    base::SystemClock clock_;
    base::SystemRandom random_;
    std::unique_ptr<base::Log> log_;
    base::Pool pool_;
    account::AuthenticatorOptions options_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<files::Files> files_;
    std::optional<mail::Mailboxes> mailboxes_;
};

}  // namespace app
