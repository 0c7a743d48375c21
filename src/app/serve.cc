#include <utility>

#include "app/commands.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/process.h"
#include "app/run.h"
#include "app/server.h"
#include "net/systemd.h"

namespace app {
namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr auto kPatience = std::chrono::seconds(30);

}  // namespace

int exit_status_at_start(base::Errc code) {
    switch (code) {
        case base::Errc::kInUse:
            return kExitUnavailable;
        case base::Errc::kInvalid:
        case base::Errc::kSyntax:
        case base::Errc::kNotFound:
            return kExitConfig;
        default:
            return exit_status(code);
    }
}

void run_until_signal(MailServer& server) {
    while (true) {
        const auto number = wait_for_signal(kTick);
        if (!number) {
            server.keep_house();
        } else if (*number == SIGHUP) {
            server.reload();
        } else {
            server.log().info("stopping", {{"signal", *number}});
            net::notify_stopping();
            server.stop(kPatience);
            server.log().info("stopped");
            return;
        }
    }
}

int serve_command(const ServeOptions& options) {
    auto config = read_config(options.config);
    if (!config) {
        return report(config.error(), kExitConfig);
    }
    hold_signals();
    auto server = MailServer::open(std::move(*config), options.trace_peer);
    if (!server) {
        return report(server.error(), exit_status_at_start(server.error().code));
    }
    (*server)->start();
    run_until_signal(**server);
    return kExitOk;
}

}  // namespace app
