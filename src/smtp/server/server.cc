#include "smtp/server/server.h"

#include "base/check.h"
#include "smtp/server/session.h"

namespace smtp {

base::Task<> serve(std::unique_ptr<net::Stream> stream,
                   std::shared_ptr<const ServerOptions> options,
                   Services& services) {
    Session session(*stream, *options, services);
    std::string bug;
    try {
        co_await session.run();
    } catch (const base::CheckFailed& failed) {
        bug = failed.what();
    }
    if (!bug.empty()) {
        co_await session.apologize(bug);
    }
    stream->close();
}

}  // namespace smtp
