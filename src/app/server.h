// app::MailServer: every part of the running server, wired together from a configuration.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "net/stream.h"

namespace app {

// A socket that the server listens on.
struct BoundService {
    std::string service;  // its key in [listen]
    net::Endpoint endpoint;
};

class MailServer {
  public:
    // Binds the ports, gives up root, opens the store. `trace_peer` is the address whose dialogues are
    // printed, or empty. Errors are sentences for whoever started us.
    [[nodiscard]] static base::Result<std::unique_ptr<MailServer>> open(
        Config config, const std::string& trace_peer);
    MailServer(const MailServer&) = delete;
    MailServer& operator=(const MailServer&) = delete;
    ~MailServer();

    // Begins to accept.
    void start();
    // Reads certificates and keys again, and of the configuration the routes, who may relay, and what is rewritten;
    // on a fault the old ones stay.
    void reload();
    // Work that is due, a little of it: call it every second or so.
    void keep_house();
    // Accepts nothing more, lets every session finish what is in flight, closes what is left after
    // `patience`. Idempotent.
    void stop(base::Duration patience);

    [[nodiscard]] const std::vector<BoundService>& services() const;
    [[nodiscard]] base::Log& log();

  private:
    struct Parts;

    explicit MailServer(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

// The log on standard error, as `config` wants it.
[[nodiscard]] std::unique_ptr<base::Log> make_log(const LogConfig& config,
                                                  const base::Clock& clock);

// Where the store lives below the data folder.
[[nodiscard]] std::string store_directory(const Config& config);

// Where a restore makes it before it gets its place; left behind by one that ended early.
[[nodiscard]] std::string restore_directory(const Config& config);

// kUnavailable where a restore ended early: what it was to bring back must not be missed by a new store.
[[nodiscard]] base::Result<> expect_no_half_restore(const Config& config);

// Why the store, or people's files, cannot be opened: with_owner() of both.
[[nodiscard]] base::Error cannot_open_data(base::Error reason, const Config& config);

}  // namespace app
